/**
 * One tenant's money. Every movement preserves exactly:
 *
 *     granted = remaining + reserved + settled        all ≥ 0
 *     billed  = settled + debt                        debt > 0 only while remaining = 0
 *
 * So a debt never coexists with remaining money: every refund and every grant pays the debt first.
 * Amounts are microcents, `bigint`, at most 2^63−1. Movements assume that they are allowed; `overflowOf` and `headroomOf`
 * check.
 * @module
 */
import { I64_MAX, invariant, LEVELS_MAX, type LimitEntry, type PeriodRule } from "@calybris/kernel";
import type { ReservedPart } from "./call-table.ts";

/** A calendar period that has begun. */
export interface Period {
  readonly index: number;
  readonly startsAt: number;
  readonly endsAt: number;
}

export interface Account {
  /** Index of its cell in shared memory. */
  readonly index: number;
  readonly tenant: string;
  /** The accounts from the top of the hierarchy down to this one. */
  readonly path: readonly Account[];
  limit: LimitEntry;
  grantedMicrocents: bigint;
  remainingMicrocents: bigint;
  reservedMicrocents: bigint;
  settledMicrocents: bigint;
  debtMicrocents: bigint;
  period: Period | undefined;
  /** The rule that the period began under; the limit may have a different one now. */
  periodRule: PeriodRule | undefined;
  /** Number of ended periods; a reservation from before an end is not refunded after it. */
  endedCount: number;
  /** Amount billed before the period began. */
  billedBeforeMicrocents: bigint;
  /** Number of open or held reservations. */
  openCount: number;
}

export function newAccount(index: number, limit: LimitEntry, parent: Account | undefined): Account {
  const path: Account[] = [...(parent?.path ?? [])];
  const account: Account = {
    index,
    tenant: limit.tenant,
    path,
    limit,
    grantedMicrocents: 0n,
    remainingMicrocents: 0n,
    reservedMicrocents: 0n,
    settledMicrocents: 0n,
    debtMicrocents: 0n,
    period: undefined,
    periodRule: undefined,
    endedCount: 0,
    billedBeforeMicrocents: 0n,
    openCount: 0,
  };
  path.push(account);
  invariant(path.length <= LEVELS_MAX, `at most ${LEVELS_MAX} levels, got ${path.length}`);
  return account;
}

/** The most that may be reserved now: the remainder, within the exposure cap, and 0 while there is a debt. */
export function headroomOf(account: Account): bigint {
  if (account.debtMicrocents > 0n) return 0n;
  const cap = account.limit.exposureCapMicrocents;
  const belowCap = cap === undefined ? account.remainingMicrocents : cap - account.reservedMicrocents;
  const headroom = belowCap < account.remainingMicrocents ? belowCap : account.remainingMicrocents;
  return headroom > 0n ? headroom : 0n;
}

export function reserve(account: Account, amount: bigint): void {
  account.remainingMicrocents -= amount;
  account.reservedMicrocents += amount;
  account.openCount += 1;
  check(account);
}

/**
 * Settles part of a reservation at its actual cost. The unused rest is refunded, unless its period is over: then it is
 * withdrawn. A reservation from before the first period counts as part of the first. A cost above the reservation is taken
 * from what remains; any shortfall is a debt.
 */
export function settlePart(account: Account, { reservedMicrocents, endedCount }: ReservedPart, actual: bigint): void {
  account.reservedMicrocents -= reservedMicrocents;
  const covered = actual < reservedMicrocents ? actual : reservedMicrocents;
  account.settledMicrocents += covered;
  refund(account, reservedMicrocents - covered, endedCount);
  charge(account, actual - covered);
  check(account);
}

/** Reserves for another attempt of an open call. */
export function reserveMore(account: Account, amount: bigint): void {
  account.remainingMicrocents -= amount;
  account.reservedMicrocents += amount;
  check(account);
}

/**
 * Closes a reservation at the call's total cost; `known` is settled already. The parts cover the cost in their order; any
 * excess is charged.
 */
export function settleTotal(
  account: Account,
  {
    parts,
    known,
    endedCount,
  }: { readonly parts: readonly ReservedPart[]; readonly known: bigint; readonly endedCount: number },
  actual: bigint,
): void {
  account.openCount -= 1;
  let left = actual > known ? actual - known : 0n;
  for (const part of parts) {
    const own = left < part.reservedMicrocents ? left : part.reservedMicrocents;
    settlePart(account, part, own);
    left -= own;
  }
  charge(account, left);
  check(account);
  if (actual < known) correct(account, known, endedCount, actual);
}

/** Moves the known part of a held cost from reserved to settled. */
export function settleKnown(account: Account, known: bigint): void {
  account.reservedMicrocents -= known;
  account.settledMicrocents += known;
  check(account);
}

/** Corrects a settled cost from `before` to `actual`. */
export function correct(account: Account, before: bigint, endedCount: number, actual: bigint): void {
  if (actual >= before) charge(account, actual - before);
  else {
    const back = before - actual;
    const forgiven = back < account.debtMicrocents ? back : account.debtMicrocents;
    account.debtMicrocents -= forgiven;
    account.settledMicrocents -= back - forgiven;
    refund(account, back - forgiven, endedCount);
  }
  check(account);
}

export function grant(account: Account, amount: bigint): void {
  account.grantedMicrocents += amount;
  payIn(account, amount);
  check(account);
}

/** Begins a period: withdraws what is unspent of the last one, and grants the allotment. */
export function beginPeriod(account: Account, period: Period, withdrawn: bigint, allotment: bigint): void {
  account.grantedMicrocents -= withdrawn;
  account.remainingMicrocents -= withdrawn;
  if (account.period !== undefined) account.endedCount += 1;
  account.period = period;
  account.periodRule = account.limit.period;
  account.billedBeforeMicrocents = account.settledMicrocents + account.debtMicrocents;
  grant(account, allotment);
}

/** The amount that a period beginning now would withdraw: all that remains, but nothing before the first period. */
export function unspent(account: Account): bigint {
  return account.period === undefined ? 0n : account.remainingMicrocents;
}

/** The balance that would exceed 2^63−1 after this grant or charge; `undefined` if none would. */
export function overflowOf(account: Account, granted: bigint, charged: bigint): string | undefined {
  if (account.grantedMicrocents + granted > I64_MAX) return "granted";
  return account.settledMicrocents + account.debtMicrocents + account.reservedMicrocents + charged > I64_MAX
    ? "billed"
    : undefined;
}

function refund(account: Account, amount: bigint, endedCount: number): void {
  if (endedCount === account.endedCount) payIn(account, amount);
  else account.grantedMicrocents -= amount;
}

/** Adds granted money; it pays the debt first. */
function payIn(account: Account, amount: bigint): void {
  const paid = amount < account.debtMicrocents ? amount : account.debtMicrocents;
  account.debtMicrocents -= paid;
  account.settledMicrocents += paid;
  account.remainingMicrocents += amount - paid;
}

function charge(account: Account, amount: bigint): void {
  const covered = amount < account.remainingMicrocents ? amount : account.remainingMicrocents;
  account.remainingMicrocents -= covered;
  account.settledMicrocents += covered;
  account.debtMicrocents += amount - covered;
}

function check(account: Account): void {
  const { grantedMicrocents, remainingMicrocents, reservedMicrocents, settledMicrocents, debtMicrocents } = account;
  invariant(
    remainingMicrocents >= 0n &&
      reservedMicrocents >= 0n &&
      settledMicrocents >= 0n &&
      debtMicrocents >= 0n &&
      grantedMicrocents <= I64_MAX,
    "the balances of a tenant are in range",
  );
  invariant(
    grantedMicrocents === remainingMicrocents + reservedMicrocents + settledMicrocents,
    "the money of a tenant is conserved",
  );
  invariant(debtMicrocents === 0n || remainingMicrocents === 0n, "a debt leaves nothing to spend");
}
