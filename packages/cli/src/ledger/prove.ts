/**
 * `calybris ledger prove`: computes the conservation proof from the journal alone. A proof over unverified entries would be
 * worthless, so the whole journal is audited first: chain, digests, decisions and money.
 * @module
 */
import type { AuditReport } from "@calybris/audit";
import type { ConservationProof } from "@calybris/kernel";
import { Command } from "commander";
import { jsonText } from "../terminal/json-text.ts";
import { keyFileOption } from "../journal/key-file.ts";
import { journalOption } from "../journal/place.ts";
import { configOption } from "../service/config-file.ts";
import { apiKeyFileOption, type TargetOptions, urlOption } from "../service/target.ts";
import { ledgerTable, reservationsTable, reservationsText } from "./table.ts";
import { count } from "../terminal/number-text.ts";
import { type Verdict, verdictText } from "../terminal/status-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";
import { auditTarget, findingLines } from "../verify/verify.ts";

interface ProveOptions extends TargetOptions {
  readonly json?: true;
}

const HELP = `
May run while an engine has the journal open; unfinished writes are not counted.
Exit code: 0 conserved, 1 not conserved or the journal is broken, 2 usage, 3 something could not be checked.

Example:
  calybris ledger prove --journal journal --json`;

export function ledgerProveCommand(terminal: Terminal): Command {
  return new Command("prove")
    .description("prove from the journal alone that no money was created or lost")
    .addOption(journalOption())
    .addOption(configOption())
    .addOption(urlOption())
    .addOption(apiKeyFileOption())
    .addOption(keyFileOption())
    .option("--json", "print JSON")
    .addHelpText("after", HELP)
    .action((options: ProveOptions) => prove(options, terminal));
}

async function prove(options: ProveOptions, terminal: Terminal): Promise<void> {
  const { report, prove: proveAt } = await auditTarget(options, { isProven: true });
  const proof = proveAt(Date.now() * 1_000);
  terminal.exitCode = exitOf(report, proof);
  if (!options.json) {
    const [verdict = "", ...lines] = proofText(report, proof).map(printable);
    terminal.print([verdictText(verdict, verdictOf(report, proof)), ...lines].join("\n"));
    return;
  }
  const { status, findings, findingCount, reasonsIncomplete } = report;
  terminal.print(jsonText({ ...proof, status, findings, findingCount, reasonsIncomplete }));
}

function exitOf(report: AuditReport, proof: ConservationProof | undefined): number {
  if (report.status === "broken" || proof?.conserved === false) return 1;
  // The end of a journal that is being written looks torn; nothing in it has been acknowledged.
  const unchecked = report.reasonsIncomplete.length - (report.tornTail === undefined ? 0 : 1);
  return proof === undefined || unchecked > 0 ? 3 : 0;
}

function verdictOf({ status }: AuditReport, proof: ConservationProof | undefined): Verdict {
  if (proof === undefined) return "open";
  return proof.conserved && status !== "broken" ? "good" : "bad";
}

function proofText(report: AuditReport, proof: ConservationProof | undefined): readonly string[] {
  const lines: string[] = [];
  if (proof === undefined) lines.push("NOT PROVED: entries are missing, so no balance is known");
  else {
    const isProved = proof.conserved && report.status !== "broken";
    lines.push(
      `${isProved ? "CONSERVED" : "NOT CONSERVED"} up to entry ${count(proof.sequence)}`,
      `calyldg1 ${proof.digest}`,
    );
    if (proof.tenants.length > 0) lines.push(...ledgerTable(proof).split("\n"));
    else lines.push("No tenant has a limit: nothing is reserved.");
    lines.push(reservationsText(proof.reservations));
    if (proof.reservations.length > 0) lines.push(...reservationsTable(proof.reservations).split("\n"));
  }
  lines.push(
    `audited: ${count(report.entries)} entries, ${count(report.decisions)} decisions recomputed, ${report.status}`,
  );
  return [...lines, ...findingLines(report)];
}
