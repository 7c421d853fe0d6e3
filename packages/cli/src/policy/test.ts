/**
 * `calybris policy test`: runs a policy's test cases, which are in its folder: requests with their expected answers.
 *
 * Each case is decided by a separate engine with an empty journal, without learning, so an answer depends only on the policy
 * and the request. Learning moves floors and tiers within the limits of the policy.
 * @module
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, extname, join, basename } from "node:path";
import { type ClientRequest, Engine, loadPolicy } from "@calybris/engine";
import {
  type ExpectedDecision,
  type PolicyCase,
  parsePolicyCases,
  readJsonFile,
  writeInThisThread,
} from "@calybris/engine/internal";
import type { PolicySnapshot } from "@calybris/kernel";
import { Command } from "commander";
import { jsonText } from "../terminal/json-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";

/** The result of a case: expected and found, member by member. */
interface CaseResult {
  readonly name: string;
  readonly passed: boolean;
  readonly failures: readonly { readonly member: string; readonly expected: string; readonly found: string }[];
}

const HELP = `
The cases of calybris.policy.jsonc are in calybris.policy.cases.jsonc, or .json, beside it.

  { "cases": [ { "name": "short questions take the cheap one",
                 "request": { "inputTokens": 300, "requested": "gpt-5.1" },
                 "expect": { "action": "substitute", "selected": "gpt-5-mini", "costMaxMicrocents": 100000 } } ] }

\`expect\` has at least one of action, selected, reason, costMicrocents, costMaxMicrocents, error (a code).
Exit code: 0 where every case holds, 1 where one does not.`;

export function policyTestCommand(terminal: Terminal): Command {
  return new Command("test")
    .description("check a policy against its test cases")
    .argument("<file>", "the policy")
    .option("--cases <file>", "file of the test cases (default: beside the policy)")
    .option("--json", "print JSON")
    .addHelpText("after", HELP)
    .action((file: string, options: { readonly cases?: string; readonly json?: true }) =>
      test(file, options.cases ?? casesBeside(file), options.json === true, terminal),
    );
}

function casesBeside(policyFile: string): string {
  const stem = join(dirname(policyFile), basename(policyFile, extname(policyFile)));
  const json = `${stem}.cases.json`;
  return existsSync(json) ? json : `${stem}.cases.jsonc`;
}

async function test(policyFile: string, casesFile: string, isJson: boolean, terminal: Terminal): Promise<void> {
  const policy = await loadPolicy(policyFile);
  const { value, lineOf } = await readJsonFile(casesFile);
  const results = await resultsOf(policy, parsePolicyCases(value, lineOf, casesFile));
  const failed = results.filter(({ passed }) => !passed);
  if (isJson) terminal.print(jsonText({ policy: policy.name, cases: casesFile, passed: failed.length === 0, results }));
  else terminal.print(resultText(results, failed));
  if (failed.length > 0) terminal.exitCode = 1;
}

async function resultsOf(policy: PolicySnapshot, cases: readonly PolicyCase[]): Promise<readonly CaseResult[]> {
  const directory = mkdtempSync(join(tmpdir(), "calybris-policy-test-"));
  const { learning: _learning, ...withoutLearning } = policy;
  try {
    const engine = await Engine.open({
      ...{ directory, policy: withoutLearning, waitingMax: cases.length + 1 },
      driver: writeInThisThread,
    });
    try {
      const answers = await engine.decideMany(cases.map(({ request }, index) => alone(request, index)));
      return answers.map((answer, index) => {
        const { name, expect } = cases[index] as PolicyCase;
        const found: Found =
          "refused" in answer
            ? { error: answer.refused.code }
            : {
                action: answer.decided.decision.action,
                selected: policy.candidateNames[answer.decided.decision.selectedIndex],
                reason: answer.decided.decision.reason,
                costMicrocents: answer.decided.decision.costMicrocents,
              };
        const failures = failuresOf(expect, found);
        return { name, passed: failures.length === 0, failures };
      });
    } finally {
      await engine.close();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The request with a unique ID, so that every case is decided, and without members that only learning reads. */
function alone(request: ClientRequest, index: number): ClientRequest {
  const { features: _features, textScore: _score, ...rest } = request;
  return { ...rest, requestId: `case ${index + 1}` };
}

/** The members of an answer that are compared. */
interface Found {
  readonly action?: string;
  readonly selected?: string | undefined;
  readonly reason?: string;
  readonly costMicrocents?: bigint;
  readonly error?: string;
}

function failuresOf(expect: ExpectedDecision, found: Found): CaseResult["failures"] {
  const failures: { member: string; expected: string; found: string }[] = [];
  const { costMaxMicrocents, ...exact } = expect;
  for (const [member, expected] of Object.entries(exact)) {
    const value = found[member as keyof Found];
    if (value !== expected)
      failures.push({ member, expected: String(expected), found: String(value ?? summaryOf(found)) });
  }
  if (costMaxMicrocents !== undefined && !((found.costMicrocents ?? costMaxMicrocents + 1n) <= costMaxMicrocents)) {
    const cost = String(found.costMicrocents ?? summaryOf(found));
    failures.push({ member: "costMaxMicrocents", expected: `at most ${costMaxMicrocents}`, found: cost });
  }
  return failures;
}

/** Shown in place of a member that the answer lacks. */
function summaryOf({ action, reason, error }: Found): string {
  return error ?? `${action} (${reason})`;
}

function resultText(results: readonly CaseResult[], failed: readonly CaseResult[]): string {
  const lines = failed.flatMap(({ name, failures }) => [
    `FAILED ${name}`,
    ...failures.map(({ member, expected, found }) => `  ${member}: expected ${expected}, got ${found}`),
  ]);
  lines.push(`${results.length - failed.length} of ${results.length} cases hold`);
  return lines.map(printable).join("\n");
}
