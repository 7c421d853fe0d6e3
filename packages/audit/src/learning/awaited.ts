/**
 * Outcomes of decisions that another audit reads: one of the entries before a snapshot, where this one began. What depends on the
 * entries up to the outcome is kept with it; the rest is compared there.
 * @module
 */
import { type OutcomeEntry, WARM_UP_REGIME } from "@calybris/kernel";

/** What an outcome is compared with beside its decision. */
export interface OutcomeContext {
  /** What the decision's reservation was closed at; `undefined` where it was not, or that is no longer remembered. */
  readonly closedCostMicrocents: bigint | undefined;
  /** Whether every entry that moves money was read. */
  readonly isMoneyKnown: boolean;
  readonly learns: boolean;
  /** Sequence of the entry that brought the active tiers. */
  readonly tiersSince: number;
  /** Sequence of the entry that gave the regimes their meaning, or ended it. */
  readonly regimesSince: number;
}

export interface AwaitedOutcome {
  readonly sequence: number;
  readonly outcome: OutcomeEntry;
  readonly context: OutcomeContext;
  /** How many decisions that ran lie between the snapshot and the outcome. */
  readonly keptSince: number;
}

/** What came of those that were compared. */
export interface ComparedOutcomes {
  readonly isGood: boolean;
  /** Outcomes of decisions that lie too far back to be compared. */
  readonly unbound: number;
}

/** Whether nothing learns, or a decision was made among other tiers, or in a regime that has another meaning now. */
export function isLost({ learns, tiersSince, regimesSince }: OutcomeContext, of: number, regime: number): boolean {
  if (!learns) return true;
  return of < tiersSince || (regime !== WARM_UP_REGIME && of < regimesSince);
}
