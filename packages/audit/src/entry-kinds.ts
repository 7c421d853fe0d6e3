/**
 * Kinds of entries by what they change: an unreadable entry leaves the rest of the state known.
 * @module
 */
import { STEPS } from "./claim.ts";

export const LEARNING_KINDS: readonly string[] = ["outcome", "belief", "regimes", "prior", "certificate"];
/** Kinds that move no money: if one is unreadable, every balance is still known. */
export const WITHOUT_MONEY: readonly string[] = [
  "genesis",
  "policy",
  "key",
  "seal",
  "state",
  "belief",
  "regimes",
  "prior",
  "certificate",
  "checkpoint",
];
export const MONEY_KINDS: readonly string[] = ["limit", "grant", "period", "attempt", ...Object.keys(STEPS)];
/** Kinds that do not affect learning. */
export const WITHOUT_LEARNING: readonly string[] = ["key", "seal", "state", "checkpoint", ...MONEY_KINDS];

export const KNOWN_KINDS: readonly string[] = ["decision", "outcome", ...WITHOUT_MONEY, ...MONEY_KINDS];
