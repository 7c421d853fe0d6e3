/**
 * `calybris decide`: one decision, printed and not journaled.
 * @module
 */
import { type ClientRequest, loadPolicy, readJsonFile, resolveRequest } from "@calybris/engine";
import { breachOfDecision, breachOfRequest, explain, type PolicySnapshot, writeExact } from "@calybris/kernel";
import { Command } from "commander";
import { dollars, explainTable } from "./explain-table.ts";
import { fastestKernel } from "./kernels.ts";

interface DecideOptions {
  readonly policy: string;
  readonly request: string;
  readonly explain?: boolean;
  readonly json?: boolean;
}

export function decideCommand(): Command {
  return new Command("decide")
    .description("decide one request, without a journal")
    .requiredOption("--policy <file>", "the policy")
    .requiredOption("--request <file>", "the request as JSON; - is standard input")
    .option("--explain", "one row per candidate: which gate refused it, or what it would be worth")
    .option("--json", "print JSON")
    .action(decide);
}

async function decide(options: DecideOptions): Promise<void> {
  const snapshot = await loadPolicy(options.policy);
  const { value } = await readJsonFile(options.request);
  const { request, useCase, defaulted } = resolveRequest(snapshot, value as unknown as ClientRequest, 1n);
  const decision = fastestKernel(snapshot.policy).prescribe(request);
  const governance = breachOfRequest(request) ?? breachOfDecision(request, decision);
  const explanation = explain(snapshot.policy, request);
  if (options.json === true) {
    const rows =
      options.explain === true ? explanation.rows.map((row) => ({ ...row, candidate: row.candidate.id })) : undefined;
    const selected = nameOf(snapshot, decision.selectedIndex);
    console.log(writeExact({ useCase, defaulted, request, decision, selected, governance, rows }));
    return;
  }
  const selected = nameOf(snapshot, decision.selectedIndex);
  console.log(`${decision.action}${selected === undefined ? "" : ` ${selected}`} (${decision.reason})`);
  if (selected !== undefined)
    console.log(`cost $${dollars(decision.costMicrocents)}, utility $${dollars(decision.utilityMicrocents)}`);
  console.log(`${decision.eligibleCount} of ${decision.evaluatedCount} candidates eligible; use case ${useCase}`);
  if (defaulted.length > 0) console.log(`from the policy: ${defaulted.join(", ")}`);
  if (governance !== undefined) console.log(`governance forbids it: ${governance}`);
  if (options.explain === true) console.log(explainTable(snapshot, explanation));
}

function nameOf(snapshot: PolicySnapshot, index: number): string | undefined {
  return snapshot.candidateNames[index];
}
