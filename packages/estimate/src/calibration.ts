/**
 * Checks whether a learner's predictions match the observations: by regime and tier, with anytime-valid intervals.
 * @module
 */
import { BPS_MAX, type OutcomeEntry, TIER_COUNT_MAX } from "@calybris/kernel";
import { DriftingBound } from "./bernstein-bound.ts";
import { checkSetting } from "./estimate-errors.ts";
import { type Carried, carryWhole, type FoldNumbers } from "./fold-numbers.ts";
import { RunningMean } from "./running-mean.ts";

export interface CalibrationSettings {
  /** The probability that an unbiased learner ever has a cell reported as biased. Default 0.05. */
  readonly alpha?: number;
  /** A bias up to this share of the largest reward is not reported. Default 0.01. */
  readonly tolerance?: number;
}

/** One regime and tier. Rewards are shares of the largest reward, 0 to 1. */
export interface CalibrationCell {
  readonly regime: number;
  readonly tier: number;
  readonly rows: number;
  readonly predicted: number;
  readonly observed: number;
  /** Interval of the mean of observed minus predicted; all cells share the error probability. */
  readonly biasLower: number;
  readonly biasUpper: number;
  readonly isBiased: boolean;
}

/** Eight regimes, and the warm-up. */
const REGIMES = 9;

type Predicted = Pick<OutcomeEntry, "regime" | "tier" | "candidate" | "treated" | "rewardBps">;

interface Cell {
  readonly regime: number;
  readonly tier: number;
  readonly predicted: RunningMean;
  readonly observed: RunningMean;
  readonly above: DriftingBound;
  readonly below: DriftingBound;
}

/**
 * A fold over outcome entries, in constant memory. It only reports, and never affects decisions.
 *
 * Guarantee: if no prediction is biased, the probability that a cell is ever reported as biased is at most `alpha`. Each of
 * the 72 possible cells has an equal share of it (Bonferroni).
 *
 * Source: arXiv 2210.10768, section 4, on (observed − predicted + 1)/2.
 *
 * @example
 * A tier that is predicted to earn 0.9 and earns nothing.
 * ```ts
 * import { CalibrationFold } from "@calybris/estimate";
 * const fold = new CalibrationFold();
 * const treated = [{ candidateId: 1, propensity: 2 ** 32, predictedBps: 9_000 }];
 * for (let row = 0; row < 200; row += 1) fold.add({ regime: 0, tier: 1, candidate: 1, treated, rewardBps: 0 });
 * fold.cells()[0]?.isBiased; // true
 * ```
 */
export class CalibrationFold implements Carried {
  readonly #level: number;
  readonly #tolerance: number;
  readonly #cells = new Map<number, Cell>();

  /** @throws CalybrisError `CAL_ESTIMATE_SETTING_INVALID`. */
  constructor({ alpha = 0.05, tolerance = 0.01 }: CalibrationSettings = {}) {
    checkSetting("alpha", alpha, alpha > 0 && alpha < 1, "between 0 and 1");
    checkSetting("tolerance", tolerance, tolerance >= 0 && tolerance < 1, "from 0 to below 1");
    this.#level = alpha / (2 * REGIMES * TIER_COUNT_MAX);
    this.#tolerance = tolerance;
  }

  /** Adds an outcome. Ignored if it has no regime, or no prediction for the candidate that ran. */
  add({ regime, tier, candidate, treated, rewardBps }: Predicted): void {
    const predictedBps = treated?.find(({ candidateId }) => candidateId === candidate)?.predictedBps;
    if (regime === undefined || predictedBps === undefined) return;
    const cell = this.#cell(regime, tier);
    const [predicted, observed] = [predictedBps / BPS_MAX, rewardBps / BPS_MAX];
    cell.predicted.add(predicted);
    cell.observed.add(observed);
    cell.above.add((observed - predicted + 1) / 2);
    cell.below.add((predicted - observed + 1) / 2);
  }

  #cell(regime: number, tier: number): Cell {
    const key = regime * TIER_COUNT_MAX + tier;
    const known = this.#cells.get(key);
    if (known !== undefined) return known;
    const cell: Cell = {
      regime,
      tier,
      predicted: new RunningMean(),
      observed: new RunningMean(),
      above: new DriftingBound(0, this.#level),
      below: new DriftingBound(0, this.#level),
    };
    this.#cells.set(key, cell);
    return cell;
  }

  carry(numbers: FoldNumbers): void {
    const known = [...this.#cells.keys()];
    const count = carryWhole(numbers, known.length, REGIMES * TIER_COUNT_MAX);
    for (let at = 0; at < count; at += 1) {
      const key = carryWhole(numbers, known[at] ?? 0, REGIMES * TIER_COUNT_MAX - 1);
      const cell = this.#cell(Math.floor(key / TIER_COUNT_MAX), key % TIER_COUNT_MAX);
      for (const part of [cell.predicted, cell.observed, cell.above, cell.below]) part.carry(numbers);
    }
  }

  /** By regime, then by tier. */
  cells(): readonly CalibrationCell[] {
    return [...this.#cells]
      .sort(([one], [other]) => one - other)
      .map(([, { regime, tier, predicted, observed, above, below }]) => {
        const biasLower = 2 * above.now - 1;
        const biasUpper = 1 - 2 * below.now;
        const isBiased = biasLower > this.#tolerance || biasUpper < -this.#tolerance;
        const [predictedMean, observedMean] = [predicted.mean, observed.mean];
        const means = { rows: observed.count, predicted: predictedMean, observed: observedMean };
        return { regime, tier, ...means, biasLower, biasUpper, isBiased };
      });
  }
}
