/**
 * Totals over all tenants, for monitoring.
 * @module
 */
import type { Account } from "./account.ts";

/** The money of a tenant below another counts once. */
export interface LedgerTotals {
  /** Of open and held reservations. */
  readonly reservedMicrocents: bigint;
  /** Amount billed beyond the tenants' money. */
  readonly debtMicrocents: bigint;
}

interface Sums {
  readonly reservedMicrocents: bigint;
  readonly debtMicrocents: bigint;
}

const NOTHING: Sums = { reservedMicrocents: 0n, debtMicrocents: 0n };

/**
 * Sums in one pass. A reservation is on every limited level of a path, and a debt on each level that could not cover it; of
 * a tenant's amount and the sum of those below it, the larger counts.
 *
 * @param accounts - each after the one above it, in the ledger's order.
 */
export function ledgerTotals(accounts: readonly Account[]): LedgerTotals {
  let top = NOTHING;
  const below = new Map<Account, Sums>();
  for (const account of accounts.toReversed()) {
    const theirs = below.get(account) ?? NOTHING;
    const sums = {
      reservedMicrocents: greater(account.reservedMicrocents, theirs.reservedMicrocents),
      debtMicrocents: greater(account.debtMicrocents, theirs.debtMicrocents),
    };
    const parent = account.path.at(-2);
    if (parent === undefined) top = plus(top, sums);
    else below.set(parent, plus(below.get(parent) ?? NOTHING, sums));
  }
  return { reservedMicrocents: top.reservedMicrocents, debtMicrocents: top.debtMicrocents };
}

function plus(a: Sums, b: Sums): Sums {
  return {
    reservedMicrocents: a.reservedMicrocents + b.reservedMicrocents,
    debtMicrocents: a.debtMicrocents + b.debtMicrocents,
  };
}

function greater(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
