/**
 * `calybris decide`: prints one decision without journaling it.
 * @module
 */
import { type ClientRequest, loadPolicy } from "@calybris/engine";
import { membersOf, readJsonFile, resolveRequest, SCHEMA_KEY, snapshotIndex } from "@calybris/engine/internal";
import { bounded, boundsOf, breachOfDecision, breachOfRequest, explain, type PolicySnapshot } from "@calybris/kernel";
import { Command } from "commander";
import { explainTable, explanationRows } from "./explain-table.ts";
import { jsonText } from "../terminal/json-text.ts";
import { fastestKernel } from "./kernels.ts";
import { dollars } from "../terminal/money-text.ts";
import type { Terminal } from "../terminal/terminal.ts";

interface DecideOptions {
  readonly policy: string;
  readonly request: string;
  readonly explain?: boolean;
  readonly json?: boolean;
}

export function decideCommand(terminal: Terminal): Command {
  return new Command("decide")
    .description("decide one request, without a journal")
    .requiredOption("--policy <file>", "policy file")
    .requiredOption("--request <file>", "the request as JSON; - is standard input")
    .option("--explain", "print a row per candidate: the gate that refused it, or its utility")
    .option("--json", "print JSON")
    .action((options: DecideOptions) => decide(options, terminal));
}

async function decide(options: DecideOptions, terminal: Terminal): Promise<void> {
  const snapshot = await loadPolicy(options.policy);
  const client = await readRequestFile(options.request);
  const { request: sent, useCase, defaulted } = resolveRequest(snapshotIndex(snapshot), client, 1n);
  const request = bounded(snapshot, sent, boundsOf(snapshot, sent), defaulted.includes("floor"));
  const decision = fastestKernel(snapshot.policy).prescribe(request);
  const governance = breachOfRequest(request) ?? breachOfDecision(request, decision);
  const explanation = explain(snapshot.policy, request);
  const selected = nameOf(snapshot, decision.selectedIndex);
  if (options.json === true) {
    const rows = options.explain === true ? explanationRows(snapshot, explanation) : undefined;
    terminal.print(jsonText({ useCase, defaulted, request, decision, selected, governance, rows }));
    return;
  }
  terminal.print(`${decision.action}${selected === undefined ? "" : ` ${selected}`} (${decision.reason})`);
  if (selected !== undefined)
    terminal.print(`cost $${dollars(decision.costMicrocents)}, utility $${dollars(decision.utilityMicrocents)}`);
  terminal.print(`${decision.eligibleCount} of ${decision.evaluatedCount} candidates eligible; use case ${useCase}`);
  if (defaulted.length > 0) terminal.print(`from the policy: ${defaulted.join(", ")}`);
  if (governance !== undefined) terminal.print(`governance forbids it: ${governance}`);
  if (options.explain === true) terminal.print(explainTable(snapshot, explanation));
}

/** Removes `$schema`, which a file may have for editors. */
async function readRequestFile(file: string): Promise<ClientRequest> {
  const { value } = await readJsonFile(file);
  if (membersOf(value) !== value) return value as unknown as ClientRequest;
  const { [SCHEMA_KEY]: _schema, ...request } = value as { readonly [key: string]: unknown };
  return request as unknown as ClientRequest;
}

function nameOf(snapshot: PolicySnapshot, index: number): string | undefined {
  return snapshot.candidateNames[index];
}
