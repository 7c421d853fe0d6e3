/**
 * One tenant's money. Every movement keeps, exactly:
 *
 *     granted = remaining + reserved + settled        all ≥ 0
 *     billed  = settled + debt                        debt > 0 only while remaining = 0
 *
 * so a debt is never hidden behind money that is still there: whatever comes back or comes in pays it first.
 * Amounts are microcents, `bigint`, at most 2^63−1. Movements expect to be allowed; `overflowOf` and `headroomOf` say whether.
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
  /** Position of its cell in shared memory. */
  readonly index: number;
  readonly tenant: string;
  /** From the top down to this one. */
  readonly path: readonly Account[];
  limit: LimitEntry;
  granted: bigint;
  remaining: bigint;
  reserved: bigint;
  settled: bigint;
  debt: bigint;
  period: Period | undefined;
  /** The rule that the period began under; a limit may have another by now. */
  periodRule: PeriodRule | undefined;
  /** How often a period has ended; what was reserved before an end is not given back after it. */
  endedCount: number;
  /** What had been billed when the period began. */
  billedBefore: bigint;
  /** Reservations that are open or held. */
  openCount: number;
}

export function newAccount(index: number, limit: LimitEntry, parent: Account | undefined): Account {
  const path: Account[] = [...(parent?.path ?? [])];
  const account: Account = {
    index,
    tenant: limit.tenant,
    path,
    limit,
    granted: 0n,
    remaining: 0n,
    reserved: 0n,
    settled: 0n,
    debt: 0n,
    period: undefined,
    periodRule: undefined,
    endedCount: 0,
    billedBefore: 0n,
    openCount: 0,
  };
  path.push(account);
  invariant(path.length <= LEVELS_MAX, `at most ${LEVELS_MAX} levels, got ${path.length}`);
  return account;
}

/** The most that may be reserved now: what remains, what the cap leaves, and nothing while there is a debt. */
export function headroomOf(account: Account): bigint {
  if (account.debt > 0n) return 0n;
  const cap = account.limit.exposureCapMicrocents;
  const belowCap = cap === undefined ? account.remaining : cap - account.reserved;
  const headroom = belowCap < account.remaining ? belowCap : account.remaining;
  return headroom > 0n ? headroom : 0n;
}

export function reserve(account: Account, amount: bigint): void {
  account.remaining -= amount;
  account.reserved += amount;
  account.openCount += 1;
  check(account);
}

/**
 * Ends part of a reservation at what it cost. What was not needed comes back, unless its period is over: then it is withdrawn.
 * Before the first period nothing is over when that begins, so what was reserved then goes with the first. What was not foreseen is taken from what remains; what that cannot cover is a debt.
 */
export function settlePart(account: Account, { reserved, endedCount }: ReservedPart, actual: bigint): void {
  account.reserved -= reserved;
  const covered = actual < reserved ? actual : reserved;
  account.settled += covered;
  refund(account, reserved - covered, endedCount);
  charge(account, actual - covered);
  check(account);
}

/** Reserves for another attempt of a call that is open. */
export function reserveMore(account: Account, amount: bigint): void {
  account.remaining -= amount;
  account.reserved += amount;
  check(account);
}

/**
 * Closes a reservation of which `known` is settled already, at what the call cost in total. Its parts are covered in their order;
 * what is beyond them is charged.
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
    const own = left < part.reserved ? left : part.reserved;
    settlePart(account, part, own);
    left -= own;
  }
  charge(account, left);
  check(account);
  if (actual < known) correct(account, known, endedCount, actual);
}

/** Moves what is known of a held cost from reserved to settled. */
export function settleKnown(account: Account, known: bigint): void {
  account.reserved -= known;
  account.settled += known;
  check(account);
}

/** Mends what was settled before at `before`: it cost `actual`. */
export function correct(account: Account, before: bigint, endedCount: number, actual: bigint): void {
  if (actual >= before) charge(account, actual - before);
  else {
    const back = before - actual;
    const forgiven = back < account.debt ? back : account.debt;
    account.debt -= forgiven;
    account.settled -= back - forgiven;
    refund(account, back - forgiven, endedCount);
  }
  check(account);
}

export function grant(account: Account, amount: bigint): void {
  account.granted += amount;
  payIn(account, amount);
  check(account);
}

/** Begins a period: what is unspent of the last one is withdrawn, the allotment granted. */
export function beginPeriod(account: Account, period: Period, withdrawn: bigint, allotment: bigint): void {
  account.granted -= withdrawn;
  account.remaining -= withdrawn;
  if (account.period !== undefined) account.endedCount += 1;
  account.period = period;
  account.periodRule = account.limit.period;
  account.billedBefore = account.settled + account.debt;
  grant(account, allotment);
}

/** What a period that begins now would withdraw: all that remains, but nothing from before the first. */
export function unspent(account: Account): bigint {
  return account.period === undefined ? 0n : account.remaining;
}

/** The balance that would pass 2^63−1 if this were granted, or charged; `undefined` when none would. */
export function overflowOf(account: Account, granted: bigint, charged: bigint): string | undefined {
  if (account.granted + granted > I64_MAX) return "granted";
  return account.settled + account.debt + account.reserved + charged > I64_MAX ? "billed" : undefined;
}

function refund(account: Account, amount: bigint, endedCount: number): void {
  if (endedCount === account.endedCount) payIn(account, amount);
  else account.granted -= amount;
}

/** Money that is granted already: pays the debt first. */
function payIn(account: Account, amount: bigint): void {
  const paid = amount < account.debt ? amount : account.debt;
  account.debt -= paid;
  account.settled += paid;
  account.remaining += amount - paid;
}

function charge(account: Account, amount: bigint): void {
  const covered = amount < account.remaining ? amount : account.remaining;
  account.remaining -= covered;
  account.settled += covered;
  account.debt += amount - covered;
}

function check(account: Account): void {
  const { granted, remaining, reserved, settled, debt } = account;
  invariant(
    remaining >= 0n && reserved >= 0n && settled >= 0n && debt >= 0n && granted <= I64_MAX,
    "the balances of a tenant are in range",
  );
  invariant(granted === remaining + reserved + settled, "the money of a tenant is conserved");
  invariant(debt === 0n || remaining === 0n, "a debt leaves nothing to spend");
}
