/**
 * Money as a state snapshot holds it (docs/formats.md section 6): tenants, grants, calls, and reservations that are closed. What is
 * open is in `open-pages.ts`.
 * @module
 */
import {
  CLOSED_RECORDS,
  type GrantEntry,
  type Sha256,
  SNAPSHOT_PAGE_RECORDS,
  type SnapshotMembers,
  toUtf8,
  writeExact,
} from "@calybris/kernel";
import type { Account } from "./account.ts";
import { attemptRows } from "./attempts.ts";
import type { Claim, ClaimState } from "./claims.ts";
import { RecordPages } from "./record-pages.ts";

const TENANTS_IN_A_PAGE = 64;
const GRANTS_IN_A_PAGE = 1_024;
const CALLS_IN_A_LINE: number = SNAPSHOT_PAGE_RECORDS.open;
/** A record has the place here plus 1. */
export const CLOSED_STATES: readonly ClaimState[] = ["settled", "released", "expired", "reconciled", "corrected"];

export function* tenantLines(accounts: readonly Account[]): Generator<string> {
  for (let page = 0; page * TENANTS_IN_A_PAGE < accounts.length; page++) {
    const rows = accounts.slice(page * TENANTS_IN_A_PAGE, (page + 1) * TENANTS_IN_A_PAGE).map(tenantRow);
    yield writeExact({ part: "tenants", page, rows });
  }
}

function tenantRow(account: Account): object {
  const { granted, remaining, reserved, settled, debt, billedBefore, endedCount, openCount, pocket, periodRule } =
    account;
  const { kind: _, ...limit } = account.limit;
  return {
    limit,
    balances: [granted, remaining, reserved, settled, debt, billedBefore],
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

/** Grants in their order. Of a full page the digest alone is kept. */
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

/** Closed reservations, in the order in which they were closed or corrected last. */
export class ClosedPart {
  readonly #pages: RecordPages<ReturnType<typeof CLOSED_RECORDS.read>>;

  constructor(sha256: Sha256) {
    this.#pages = new RecordPages("closed", CLOSED_RECORDS, SNAPSHOT_PAGE_RECORDS.closed, sha256);
  }

  /**
   * @param tenant - place of its tenant among all, from 0.
   * @param forgotten - one that can no longer be corrected.
   */
  take(of: number, claim: Claim, tenant: number, forgotten: Claim | undefined): void {
    if (claim.closedNumber !== undefined) this.#pages.erase(claim.closedNumber);
    const { state, since: sequence, costMicrocents: actualMicrocents, levels } = claim;
    const [level1 = 0, level2 = 0, level3 = 0, level4 = 0] = levels;
    const code = CLOSED_STATES.indexOf(state) + 1;
    const record = { of, tenant, state: code, sequence, actualMicrocents, level1, level2, level3, level4 };
    claim.closedNumber = this.#pages.append(record);
    if (forgotten?.closedNumber !== undefined) this.#pages.erase(forgotten.closedNumber);
  }

  digests(): Generator<Uint8Array> {
    return this.#pages.digests();
  }

  restore(
    members: SnapshotMembers,
    onRecord: (record: ReturnType<typeof CLOSED_RECORDS.read>, number: number) => void,
  ): void {
    this.#pages.restore(members, onRecord);
  }
}
