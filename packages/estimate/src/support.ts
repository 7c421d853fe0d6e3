/**
 * Diagnostics of how well a log supports estimates of a target policy.
 * @module
 */
import type { Carried, FoldNumbers } from "./fold-numbers.ts";
import { hasAllPropensities, type LoggedRow, weightOf } from "./logged-row.ts";
import { RunningMean } from "./running-mean.ts";

export interface Support {
  /** Number of rows added, with and without an outcome. */
  readonly rows: number;
  /** Number of rows without an outcome. */
  readonly missing: number;
  /** Number of rows with only the chosen arm's probability. Figures that need the other arms exclude them. */
  readonly chosenOnly: number;
  /** (Σw)²/Σw² over rows with an outcome: the number of equally weighted rows with as much information. */
  readonly effectiveRows: number;
  readonly meanWeight: number;
  /** Standard error of the mean weight. */
  readonly meanWeightError: number;
  readonly maxWeight: number;
  /**
   * The largest weight that any arm of a row has, drawn or not. For rows with one probability, the weight of the chosen arm.
   */
  readonly maxPossibleWeight: number;
  /** Number of rows whose weight is above the cap. */
  readonly rowsClipped: number;
  /** The share of all weight that lies above the cap. */
  readonly weightMassClipped: number;
  /** The mean share of the target's choices on arms that the log never chooses. No estimator covers them. */
  readonly targetMassUnlogged: number;
  /** The mean share of the target's choices that the cap clips. */
  readonly targetMassClipped: number;
}

export class SupportFold implements Carried {
  readonly #cap: number;
  readonly #weights = new RunningMean();
  readonly #unlogged = new RunningMean();
  readonly #clipped = new RunningMean();
  rows = 0;
  #missing = 0;
  #squares = 0;
  #max = 0;
  #maxPossible = 0;
  #rowsClipped = 0;
  #weightAbove = 0;

  constructor(cap: number) {
    this.#cap = cap;
  }

  /** @param weight - weight of the chosen arm. */
  add(row: LoggedRow, weight: number): void {
    this.rows += 1;
    this.#maxPossible = Math.max(this.#maxPossible, weight);
    this.#addTarget(row);
    if (row.reward === undefined) {
      this.#missing += 1;
      return;
    }
    this.#weights.add(weight);
    this.#squares += weight ** 2;
    this.#max = Math.max(this.#max, weight);
    if (weight <= this.#cap) return;
    this.#rowsClipped += 1;
    this.#weightAbove += weight - this.#cap;
  }

  carry(numbers: FoldNumbers): void {
    this.#weights.carry(numbers);
    this.#unlogged.carry(numbers);
    this.#clipped.carry(numbers);
    this.rows = numbers.number(this.rows);
    this.#missing = numbers.number(this.#missing);
    this.#squares = numbers.number(this.#squares);
    this.#max = numbers.number(this.#max);
    this.#maxPossible = numbers.number(this.#maxPossible);
    this.#rowsClipped = numbers.number(this.#rowsClipped);
    this.#weightAbove = numbers.number(this.#weightAbove);
  }

  #addTarget(row: LoggedRow): void {
    if (!hasAllPropensities(row)) return;
    let unlogged = 0;
    let clipped = 0;
    row.target.forEach((share, arm) => {
      if (share > 0 && row.logged[arm] === 0) unlogged += share;
      else {
        const possible = weightOf(row, arm);
        this.#maxPossible = Math.max(this.#maxPossible, possible);
        clipped += share * (1 - Math.min(1, this.#cap / possible));
      }
    });
    this.#unlogged.add(unlogged);
    this.#clipped.add(clipped);
  }

  support(): Support {
    const { count, mean, standardError } = this.#weights;
    const sum = count * mean;
    return {
      rows: this.rows,
      missing: this.#missing,
      chosenOnly: this.rows - this.#unlogged.count,
      effectiveRows: this.#squares === 0 ? 0 : sum ** 2 / this.#squares,
      meanWeight: mean,
      meanWeightError: standardError,
      maxWeight: this.#max,
      maxPossibleWeight: this.#maxPossible,
      rowsClipped: this.#rowsClipped,
      weightMassClipped: sum === 0 ? 0 : this.#weightAbove / sum,
      targetMassUnlogged: this.#unlogged.mean,
      targetMassClipped: this.#clipped.mean,
    };
  }
}
