/**
 * An outcome as a row that compares another policy with what ran. Arms are candidates; the incumbent is the journal itself.
 * @module
 */
import { type ComparedRow, outcomeRow } from "@calybris/estimate";
import { BPS_MAX, type OutcomeEntry } from "@calybris/kernel";
import type { Possible } from "./possible.ts";

/** The part of an outcome that estimates use. */
export type EstimatedOutcome = Pick<
  OutcomeEntry,
  "of" | "candidate" | "base" | "treated" | "successBps" | "rewardBps" | "propensity" | "holdout"
>;

/** Two rows with the same arms: one for success, and one for the reward net of cost and delay. */
export interface ComparedOutcome {
  readonly success: ComparedRow;
  readonly reward: ComparedRow;
}

/**
 * @param other - the distribution of the other policy.
 * @param predictedSuccess - by candidate, from earlier outcomes.
 */
export function comparedOutcome(
  outcome: EstimatedOutcome,
  holdoutBps: number,
  other: Possible,
  isObserved: boolean,
  predictedSuccess: (candidate: number) => number,
): ComparedOutcome {
  const learned = isObserved ? undefined : outcomeRow(outcome, holdoutBps);
  const ids = learned === undefined ? [outcome.candidate] : [...learned.candidates];
  const logged: number[] = learned === undefined ? [1] : (learned.logged.logged as number[]).slice();
  const predicted = learned === undefined ? [outcome.rewardBps / BPS_MAX] : [...learned.logged.predicted];
  const target = ids.map(() => 0);
  for (const [at, id] of other.ids.entries()) {
    let arm = ids.indexOf(id);
    if (arm === -1) {
      arm = ids.push(id) - 1;
      logged.push(0);
      predicted.push(0);
      target.push(0);
    }
    target[arm] = (target[arm] ?? 0) + (other.shares[at] ?? 0);
  }
  const row = { logged, incumbent: logged, target, chosen: ids.indexOf(outcome.candidate) };
  return {
    success: { ...row, predicted: ids.map(predictedSuccess), reward: outcome.successBps / BPS_MAX },
    reward: { ...row, predicted, reward: outcome.rewardBps / BPS_MAX },
  };
}

/** The mean success of each candidate so far. Its catalog quality counts as ten observations. */
export class SuccessSoFar {
  readonly #sums = new Map<number, { sum: number; count: number }>();
  readonly #qualityBps: (candidate: number) => number;

  constructor(qualityBps: (candidate: number) => number) {
    this.#qualityBps = qualityBps;
  }

  readonly of = (candidate: number): number => {
    if (candidate <= 0) return 0;
    const { sum, count } = this.#sums.get(candidate) ?? { sum: 0, count: 0 };
    return (SEEN * (this.#qualityBps(candidate) / BPS_MAX) + sum) / (SEEN + count);
  };

  add({ candidate, successBps }: EstimatedOutcome): void {
    const seen = this.#sums.get(candidate) ?? { sum: 0, count: 0 };
    seen.sum += successBps / BPS_MAX;
    seen.count += 1;
    this.#sums.set(candidate, seen);
  }
}

const SEEN = 10;
