/**
 * Limits of the ledger, enforced where budgets and requests are read.
 * @module
 */

/** Maximum levels of a tenant: organisation, team, key, end user. */
export const LEVELS_MAX = 4;
/** Maximum lifetime of a reservation: 31 days. */
export const RESERVATION_SECONDS_MAX: number = 31 * 86_400;
