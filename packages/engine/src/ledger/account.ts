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
  grantedMicrocents: bigint;
  remainingMicrocents: bigint;
  reservedMicrocents: bigint;
  settledMicrocents: bigint;
  debtMicrocents: bigint;
  period: Period | undefined;
  /** The rule that the period began under; a limit may have another by now. */
  periodRule: PeriodRule | undefined;
  /** How often a period has ended; what was reserved before an end is not given back after it. */
  endedCount: number;
  /** What had been billed when the period began. */
  billedBeforeMicrocents: bigint;
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

/** The most that may be reserved now: what remains, what the cap leaves, and nothing while there is a debt. */
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
 * Ends part of a reservation at what it cost. What was not needed comes back, unless its period is over: then it is withdrawn.
 * Before the first period nothing is over when that begins, so what was reserved then goes with the first. What was not foreseen is taken from what remains; what that cannot cover is a debt.
 */
export function settlePart(account: Account, { reservedMicrocents, endedCount }: ReservedPart, actual: bigint): void {
  account.reservedMicrocents -= reservedMicrocents;
  const covered = actual < reservedMicrocents ? actual : reservedMicrocents;
  account.settledMicrocents += covered;
  refund(account, reservedMicrocents - covered, endedCount);
  charge(account, actual - covered);
  check(account);
}

/** Reserves for another attempt of a call that is open. */
export function reserveMore(account: Account, amount: bigint): void {
  account.remainingMicrocents -= amount;
  account.reservedMicrocents += amount;
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
    const own = left < part.reservedMicrocents ? left : part.reservedMicrocents;
    settlePart(account, part, own);
    left -= own;
  }
  charge(account, left);
  check(account);
  if (actual < known) correct(account, known, endedCount, actual);
}

/** Moves what is known of a held cost from reserved to settled. */
export function settleKnown(account: Account, known: bigint): void {
  account.reservedMicrocents -= known;
  account.settledMicrocents += known;
  check(account);
}

/** Corrects what was settled before at `before`: it cost `actual`. */
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

/** Begins a period: what is unspent of the last one is withdrawn, the allotment granted. */
export function beginPeriod(account: Account, period: Period, withdrawn: bigint, allotment: bigint): void {
  account.grantedMicrocents -= withdrawn;
  account.remainingMicrocents -= withdrawn;
  if (account.period !== undefined) account.endedCount += 1;
  account.period = period;
  account.periodRule = account.limit.period;
  account.billedBeforeMicrocents = account.settledMicrocents + account.debtMicrocents;
  grant(account, allotment);
}

/** What a period that begins now would withdraw: all that remains, but nothing from before the first. */
export function unspent(account: Account): bigint {
  return account.period === undefined ? 0n : account.remainingMicrocents;
}

/** The balance that would pass 2^63−1 if this were granted, or charged; `undefined` when none would. */
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

/** Money that is granted already: pays the debt first. */
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
