/**
 * Balances as a table: a tree of tenants with exact amounts, and the used share of each budget.
 * @module
 */
import type { Balances, OpenReservation, TenantProof } from "@calybris/kernel";
import { exactDollars, groupedDollars, exactDecimals } from "../terminal/money-text.ts";
import { type Cell, tableText } from "../terminal/table.ts";
import { printable } from "../terminal/terminal-text.ts";

const AMOUNTS = [
  "grantedMicrocents",
  "remainingMicrocents",
  "reservedMicrocents",
  "settledMicrocents",
  "debtMicrocents",
] as const satisfies readonly (keyof Balances)[];

const COLUMNS = [
  ...["<tenant", ">granted $", ">remaining $", ">reserved $", ">settled $", ">debt $", ">cap $"],
  ...["<used", "<period ends (UTC)"],
];

/** One line with a tenant's balance after a command. */
export function balanceText(balance: Balances): string {
  const [granted, remaining, reserved, settled, debt] = AMOUNTS.map((name) => exactDollars(balance[name]));
  const owed = balance.debtMicrocents > 0n ? `, debt $${debt}` : "";
  return `granted $${granted} = remaining $${remaining} + reserved $${reserved} + settled $${settled}${owed}`;
}

export interface ShownLedger {
  readonly tenants: readonly TenantProof[];
  /** Total of the whole ledger; left out if only a part is shown. */
  readonly total?: Balances;
}

/** The tree of tenants, and the total of the top level. */
export function ledgerTable({ tenants, total }: ShownLedger): string {
  const amounts = tenants.flatMap((tenant) => [
    ...AMOUNTS.map((name) => tenant[name]),
    tenant.exposureCapMicrocents ?? 0n,
  ]);
  const decimals = exactDecimals(amounts);
  const money = (microcents: bigint): string => (microcents === 0n ? "0" : groupedDollars(microcents, decimals));
  const rows: Cell[][] = treeOf(tenants).map(({ account, branch }) => {
    const name = printable(`${branch}${account.tenant}`);
    if (!account.metered) return [name, { content: "not metered", colSpan: COLUMNS.length - 1 }];
    const cap = account.exposureCapMicrocents;
    return [
      name,
      ...AMOUNTS.map((key) => money(account[key])),
      cap === undefined ? "-" : money(cap),
      usedText(account),
      periodText(account),
    ];
  });
  if (total !== undefined) rows.push(["total", ...AMOUNTS.map((key) => money(total[key])), "", "", ""]);
  return tableText(COLUMNS, rows);
}

const RESERVATIONS_SHOWN_MAX = 50;

/** Open and held reservations, the oldest first. */
export function reservationsTable(reservations: readonly OpenReservation[]): string {
  const shown = reservations.slice(0, RESERVATIONS_SHOWN_MAX);
  const decimals = exactDecimals(shown.map(({ amountMicrocents }) => amountMicrocents));
  const rows = shown.map(({ decisionId, tenant, amountMicrocents, state, expiresAt }) => [
    decisionId,
    printable(tenant),
    groupedDollars(amountMicrocents, decimals),
    state,
    timeText(expiresAt),
  ]);
  const table = tableText(["<decision", "<tenant", ">reserved $", "<state", "<settled in full from (UTC)"], rows);
  const more = reservations.length - shown.length;
  return more === 0 ? table : `${table}\nand ${more} more; --json lists them all`;
}

/** The number of reservations in each state. */
export function reservationsText(reservations: readonly OpenReservation[]): string {
  const count = (state: OpenReservation["state"]): number =>
    reservations.filter((reservation) => reservation.state === state).length;
  return `reservations: ${count("open")} open, ${count("held")} held, ${count("overdue")} overdue`;
}

interface Branch {
  readonly account: TenantProof;
  /** The tree lines before the name. */
  readonly branch: string;
}

/** Depth first. A tenant whose parent is not shown is at the top level. */
function treeOf(tenants: readonly TenantProof[]): readonly Branch[] {
  const names = new Set(tenants.map(({ tenant }) => tenant));
  const below = new Map<string | undefined, TenantProof[]>();
  for (const account of tenants) {
    const parent = account.parent !== undefined && names.has(account.parent) ? account.parent : undefined;
    below.set(parent, [...(below.get(parent) ?? []), account]);
  }
  const rows: Branch[] = [];
  const visit = (account: TenantProof, branch: string, indent: string): void => {
    rows.push({ account, branch });
    const children = below.get(account.tenant) ?? [];
    for (const [index, child] of children.entries()) {
      const isLast = index === children.length - 1;
      visit(child, `${indent}${isLast ? "└─ " : "├─ "}`, `${indent}${isLast ? "   " : "│  "}`);
    }
  };
  for (const top of below.get(undefined) ?? []) visit(top, "", "");
  return rows;
}

const BAR_CELLS = 10n;

/** A bar of the amounts billed in the period (█) and reserved (▒), out of everything available in it. */
function usedText({ billedInPeriodMicrocents, reservedMicrocents, remainingMicrocents }: TenantProof): string {
  const billed = billedInPeriodMicrocents > 0n ? billedInPeriodMicrocents : 0n;
  const whole = billed + reservedMicrocents + remainingMicrocents;
  if (whole === 0n) return "-";
  const taken = billed + reservedMicrocents;
  const billedCells = (billed * BAR_CELLS) / whole;
  const takenCells = (taken * BAR_CELLS + whole - 1n) / whole;
  const bar =
    "█".repeat(Number(billedCells)) +
    "▒".repeat(Number(takenCells - billedCells)) +
    "░".repeat(Number(BAR_CELLS - takenCells));
  const percent = (taken * 100n) / whole;
  return `${bar} ${percent === 0n && taken > 0n ? "<1" : percent}%`;
}

function periodText({ period }: TenantProof): string {
  return period === undefined ? "-" : `${timeText(period.endsAt)} (${period.index})`;
}

const MINUTE_CHARACTERS = "2026-01-31 23:00".length;

function timeText(atUs: number): string {
  return new Date(atUs / 1_000).toISOString().replace("T", " ").slice(0, MINUTE_CHARACTERS);
}
