/**
 * Tenants and reservations of a state snapshot, as the audit's folds hold them.
 * @module
 */
import {
  type CLOSED_RECORDS,
  type ExactJson,
  LEDGER_TABLES,
  type LimitEntry,
  type OPEN_RECORDS,
  type PeriodRule,
  readMembers,
  SnapshotMembers,
} from "@calybris/kernel";
import type { Claim, ClaimState } from "./claim.ts";
import { type Pocket, Account } from "./account.ts";

/** States by their code in a closed reservation's record, minus 1. */
export const CLOSED_STATES: readonly ClaimState[] = ["settled", "released", "expired", "reconciled", "corrected"];

/** Throws RangeError if the tenant is invalid. */
export function restoredAccount(
  row: SnapshotMembers,
  index: number,
  above: (tenant: string) => Account | undefined,
): Account {
  const limit = limitOf(row.json("limit"));
  const account = new Account(limit, limit.parent === undefined ? undefined : above(limit.parent), index);
  const [granted = 0n, , reserved = 0n, settled = 0n, debt = 0n, billedBefore = 0n] = row.amounts("balances", 6);
  account.grantedMicrocents = granted;
  account.reservedMicrocents = reserved;
  account.billedMicrocents = settled + debt;
  account.billedBeforeMicrocents = billedBefore;
  const [endedCount = 0, openCount = 0] = row.integers("counts");
  Object.assign(account, { endedCount, openCount });
  if (row.has("period")) {
    const period = new SnapshotMembers(row.json("period"));
    const [index, startsAt, endsAt] = [period.whole("index"), period.whole("startsAt"), period.whole("endsAt")];
    account.pocket.period = { index, startsAt, endsAt };
  }
  if (row.has("periodRule")) account.periodRule = ruleOf(row, limit);
  return account;
}

function ruleOf(row: SnapshotMembers, { kind: _, ...limit }: LimitEntry): PeriodRule | undefined {
  return limitOf({ ...limit, period: row.json("periodRule") } as unknown as ExactJson).period;
}

function limitOf(json: ExactJson): LimitEntry {
  const members = json as { readonly [key: string]: ExactJson };
  return { kind: "limit", ...(readMembers(LEDGER_TABLES.limit, members) as Omit<LimitEntry, "kind">) };
}

/** An open reservation. Whether it is held is stated separately. */
export function openClaim(record: ReturnType<typeof OPEN_RECORDS.read>, account: Account | undefined): Claim {
  const { of, amountMicrocents, expiresAt } = record;
  return {
    ...claimOf(of, account, record),
    amountMicrocents,
    knownMicrocents: 0n,
    attempts: undefined,
    expiresAt,
    state: "open",
    since: of,
    costMicrocents: amountMicrocents,
  };
}

/**
 * A closed reservation: nothing is reserved for it any more.
 *
 * @param identity - the first eight digits of the decision's identity, as a number.
 */
export function closedClaim(
  record: ReturnType<typeof CLOSED_RECORDS.read>,
  account: Account | undefined,
  identity: number,
): Claim {
  const { of, sequence, actualMicrocents } = record;
  const state = CLOSED_STATES[record.state - 1];
  if (state === undefined) throw new RangeError("a closed reservation is in no known state");
  return {
    ...claimOf(of, account, record),
    decisionId: decisionIdOf(of, identity),
    amountMicrocents: 0n,
    knownMicrocents: 0n,
    attempts: undefined,
    expiresAt: 0,
    state,
    since: sequence,
    costMicrocents: actualMicrocents,
  };
}

interface Levels {
  readonly level1: number;
  readonly level2: number;
  readonly level3: number;
  readonly level4: number;
}

function claimOf(
  of: number,
  account: Account | undefined,
  { level1, level2, level3, level4 }: Levels,
): Pick<Claim, "decisionId" | "tenant" | "pockets" | "levels"> {
  if (account === undefined) throw new RangeError("a reservation is of no tenant");
  const pockets: Pocket[] = [];
  const levels = [level1, level2, level3, level4];
  for (const [index, count] of levels.entries()) {
    const level = account.levels[index];
    if (count === 0) continue;
    if (level === undefined) throw new RangeError("a reservation is on a level that its tenant does not have");
    // Money returned to a period that has ended is withdrawn: any pocket but the current one represents it.
    pockets.push(count - 1 === level.endedCount ? level.pocket : { account: level, period: undefined });
  }
  return { decisionId: decisionIdOf(of, 0), tenant: account.tenant, pockets, levels };
}

/** @param identity - the first eight digits of the decision's identity, as a number. */
export function decisionIdOf(of: number, identity: number): string {
  return `${of}-${identity.toString(16).padStart(8, "0")}`;
}
