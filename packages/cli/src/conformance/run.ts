/**
 * Runs a vector document through every kernel. Compares decisions and, if the vector has them, refusal counts, the utility
 * of the requested candidate, digests and chain hashes.
 * @module
 */
import {
  type Decision,
  decisionDigests,
  firstRefusal,
  type GateName,
  GENESIS_HASH,
  InvariantViolation,
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
import { KERNELS } from "../decide/kernels.ts";
import { decisionFields, expectedField, integerOf, readPolicy, readRequest, type VectorReader } from "./vectors.ts";

/** The result of a run. */
export interface ConformanceTally {
  passed: number;
  failed: number;
  firstDifference: string | undefined;
}

/** Runs a document with `cases`, or one with `inputs` and `decisions`. Other members are ignored. */
export function runDocument(reader: VectorReader, where: string, tally: ConformanceTally): void {
  if (reader.has("cases")) runProofDocument(reader, where, tally);
  else if (reader.has("inputs")) runPolicyLine(reader, where, tally);
  else throw reader.malformed('has neither "inputs" nor "cases"');
}

function runPolicyLine(reader: VectorReader, where: string, tally: ConformanceTally): void {
  const policy = readPolicy(reader.object("policy"));
  const inputs = reader.objects("inputs");
  const decisions = reader.objects("decisions");
  if (inputs.length !== decisions.length)
    throw reader.malformed(`has ${inputs.length} inputs and ${decisions.length} decisions`);
  const rejections = reader.has("rejections") ? reader.list("rejections") : undefined;
  const utilities = reader.has("requested_utility") ? reader.list("requested_utility") : undefined;
  const kernels = KERNELS.map(({ name, of }) => ({ name, kernel: of(policy) }));
  for (const [index, input] of inputs.entries()) {
    const request = readRequest(input);
    const at = `${where} input ${index}`;
    const expected = decisions[index] ?? input;
    for (const { name, kernel } of kernels)
      count(
        tally,
        at,
        name,
        decided(() => differences(expected, kernel.prescribe(request))),
      );
    if (rejections !== undefined)
      count(tally, at, "rejections", rejectionDifferences(rejections[index], policy, request));
    if (utilities !== undefined)
      count(tally, at, "requested_utility", utilityDifferences(utilities[index], policy, request));
  }
}

/** An invariant violation counts as a difference, because kernels must be total. */
function decided(compare: () => readonly string[]): readonly string[] {
  try {
    return compare();
  } catch (cause) {
    if (cause instanceof InvariantViolation) return [`expected a decision, found ${cause.message}`];
    throw cause;
  }
}

function count(tally: ConformanceTally, where: string, what: string, differing: readonly string[]): void {
  if (differing.length === 0) tally.passed += 1;
  else {
    tally.failed += 1;
    tally.firstDifference ??= `${where}, ${what}: ${differing.join("; ")}`;
  }
}

/** Compares every field of the vector with the decision. */
function differences(expected: VectorReader, decision: Decision): string[] {
  const fields = Object.entries(decisionFields(decision));
  if (!fields.some(([field]) => expected.has(field))) throw expected.malformed("has a decision without a known field");
  return fields.flatMap(([field, found]) => {
    const given = expected.value(field);
    return given === undefined || expectedField(field, given) === found
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

/** Only for selections: the published core reports zeros for every rejected request. */
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
function runProofDocument(reader: VectorReader, where: string, tally: ConformanceTally): void {
  const policy = readPolicy(reader.object("policy"));
  const digest = policyDigest(policy);
  const equal = (what: string, expected: unknown, found: string): void =>
    count(tally, where, what, expected === found ? [] : [`expected ${String(expected)}, found ${found}`]);
  if (reader.has("policy_digest_hex")) equal("policy_digest_hex", reader.value("policy_digest_hex"), toHex(digest));
  for (const vector of reader.objects("cases")) {
    const request = readRequest(vector.object("input"));
    const label = String(vector.value("label"));
    for (const { name, of } of KERNELS) {
      const decision = of(policy).prescribe(request);
      count(tally, where, `${label} (${name})`, differences(vector, decision));
      const digests = decisionDigests(digest, request, decision);
      if (vector.has("input_digest_hex"))
        equal(`${label} input_digest_hex`, vector.value("input_digest_hex"), toHex(digests.request));
      if (vector.has("decision_digest_hex"))
        equal(`${label} decision_digest_hex (${name})`, vector.value("decision_digest_hex"), toHex(digests.decision));
    }
  }
  if (!reader.has("log")) return;
  const log = reader.object("log");
  const chain = plainChain();
  const payload = (key: string): Uint8Array => log.within(() => toUtf8(writeExact(log.value(key))));
  const first = chain(GENESIS_HASH, payload("payload_1"));
  equal("entry_1_hash", log.value("entry_1_hash"), first);
  equal("entry_2_hash", log.value("entry_2_hash"), chain(first, payload("payload_2")));
}
