/**
 * `calybris ledger prove`: the conservation proof from the journal alone. A proof over entries that nobody checked would
 * prove nothing, so the whole journal is audited first: chain, digests, decisions and money.
 * @module
 */
import type { AuditReport } from "@calybris/audit";
import type { ConservationProof } from "@calybris/kernel";
import { Command } from "commander";
import { jsonText } from "../terminal/json-text.ts";
import { keyFileOption } from "../journal/key-file.ts";
import { ledgerTable, reservationsTable, reservationsText } from "./table.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";
import { auditLog, findingLines } from "../verify/verify.ts";

interface ProveOptions {
  readonly keyFile?: string;
  readonly json?: true;
}

const HELP = `
May run while an engine has the journal open; unfinished writes are not counted.
Exit code: 0 conserved, 1 not conserved or the journal is broken, 2 usage, 3 something could not be checked.

Example:
  calybris ledger prove journal --json`;

export function ledgerProveCommand(terminal: Terminal): Command {
  return new Command("prove")
    .description("prove from the journal alone that no money was created or lost")
    .argument("<directory>", "a journal directory")
    .addOption(keyFileOption())
    .option("--json", "print JSON")
    .addHelpText("after", HELP)
    .action((directory: string, options: ProveOptions) => prove(directory, options, terminal));
}

async function prove(directory: string, options: ProveOptions, terminal: Terminal): Promise<void> {
  const { report, prove: proveAt } = await auditLog(directory, options);
  const proof = proveAt(Date.now() * 1_000);
  terminal.exitCode = exitOf(report, proof);
  if (!options.json) {
    terminal.print(proofText(report, proof).map(printable).join("\n"));
    return;
  }
  const { status, findings, findingCount, reasonsIncomplete } = report;
  terminal.print(jsonText({ ...proof, status, findings, findingCount, reasonsIncomplete }));
}

function exitOf(report: AuditReport, proof: ConservationProof | undefined): number {
  if (report.status === "broken" || proof?.conserved === false) return 1;
  // The end of a journal that is being written looks torn; nothing in it was promised to anybody yet.
  const unchecked = report.reasonsIncomplete.length - (report.tornTail === undefined ? 0 : 1);
  return proof === undefined || unchecked > 0 ? 3 : 0;
}

function proofText(report: AuditReport, proof: ConservationProof | undefined): readonly string[] {
  const lines: string[] = [];
  if (proof === undefined) lines.push("NOT PROVED: entries are missing, so no balance is known");
  else {
    const isProved = proof.conserved && report.status !== "broken";
    lines.push(`${isProved ? "CONSERVED" : "NOT CONSERVED"} up to entry ${proof.sequence}`, `calyldg1 ${proof.digest}`);
    if (proof.tenants.length > 0) lines.push(...ledgerTable(proof).split("\n"));
    else lines.push("Nobody has a limit: nothing is reserved.");
    lines.push(reservationsText(proof.reservations));
    if (proof.reservations.length > 0) lines.push(...reservationsTable(proof.reservations).split("\n"));
  }
  lines.push(`audited: ${report.entries} entries, ${report.decisions} decisions recomputed, ${report.status}`);
  return [...lines, ...findingLines(report)];
}
