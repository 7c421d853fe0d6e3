/**
 * The money part of a state snapshot (docs/formats.md section 6): tenants, grants and calls. Open reservations are in
 * `open-pages.ts`, closed ones in `closed-part.ts`.
 * @module
 */
import {
  type GrantEntry,
  type Sha256,
  SNAPSHOT_PAGE_RECORDS,
  type SnapshotMembers,
  toUtf8,
  writeExact,
} from "@calybris/kernel";
import type { Account } from "./account.ts";
import { attemptRows } from "./attempts.ts";
import type { Claim } from "./claim.ts";

const TENANTS_IN_A_PAGE = 64;
const GRANTS_IN_A_PAGE = 1_024;
const CALLS_IN_A_LINE: number = SNAPSHOT_PAGE_RECORDS.open;

export function* tenantLines(accounts: readonly Account[]): Generator<string> {
  for (let page = 0; page * TENANTS_IN_A_PAGE < accounts.length; page++) {
    const rows = accounts.slice(page * TENANTS_IN_A_PAGE, (page + 1) * TENANTS_IN_A_PAGE).map(tenantRow);
    yield writeExact({ part: "tenants", page, rows });
  }
}

function tenantRow(account: Account): object {
  const {
    grantedMicrocents,
    remainingMicrocents,
    reservedMicrocents,
    settledMicrocents,
    debtMicrocents,
    billedBeforeMicrocents,
    endedCount,
    openCount,
    pocket,
    periodRule,
  } = account;
  const { kind: _, ...limit } = account.limit;
  return {
    limit,
    balances: [
      grantedMicrocents,
      remainingMicrocents,
      reservedMicrocents,
      settledMicrocents,
      debtMicrocents,
      billedBeforeMicrocents,
    ],
    counts: [endedCount, openCount],
    period: pocket.period,
    periodRule,
  };
}

export function* callLines(open: ReadonlyMap<number, Claim>): Generator<string> {
  const rows = [...open].flatMap(([of, { attempts }]) =>
    attempts === undefined
      ? []
      : [{ of, attempts: attemptRows(attempts), endedCounts: attempts.map(({ endedCounts }) => endedCounts) }],
  );
  for (let from = 0; from < rows.length; from += CALLS_IN_A_LINE)
    yield writeExact({ part: "calls", rows: rows.slice(from, from + CALLS_IN_A_LINE) });
}

/** Grants in order. Of a full page only the digest is kept. */
export class GrantsPart {
  readonly #sha256: Sha256;
  readonly #full: Uint8Array[] = [];
  #rows: object[] = [];

  constructor(sha256: Sha256) {
    this.#sha256 = sha256;
  }

  take(
    sequence: number,
    { id, tenant, amountMicrocents }: Pick<GrantEntry, "id" | "tenant" | "amountMicrocents">,
  ): void {
    this.#rows.push({ id, sequence, tenant, amount: amountMicrocents });
    if (this.#rows.length < GRANTS_IN_A_PAGE) return;
    this.#full.push(this.#digest());
    this.#rows = [];
  }

  *digests(): Generator<Uint8Array> {
    yield* this.#full;
    if (this.#rows.length > 0) yield this.#digest();
  }

  restore(row: SnapshotMembers): void {
    const [id, tenant] = [row.text("id"), row.text("tenant")];
    this.take(row.whole("sequence"), { id, tenant, amountMicrocents: row.amount("amount") } as GrantEntry);
  }

  #digest(): Uint8Array {
    const line = { part: "grants", page: this.#full.length, rows: this.#rows };
    return this.#sha256(toUtf8(writeExact(line)));
  }
}
