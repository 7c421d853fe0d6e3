/**
 * Limits of the ledger, enforced where budgets and requests are read.
 * @module
 */

/** Maximum levels of a tenant: organisation, team, key, end user. */
export const LEVELS_MAX = 4;
/** Maximum lifetime of a reservation: 31 days. */
export const RESERVATION_SECONDS_MAX: number = 31 * 86_400;

/** A cost above this many times its reservation, and above the floor, is held for an operator instead of settled. */
export const OVERRUN_FACTOR = 10;
export const OVERRUN_FACTOR_MAX = 1_000_000;
/** One dollar. */
export const OVERRUN_FLOOR_MICROCENTS = 100_000_000n;
