/**
 * `calybris ledger show`: prints balances from the journal, even while an engine has it open, or from a running service.
 * @module
 */
import type { ConservationProof, TenantProof } from "@calybris/kernel";
import { EngineError } from "@calybris/engine";
import { Command } from "commander";
import { jsonText } from "../terminal/json-text.ts";
import { chainOfJournal, keyFileOption } from "../journal/key-file.ts";
import { journalOption, placeOf } from "../journal/place.ts";
import { configOption } from "../service/config-file.ts";
import { exactAmounts } from "../service/exact-amounts.ts";
import { apiKeyFileOption, clientOf, type TargetOptions, urlOption } from "../service/target.ts";
import { foldMoney, type MoneyFinding } from "./fold.ts";
import { ledgerTable, reservationsTable, reservationsText } from "./table.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";

interface ShowOptions extends TargetOptions {
  readonly reservations?: true;
  readonly json?: true;
}

const HELP = `
The bar shows billed (█) and reserved (▒) amounts as a share of the period's money. Reads without a lock.
Exit code: 0, or 1 when balances are inconsistent; \`calybris verify\` gives details.

Examples:
  calybris ledger show
  calybris ledger show acme --reservations --journal journal`;

export function ledgerShowCommand(terminal: Terminal): Command {
  return new Command("show")
    .description("show balances of all tenants, or of one with the tenants above and below it")
    .argument("[tenant]", "one tenant")
    .addOption(journalOption())
    .addOption(configOption())
    .addOption(urlOption())
    .addOption(apiKeyFileOption())
    .addOption(keyFileOption())
    .option("--reservations", "list open and held reservations")
    .option("--json", "print JSON")
    .addHelpText("after", HELP)
    .action((tenant: string | undefined, options: ShowOptions) => show(tenant, options, terminal));
}

async function show(tenant: string | undefined, options: ShowOptions, terminal: Terminal): Promise<void> {
  const { at, whole, findings } = await (options.url === undefined ? folded(options) : served(options));
  const proof = tenant === undefined ? whole : around(whole, tenant);
  if (options.json) terminal.print(jsonText({ at, ...proof, findings }));
  else terminal.print(showText(proof, tenant === undefined, options.reservations === true));
  if (findings.length === 0) return;
  terminal.exitCode = 1;
  if (!options.json) terminal.complain(findingsText(findings));
}

interface ShownMoney {
  /** Decides which reservations are overdue. */
  readonly at: number;
  readonly whole: ConservationProof;
  readonly findings: readonly MoneyFinding[];
}

async function folded(options: ShowOptions): Promise<ShownMoney> {
  const { directory, keyFile } = await placeOf(options);
  const { fold, findings } = foldMoney(directory, chainOfJournal(directory, keyFile));
  const at = Math.max(fold.state().at, Date.now() * 1_000);
  return { at, whole: fold.prove(at), findings };
}

/** As reported by the service; `ledger prove --url` recomputes it. */
async function served(options: ShowOptions): Promise<ShownMoney> {
  const whole = exactAmounts<ConservationProof>(await clientOf(options)?.ledger());
  return { at: Date.now() * 1_000, whole, findings: [] };
}

function showText(proof: ConservationProof, isWhole: boolean, withReservations: boolean): string {
  const { tenants, total } = proof;
  const upTo = `up to entry ${proof.sequence}`;
  if (tenants.length === 0) return `No tenant has a limit: nothing is reserved (${upTo}).`;
  const lines = [
    ledgerTable(isWhole ? { tenants, total } : { tenants }),
    `${reservationsText(proof.reservations)}; ${upTo}`,
  ];
  if (withReservations && proof.reservations.length > 0) lines.push(reservationsTable(proof.reservations));
  return lines.join("\n");
}

/** Contradictions in the form that `verify` prints. */
export function findingsText(findings: readonly MoneyFinding[]): string {
  return findings
    .flatMap(({ sequence, problem, expected, found }) => [
      `entry ${sequence}: ${problem}`,
      `  expected ${expected}`,
      `  found    ${found}`,
    ])
    .map(printable)
    .join("\n");
}

/** A tenant with its ancestors, its descendants, and their reservations; the total remains that of the whole ledger. */
function around(proof: ConservationProof, name: string): ConservationProof {
  const byName = new Map(proof.tenants.map((account) => [account.tenant, account]));
  const tenant = byName.get(name);
  if (tenant === undefined) throw new EngineError("CAL_LEDGER_TENANT_UNKNOWN", { tenant: name });
  const isBelow = (other: TenantProof | undefined): boolean =>
    other !== undefined && (other.tenant === name || isBelow(byName.get(other.parent ?? "")));
  const above = new Set<string>();
  for (let level = tenant.parent; level !== undefined; level = byName.get(level)?.parent) above.add(level);
  const below = proof.tenants.filter(isBelow);
  const reserving = new Set(below.map(({ tenant: each }) => each));
  return {
    ...proof,
    tenants: proof.tenants.filter((other) => above.has(other.tenant) || reserving.has(other.tenant)),
    reservations: proof.reservations.filter((reservation) => reserving.has(reservation.tenant)),
  };
}
