/**
 * Whether a candidate policy beats the incumbent by more than a margin, however often somebody looks.
 * @module
 */
import { BettingScale } from "./betting-scale.ts";
import { checkSetting, estimateError } from "./estimate-errors.ts";
import { checkRow, hasAllPropensities, type LoggedRow } from "./logged-row.ts";
import { RunningMean } from "./running-mean.ts";

/** A row in which `target` is the candidate policy. */
export interface ComparedRow extends LoggedRow {
  /** The probability with which the incumbent policy chooses each arm. */
  readonly incumbent: readonly number[];
}

export interface DifferenceSettings {
  /** The largest |w| that predictions are kept whole for; half of the largest weight is a good choice. */
  readonly k: number;
  /** The difference to exceed, from −1 to 1; below 0 it is a test of non-inferiority. */
  readonly margin: number;
  /** The probability of a false promotion, at whatever time it is looked at. */
  readonly alpha: number;
}

/**
 * A fold that bets on D, whose mean is the value of the candidate less that of the incumbent and which is at least −k − 1.
 *
 * Guarantee: if the difference is at most `margin`, the test passes at any time with probability at most `alpha`.
 *
 * Source: arXiv 2210.10768 for the process; Ville's inequality for the guarantee.
 */
export class DifferenceTest {
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
    this.#scale = new BettingScale(alpha);
  }

  /** @throws CalybrisError `CAL_ESTIMATE_ROW_INVALID`, also for a row without an outcome or without every probability. */
  add(row: ComparedRow): void {
    const difference = this.#differenceOf(row);
    const bet = Math.min(this.#scale.next(), 0.5 / (this.#k + 1 + this.#margin));
    this.#scale.add(difference);
    this.#mean.add(difference);
    this.#logWealth += Math.log1p(bet * (difference - this.#margin));
    if (this.#logWealth >= this.#logTarget) this.#passedAt ??= this.#mean.count;
  }

  #differenceOf(row: ComparedRow): number {
    const number = this.#mean.count + 1;
    checkRow(row, number);
    checkRow({ ...row, target: row.incumbent }, number);
    if (!hasAllPropensities(row) || row.reward === undefined)
      throw estimateError("CAL_ESTIMATE_ROW_INVALID", {
        row: number,
        field: row.reward === undefined ? "reward" : "logged",
        problem: "must be known for a comparison",
      });
    const shares = row.target.map((share, arm) => share - (row.incumbent[arm] ?? 0));
    const cut = (arm: number): number =>
      cutPrediction(row.predicted[arm] ?? 0, shares[arm] ?? 0, row.logged[arm] ?? 0, this.#k);
    const weight = (shares[row.chosen] ?? 0) / (row.logged[row.chosen] ?? 1);
    const corrected = weight * (row.reward - cut(row.chosen));
    return shares.reduce((sum, share, arm) => sum + share * cut(arm), corrected);
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

  /** The row, from 1, with which the test passed; `undefined` while it has not. Once passed, it stays passed. */
  get passedAt(): number | undefined {
    return this.#passedAt;
  }
}

/** The prediction that keeps D at least −k − 1: cut above where the weight is positive, below where it is negative. */
function cutPrediction(predicted: number, share: number, logged: number, k: number): number {
  if (share === 0) return predicted;
  if (share > 0) return Math.min(predicted, (k * logged) / share);
  return Math.max(predicted, 1 - (k * logged) / -share);
}
