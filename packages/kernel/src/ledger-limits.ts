/**
 * Bounds of the ledger that whoever reads a budget or a request holds it to.
 * @module
 */

/** The levels of a hierarchy: organisation, team, key, end user. */
export const LEVELS_MAX = 4;
/** 31 days: a reservation that nobody closes by then never will be. */
export const RESERVATION_SECONDS_MAX: number = 31 * 86_400;
