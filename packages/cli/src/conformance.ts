/**
 * `calybris conformance`: runs vector files through every kernel, and says where the first difference is.
 * @module
 */
import { linesOf, readFileBytes, readJson } from "@calybris/engine";
import {
  type Decision,
  decisionDigests,
  firstRefusal,
  type GateName,
  GENESIS_HASH,
  type Kernel,
  type Policy,
  plainChain,
  policyDigest,
  prescribe,
  type Request,
  toHex,
  toUtf8,
  utility,
  writeExact,
} from "@calybris/kernel";
import { Command } from "commander";
import { KERNELS } from "./kernels.ts";
import { decisionFields, expectedField, integerOf, readPolicy, readRequest, VectorReader } from "./vectors.ts";

/** How a run went; `firstDifference` of the whole run. */
export interface ConformanceTally {
  passed: number;
  failed: number;
  firstDifference: string | undefined;
}

export function conformanceCommand(): Command {
  return new Command("conformance")
    .description("run vector files through every kernel")
    .argument("<files...>", "JSON or JSON Lines, .gz as well")
    .option("--json", "print JSON")
    .action(async (files: string[], options: { readonly json?: boolean }) => {
      const tally: ConformanceTally = { passed: 0, failed: 0, firstDifference: undefined };
      for (const file of files) await runVectorFile(file, tally);
      const kernels = KERNELS.map(({ name }) => name).join(", ");
      if (options.json === true) console.log(writeExact({ ...tally, kernels }));
      else {
        console.log(`${tally.passed} passed, ${tally.failed} failed (${kernels})`);
        if (tally.firstDifference !== undefined) console.log(`first difference: ${tally.firstDifference}`);
      }
      if (tally.failed > 0) process.exitCode = 1;
    });
}

/** Runs one file: a document with `cases`, or lines with `inputs` and `decisions`. */
export async function runVectorFile(file: string, tally: ConformanceTally): Promise<void> {
  if (/\.json(\.gz)?$/.test(file)) {
    const document = readJson(await readFileBytes(file), file).value;
    const reader = new VectorReader(document, { file, line: 1 });
    if (reader.value("cases") === undefined) runPolicyLine(reader, `${file}:1`, tally);
    else runProofDocument(reader, file, tally);
    return;
  }
  for await (const { line, text } of linesOf(file)) {
    if (text.trim() === "") continue;
    const where = `${file}:${line}`;
    runPolicyLine(new VectorReader(readJson(text, where).value, { file, line }), where, tally);
  }
}

function runPolicyLine(reader: VectorReader, where: string, tally: ConformanceTally): void {
  const policy = readPolicy(reader.object("policy"));
  const inputs = reader.objects("inputs");
  const decisions = reader.objects("decisions");
  if (inputs.length !== decisions.length) throw reader.malformed("has not as many decisions as inputs");
  const rejections = reader.value("rejections") === undefined ? undefined : reader.list("rejections");
  const utilities = reader.value("requested_utility") === undefined ? undefined : reader.list("requested_utility");
  const kernels = KERNELS.map(({ name, of }) => ({ name, kernel: of(policy) }));
  for (const [index, input] of inputs.entries()) {
    const request = readRequest(input);
    const at = `${where} input ${index}`;
    const expected = decisions[index] ?? input;
    for (const { name, kernel } of kernels) count(tally, at, name, differences(expected, kernel.prescribe(request)));
    if (rejections !== undefined)
      count(tally, at, "rejections", rejectionDifferences(rejections[index], policy, request));
    if (utilities !== undefined)
      count(tally, at, "requested_utility", utilityDifferences(utilities[index], policy, request));
  }
}

function count(tally: ConformanceTally, where: string, what: string, differing: readonly string[]): void {
  if (differing.length === 0) tally.passed += 1;
  else {
    tally.failed += 1;
    tally.firstDifference ??= `${where}, ${what}: ${differing.join("; ")}`;
  }
}

/** Every field that the vector gives, against the decision's. */
function differences(expected: VectorReader, decision: Decision): string[] {
  return Object.entries(decisionFields(decision)).flatMap(([field, found]) => {
    const given = expected.value(field);
    return given === undefined || expectedField(given) === found
      ? []
      : [`${field} expected ${String(given)}, found ${found}`];
  });
}

/** The order of the published counts. */
const REJECTION_ORDER: readonly GateName[] = [
  "disabled",
  "quality",
  "risk_ceiling",
  "latency",
  "capability",
  "provider",
  "region",
  "budget",
  "utility",
];

/** For selections only: the original reports zeros for every rejected request. */
function rejectionDifferences(expected: unknown, policy: Policy, request: Request): string[] {
  const { decision, refusals } = prescribe(policy, request);
  if (decision.action === "reject") return [];
  const found = REJECTION_ORDER.map((gate) => String(refusals[gate])).join(",");
  const given = Array.isArray(expected) ? expected.map((item) => String(integerOf(item))).join(",") : "none";
  return given === found ? [] : [`expected ${given}, found ${found}`];
}

function utilityDifferences(expected: unknown, policy: Policy, request: Request): string[] {
  const candidate = policy.candidates.find(({ id }) => id === request.requestedId);
  const limited = request.riskBps >= policy.riskHardLimitBps || request.confidenceBps < policy.confidenceMinBps;
  const eligible = candidate !== undefined && !limited && firstRefusal(policy, request, candidate) === undefined;
  const found = eligible ? utility(policy, request, candidate).utilityMicrocents : null;
  const given = expected === null ? null : integerOf(expected);
  return given === found ? [] : [`expected ${String(given)}, found ${String(found)}`];
}

/** The published document: digests of a policy and of labelled cases, and a log of two entries. */
function runProofDocument(reader: VectorReader, file: string, tally: ConformanceTally): void {
  const policy = readPolicy(reader.object("policy"));
  const digest = policyDigest(policy);
  const equal = (what: string, expected: unknown, found: string): void =>
    count(
      tally,
      file,
      what,
      expected === undefined || expected === found ? [] : [`expected ${String(expected)}, found ${found}`],
    );
  equal("policy_digest_hex", reader.value("policy_digest_hex"), toHex(digest));
  for (const vector of reader.objects("cases")) {
    const request = readRequest(vector.object("input"));
    const label = String(vector.value("label"));
    for (const { name, of } of KERNELS) {
      const kernel: Kernel = of(policy);
      const decision = kernel.prescribe(request);
      count(tally, file, `${label} (${name})`, differences(vector, decision));
      const digests = decisionDigests(digest, request, decision);
      equal(`${label} input_digest_hex`, vector.value("input_digest_hex"), toHex(digests.request));
      equal(`${label} decision_digest_hex (${name})`, vector.value("decision_digest_hex"), toHex(digests.decision));
    }
  }
  if (reader.value("log") === undefined) return;
  const log = reader.object("log");
  const chain = plainChain();
  const first = chain(GENESIS_HASH, toUtf8(writeExact(log.value("payload_1"))));
  equal("entry_1_hash", log.value("entry_1_hash"), first);
  equal("entry_2_hash", log.value("entry_2_hash"), chain(first, toUtf8(writeExact(log.value("payload_2")))));
}
