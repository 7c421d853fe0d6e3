/**
 * Tests whether a candidate policy beats the incumbent by more than a margin. Valid at any time.
 * @module
 */
import { BettingScale } from "./betting-scale.ts";
import { checkSetting, estimateError } from "./estimate-errors.ts";
import { type Carried, carryOptional, type FoldNumbers } from "./fold-numbers.ts";
import { checkRow, hasAllPropensities, type LoggedRow } from "./logged-row.ts";
import { RunningMean } from "./running-mean.ts";

/** The difference counts as 0 before the first row. */
const PRIOR_MEAN = 0;

/** A row in which `target` is the candidate policy. */
export interface ComparedRow extends LoggedRow {
  /** The probability with which the incumbent policy chooses each arm. */
  readonly incumbent: readonly number[];
}

export interface DifferenceSettings {
  /** Predictions are used unclipped up to this |w|; half of the largest weight is a good choice. */
  readonly k: number;
  /** The difference to exceed, from −1 to 1; a negative margin makes it a test of non-inferiority. */
  readonly margin: number;
  /** The probability of a false promotion, at any number of looks. */
  readonly alpha: number;
}

/**
 * A fold that bets on D. The mean of D is the candidate's value minus the incumbent's; D is at least −k − 1.
 *
 * Guarantee: if the difference is at most `margin`, the probability that the test ever passes is at most `alpha`.
 *
 * Source: arXiv 2210.10768 for the process; Ville's inequality for the guarantee.
 */
export class DifferenceTest implements Carried {
  readonly #k: number;
  readonly #margin: number;
  readonly #logTarget: number;
  readonly #scale: BettingScale;
  readonly #mean = new RunningMean();
  #logWealth = 0;
  #passedAt: number | undefined;

  /** @throws CalybrisError `CAL_ESTIMATE_SETTING_INVALID`. */
  constructor({ k, margin, alpha }: DifferenceSettings) {
    checkSetting("k", k, k >= 0 && Number.isFinite(k), "0 or more");
    checkSetting("margin", margin, margin > -1 && margin < 1, "between -1 and 1");
    checkSetting("alpha", alpha, alpha > 0 && alpha < 1, "between 0 and 1");
    this.#k = k;
    this.#margin = margin;
    this.#logTarget = Math.log(1 / alpha);
    this.#scale = new BettingScale(alpha, PRIOR_MEAN);
  }

  /** @throws CalybrisError `CAL_ESTIMATE_ROW_INVALID`, also for a row without an outcome or without every probability. */
  add(row: ComparedRow): void {
    checkComparedRow(row, this.#mean.count + 1);
    const difference = differenceOf(row, this.#k);
    const bet = Math.min(this.#scale.next(), 0.5 / (this.#k + 1 + this.#margin));
    this.#scale.add(difference);
    this.#mean.add(difference);
    this.#logWealth += Math.log1p(bet * (difference - this.#margin));
    if (this.#logWealth >= this.#logTarget) this.#passedAt ??= this.#mean.count;
  }

  carry(numbers: FoldNumbers): void {
    this.#scale.carry(numbers);
    this.#mean.carry(numbers);
    this.#logWealth = numbers.number(this.#logWealth);
    this.#passedAt = carryOptional(numbers, this.#passedAt);
  }

  get rows(): number {
    return this.#mean.count;
  }

  /** The mean of D. */
  get difference(): number {
    return this.#mean.mean;
  }

  get logWealth(): number {
    return this.#logWealth;
  }

  /** The row, from 1, at which the test passed; `undefined` before. A passed test stays passed. */
  get passedAt(): number | undefined {
    return this.#passedAt;
  }
}

/**
 * Throws unless two policies can be compared on the row.
 *
 * @param number - the row's number in its log, from 1, for the error.
 * @throws CalybrisError `CAL_ESTIMATE_ROW_INVALID`, also for a row without an outcome or without every probability.
 */
export function checkComparedRow(row: ComparedRow, number: number): void {
  checkRow(row, number);
  if (row.incumbent !== row.logged) checkRow({ ...row, target: row.incumbent }, number);
  if (hasAllPropensities(row) && row.reward !== undefined) return;
  throw estimateError("CAL_ESTIMATE_ROW_INVALID", {
    row: number,
    field: row.reward === undefined ? "reward" : "logged",
    problem: "must be known for a comparison",
  });
}

/**
 * D of a valid row: the candidate's expected reward minus the incumbent's; at least −k − 1.
 *
 * @param sign - −1 swaps candidate and incumbent.
 */
export function differenceOf(row: ComparedRow, k: number, sign: 1 | -1 = 1): number {
  const { target, incumbent, logged, predicted, chosen, reward = 0 } = row;
  let difference = 0;
  for (let arm = 0; arm < target.length; arm += 1) {
    const share = sign * ((target[arm] ?? 0) - (incumbent[arm] ?? 0));
    if (share === 0) continue;
    const cut = cutPrediction(predicted[arm] ?? 0, share, logged[arm] ?? 0, k);
    difference += share * cut;
    if (arm === chosen) difference += (share / (logged[arm] ?? 1)) * (reward - cut);
  }
  return difference;
}

/** Clips a prediction so that D is at least −k − 1: from above for a positive weight, from below for a negative one. */
function cutPrediction(predicted: number, share: number, logged: number, k: number): number {
  if (share > 0) return Math.min(predicted, (k * logged) / share);
  return Math.max(predicted, 1 - (k * logged) / -share);
}
