/**
 * Sums of a what-if comparison: one tally for all decisions, and one per group. Constant memory.
 * @module
 */
import {
  type Analysis,
  type ComparedRow,
  type Difference,
  DifferenceInterval,
  EstimatorFold,
  type Refusal,
  refusalsOf,
  type Support,
} from "@calybris/estimate";
import type { ComparedOutcome } from "@calybris/engine/internal";
import type { Action } from "@calybris/kernel";

/** A decision, and the other policy's decision. */
export interface Pair {
  readonly action: Action;
  readonly candidate: number;
  readonly costMicrocents: bigint;
  readonly qualityBps: number;
}

/** The difference in one measure: the other policy's value minus the logged one's. */
export interface Effect extends Difference {
  /** The doubly robust estimate of the other policy's value, and its standard error. */
  readonly value: number;
  readonly valueError: number;
  readonly support: Support;
  readonly refusals: readonly Refusal[];
}

export interface TallySummary {
  readonly decisions: number;
  readonly changed: number;
  /** Decisions with a different action, such as a rejection that became a selection. Included in `changed`. */
  readonly actionChanged: number;
  readonly newlyRejected: number;
  readonly noLongerRejected: number;
  readonly lowerQuality: number;
  readonly higherQuality: number;
  readonly costsLess: number;
  readonly costsMore: number;
  /** Estimated cost of the decisions that both policies serve. */
  readonly costMicrocents: bigint;
  readonly otherCostMicrocents: bigint;
  readonly savedMicrocents: bigint;
  /** Estimated cost of the decisions that only one of the policies serves. */
  readonly newlyRejectedMicrocents: bigint;
  readonly noLongerRejectedMicrocents: bigint;
  /** Outcomes that are compared, and outcomes that cannot be. */
  readonly outcomes: number;
  readonly outcomesUnknown: number;
  readonly success: Effect;
  readonly reward: Effect;
}

export class Tally {
  #decisions = 0;
  #changed = 0;
  #actionChanged = 0;
  #newlyRejected = 0;
  #noLongerRejected = 0;
  #lowerQuality = 0;
  #higherQuality = 0;
  #costsLess = 0;
  #costsMore = 0;
  #cost = 0n;
  #otherCost = 0n;
  #newlyRejectedCost = 0n;
  #noLongerRejectedCost = 0n;
  #outcomes = 0;
  #outcomesUnknown = 0;
  readonly #success: Measured;
  readonly #reward: Measured;

  constructor(alpha: number) {
    this.#success = new Measured(alpha);
    this.#reward = new Measured(alpha);
  }

  add(before: Pair, after: Pair): void {
    this.#decisions += 1;
    const isRejected = before.action === "reject";
    const wouldBeRejected = after.action === "reject";
    if (isRejected && wouldBeRejected) return;
    if (before.action !== after.action) this.#actionChanged += 1;
    if (before.action !== after.action || before.candidate !== after.candidate) this.#changed += 1;
    if (wouldBeRejected) {
      this.#newlyRejected += 1;
      this.#newlyRejectedCost += before.costMicrocents;
    } else if (isRejected) {
      this.#noLongerRejected += 1;
      this.#noLongerRejectedCost += after.costMicrocents;
    } else this.#addServed(before, after);
  }

  #addServed(before: Pair, after: Pair): void {
    this.#cost += before.costMicrocents;
    this.#otherCost += after.costMicrocents;
    if (after.costMicrocents < before.costMicrocents) this.#costsLess += 1;
    else if (after.costMicrocents > before.costMicrocents) this.#costsMore += 1;
    if (after.qualityBps < before.qualityBps) this.#lowerQuality += 1;
    else if (after.qualityBps > before.qualityBps) this.#higherQuality += 1;
  }

  addOutcome({ success, reward }: ComparedOutcome): void {
    this.#outcomes += 1;
    this.#success.add(success);
    this.#reward.add(reward);
  }

  addUnknown(): void {
    this.#outcomesUnknown += 1;
  }

  summary(): TallySummary {
    return {
      decisions: this.#decisions,
      changed: this.#changed,
      actionChanged: this.#actionChanged,
      newlyRejected: this.#newlyRejected,
      noLongerRejected: this.#noLongerRejected,
      lowerQuality: this.#lowerQuality,
      higherQuality: this.#higherQuality,
      costsLess: this.#costsLess,
      costsMore: this.#costsMore,
      costMicrocents: this.#cost,
      otherCostMicrocents: this.#otherCost,
      savedMicrocents: this.#cost - this.#otherCost,
      newlyRejectedMicrocents: this.#newlyRejectedCost,
      noLongerRejectedMicrocents: this.#noLongerRejectedCost,
      outcomes: this.#outcomes,
      outcomesUnknown: this.#outcomesUnknown,
      success: this.#success.effect(),
      reward: this.#reward.effect(),
    };
  }
}

/** One measure of outcomes. */
class Measured {
  readonly #difference: DifferenceInterval;
  readonly #value = new EstimatorFold();

  constructor(alpha: number) {
    this.#difference = new DifferenceInterval({ alpha });
  }

  add(row: ComparedRow): void {
    this.#value.add(row);
    this.#difference.add(row);
  }

  effect(): Effect {
    const { dr, support }: Analysis["estimates"] = this.#value.estimates();
    return {
      ...this.#difference.now(),
      value: dr.value,
      valueError: dr.standardError,
      support,
      refusals: refusalsOf(support),
    };
  }
}
