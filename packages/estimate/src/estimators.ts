/**
 * Off-policy estimators as a fold over logged rows: the average reward that the target policy would have earned.
 * @module
 */
import { checkSetting } from "./estimate-errors.ts";
import type { Carried, FoldNumbers } from "./fold-numbers.ts";
import { checkRow, type LoggedRow, weightOf } from "./logged-row.ts";
import { type PointEstimate, RunningMean } from "./running-mean.ts";
import { SlopeFold, shrunkWeight, type TunedEstimate } from "./slope-fold.ts";
import { type Support, SupportFold } from "./support.ts";

export interface EstimatorSettings {
  /** Weights above the cap count as the cap, in the estimators named "clipped" and in the diagnostics. Default 20. */
  readonly weightCap?: number;
  /** Above this weight, Switch-DR uses the model alone. Default 10. */
  readonly switchAbove?: number;
  /** The λ of DR with optimistic shrinkage. 0 is the model alone, infinity is DR. Default 100. */
  readonly shrinkage?: number;
  /** Whether SLOPE also chooses the constants of Switch-DR and of shrinkage. Default false. */
  readonly isTuned?: boolean;
}

export interface Estimates {
  /** Number of rows with an outcome, which the estimates use. */
  readonly rows: number;
  /** Importance weighting, mean(wR): unbiased, high variance. */
  readonly ips: PointEstimate;
  /** The same with capped weights: biased low by the clipped part. */
  readonly ipsClipped: PointEstimate;
  /** Self-normalised, Σ(wR)/Σw: a bias of order 1/n, and much less variance. */
  readonly snips: PointEstimate;
  /** The model alone, mean(Σ π q̂): as accurate as the model. */
  readonly dm: PointEstimate;
  /** Doubly robust, mean(Σ π q̂ + w(R − q̂)): unbiased if the propensities or the model are right. */
  readonly dr: PointEstimate;
  readonly drClipped: PointEstimate;
  /** Doubly robust with a self-normalised correction. */
  readonly sndr: number;
  readonly switchDr: PointEstimate;
  readonly drShrunk: PointEstimate;
  /** With constants chosen by SLOPE, if `isTuned` is set. They have no anytime-valid interval. */
  readonly tuned: { readonly switchDr: TunedEstimate; readonly drShrunk: TunedEstimate } | undefined;
  /** `dr` if every missing outcome were 0, and if every one were 1: bounds for any pattern of missing outcomes. */
  readonly drIfMissing: readonly [number, number];
  readonly support: Support;
}

/**
 * Takes rows, and returns all estimates at any time, in constant memory.
 *
 * Guarantee: equals the formulas of the sources to 6 digits on the reference values (`test/reference.test.ts`). If the
 * logged probabilities are right, `ips` and `dr` are unbiased.
 *
 * Sources: Horvitz and Thompson 1952 (IPS); Swaminathan and Joachims 2015 (SNIPS); Dudík, Langford and Li 2011 (DR);
 * Wang, Agarwal and Dudík 2017 (Switch-DR); Su, Dimakopoulou, Krishnamurthy and Dudík 2020 (shrinkage).
 *
 * @example
 * Two arms, each logged half of the time; the target always chooses the first.
 * ```ts
 * import { EstimatorFold } from "@calybris/estimate";
 * const fold = new EstimatorFold();
 * const row = { logged: [0.5, 0.5], target: [1, 0], predicted: [0.5, 0.5] };
 * fold.add({ ...row, chosen: 0, reward: 1 });
 * fold.add({ ...row, chosen: 1, reward: 0 });
 * fold.estimates().dr.value; // 1
 * ```
 */
export class EstimatorFold implements Carried {
  readonly #cap: number;
  readonly #switchAbove: number;
  readonly #shrinkage: number;
  readonly #support: SupportFold;
  readonly #ips = new RunningMean();
  readonly #ipsClipped = new RunningMean();
  readonly #dm = new RunningMean();
  readonly #dr = new RunningMean();
  readonly #drClipped = new RunningMean();
  readonly #switchDr = new RunningMean();
  readonly #drShrunk = new RunningMean();
  readonly #slope: SlopeFold | undefined;
  readonly #ifMissingWereZero = new RunningMean();
  readonly #ifMissingWereOne = new RunningMean();
  /** Σ w, Σ wR, Σ w(R − q̂), and Σ w² times 1, R and R². */
  #weights = 0;
  #rewards = 0;
  #corrections = 0;
  #squares = 0;
  #squaresByReward = 0;
  #squaresByRewards = 0;

  /** @throws CalybrisError `CAL_ESTIMATE_SETTING_INVALID`. */
  constructor({ weightCap = 20, switchAbove = 10, shrinkage = 100, isTuned = false }: EstimatorSettings = {}) {
    checkSetting("weightCap", weightCap, weightCap > 0, "above 0");
    checkSetting("switchAbove", switchAbove, switchAbove >= 0, "0 or more");
    checkSetting("shrinkage", shrinkage, shrinkage >= 0, "0 or more");
    this.#cap = weightCap;
    this.#switchAbove = switchAbove;
    this.#shrinkage = shrinkage;
    this.#support = new SupportFold(weightCap);
    this.#slope = isTuned ? new SlopeFold() : undefined;
  }

  /** @throws CalybrisError `CAL_ESTIMATE_ROW_INVALID`; the row is not counted. */
  add(row: LoggedRow): void {
    checkRow(row, this.#support.rows + 1);
    const weight = weightOf(row, row.chosen);
    const predicted = row.predicted[row.chosen] ?? 0;
    const byModel = row.target.reduce((sum, share, arm) => sum + share * (row.predicted[arm] ?? 0), 0);
    this.#support.add(row, weight);
    this.#ifMissingWereZero.add(byModel + weight * ((row.reward ?? 0) - predicted));
    this.#ifMissingWereOne.add(byModel + weight * ((row.reward ?? 1) - predicted));
    if (row.reward !== undefined) this.#addKnown(row.reward, weight, predicted, byModel);
  }

  #addKnown(reward: number, weight: number, predicted: number, byModel: number): void {
    const rest = reward - predicted;
    const clipped = Math.min(weight, this.#cap);
    this.#ips.add(weight * reward);
    this.#ipsClipped.add(clipped * reward);
    this.#dm.add(byModel);
    this.#dr.add(byModel + weight * rest);
    this.#drClipped.add(byModel + clipped * rest);
    this.#switchDr.add(byModel + (weight <= this.#switchAbove ? weight * rest : 0));
    this.#drShrunk.add(byModel + shrunkWeight(weight, this.#shrinkage) * rest);
    this.#slope?.add(weight, byModel, rest);
    this.#weights += weight;
    this.#rewards += weight * reward;
    this.#corrections += weight * rest;
    this.#squares += weight ** 2;
    this.#squaresByReward += weight ** 2 * reward;
    this.#squaresByRewards += weight ** 2 * reward ** 2;
  }

  carry(numbers: FoldNumbers): void {
    this.#support.carry(numbers);
    for (const mean of this.#means) mean.carry(numbers);
    this.#slope?.carry(numbers);
    this.#weights = numbers.number(this.#weights);
    this.#rewards = numbers.number(this.#rewards);
    this.#corrections = numbers.number(this.#corrections);
    this.#squares = numbers.number(this.#squares);
    this.#squaresByReward = numbers.number(this.#squaresByReward);
    this.#squaresByRewards = numbers.number(this.#squaresByRewards);
  }

  get #means(): readonly RunningMean[] {
    const known = [this.#ips, this.#ipsClipped, this.#dm, this.#dr, this.#drClipped, this.#switchDr, this.#drShrunk];
    return [...known, this.#ifMissingWereZero, this.#ifMissingWereOne];
  }

  estimates(): Estimates {
    const snips = this.#rewards / this.#weights;
    const squaredError = this.#squaresByRewards - 2 * snips * this.#squaresByReward + snips ** 2 * this.#squares;
    return {
      rows: this.#ips.count,
      ips: point(this.#ips),
      ipsClipped: point(this.#ipsClipped),
      snips: { value: snips, standardError: Math.sqrt(Math.max(squaredError, 0)) / this.#weights },
      dm: point(this.#dm),
      dr: point(this.#dr),
      drClipped: point(this.#drClipped),
      sndr: this.#dm.mean + this.#corrections / this.#weights,
      switchDr: point(this.#switchDr),
      drShrunk: point(this.#drShrunk),
      tuned: this.#slope === undefined ? undefined : { switchDr: this.#slope.switchDr, drShrunk: this.#slope.drShrunk },
      drIfMissing: [this.#ifMissingWereZero.mean, this.#ifMissingWereOne.mean],
      support: this.#support.support(),
    };
  }
}

function point(series: RunningMean): PointEstimate {
  return { value: series.count === 0 ? Number.NaN : series.mean, standardError: series.standardError };
}
