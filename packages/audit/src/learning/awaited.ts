/**
 * Outcomes whose decisions another audit reads: this audit began after a snapshot, and the decision is before it. The
 * context that depends on the entries up to the outcome is kept with the outcome; the other audit makes the comparison.
 * @module
 */
import { type OutcomeEntry, WARM_UP_REGIME } from "@calybris/kernel";

/** The context, beside its decision, that an outcome is compared with. */
export interface OutcomeContext {
  /**
   * The cost at which the decision's reservation was closed; `undefined` if it was not closed, or is no longer remembered.
   */
  readonly closedCostMicrocents: bigint | undefined;
  /** Whether all entries that move money were read. */
  readonly isMoneyKnown: boolean;
  readonly learns: boolean;
  /** Sequence of the entry that introduced the active tiers. */
  readonly tiersSince: number;
  /** Sequence of the entry that set the regimes, or ended them. */
  readonly regimesSince: number;
}

export interface AwaitedOutcome {
  readonly sequence: number;
  readonly outcome: OutcomeEntry;
  readonly context: OutcomeContext;
  /** Number of decisions that ran between the snapshot and the outcome. */
  readonly keptSince: number;
}

/** The result of comparing outcomes. */
export interface ComparedOutcomes {
  readonly isGood: boolean;
  /** Number of outcomes whose decisions lie too far back to be compared. */
  readonly unbound: number;
}

/** Whether nothing learns, or the tiers, or the regimes (except in warm-up), changed after the decision. */
export function isLost({ learns, tiersSince, regimesSince }: OutcomeContext, of: number, regime: number): boolean {
  if (!learns) return true;
  return of < tiersSince || (regime !== WARM_UP_REGIME && of < regimesSince);
}
