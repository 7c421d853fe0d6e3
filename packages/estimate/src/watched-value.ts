/**
 * The value of one target policy while rows arrive: estimates, an anytime-valid interval, and refusals.
 * @module
 */
import { type Estimates, EstimatorFold, type EstimatorSettings } from "./estimators.ts";
import { type Carried, carryOptional, type FoldNumbers } from "./fold-numbers.ts";
import { hasAllPropensities, type LoggedRow, weightOf } from "./logged-row.ts";
import { type Refusal, refusalsOf } from "./refusals.ts";
import { type Interval, type IntervalSettings, kOfLargestWeight, ValueInterval } from "./value-interval.ts";

/** Number of first rows that determine k; the interval covers the rest. */
const PILOT_ROWS = 100;
const K_MIN = 1;

export interface WatchedSettings extends EstimatorSettings {
  /** The probability that the interval ever misses the value. Default 0.05. */
  readonly alpha?: number;
  /** Fixed in advance: the interval then covers every row. */
  readonly k?: number;
  /** Default 100. */
  readonly pilotRows?: number;
  /** Default `betting`; see {@link IntervalSettings}. */
  readonly method?: NonNullable<IntervalSettings["method"]>;
}

export interface WatchedInterval extends Interval {
  /** Number of rows that the interval covers. */
  readonly rows: number;
  readonly k: number;
  readonly alpha: number;
}

export interface Watched {
  readonly estimates: Estimates;
  /** `undefined` until the pilot rows are complete. */
  readonly interval: WatchedInterval | undefined;
  readonly refusals: readonly Refusal[];
}

/** A fold in constant memory. A log with only the chosen arm's probabilities gets an interval with k = 0. */
export class WatchedValue implements Carried {
  readonly #alpha: number;
  readonly #pilotRows: number;
  readonly #method: NonNullable<IntervalSettings["method"]>;
  readonly #fold: EstimatorFold;
  #interval: ValueInterval | undefined;
  #k = 0;
  #rows = 0;
  #intervalRows = 0;
  #maxWeight = 0;

  /** @throws CalybrisError `CAL_ESTIMATE_SETTING_INVALID`. */
  constructor({ alpha = 0.05, k, pilotRows = PILOT_ROWS, method = "betting", ...settings }: WatchedSettings = {}) {
    this.#alpha = alpha;
    this.#pilotRows = pilotRows;
    this.#method = method;
    this.#fold = new EstimatorFold(settings);
    if (k !== undefined) this.#begin(k);
  }

  /** @throws CalybrisError `CAL_ESTIMATE_ROW_INVALID`; the row is not counted. */
  add(row: LoggedRow): void {
    this.#fold.add(row);
    this.#rows += 1;
    if (this.#interval === undefined && !hasAllPropensities(row)) this.#begin(0);
    if (this.#interval === undefined) {
      this.#pilot(row);
      return;
    }
    this.#interval.add(row);
    this.#intervalRows += 1;
  }

  carry(numbers: FoldNumbers): void {
    this.#fold.carry(numbers);
    const k = carryOptional(numbers, this.#interval === undefined ? undefined : this.#k);
    if (k !== undefined && this.#interval === undefined) this.#begin(k);
    this.#interval?.carry(numbers);
    this.#rows = numbers.number(this.#rows);
    this.#intervalRows = numbers.number(this.#intervalRows);
    this.#maxWeight = numbers.number(this.#maxWeight);
  }

  #pilot(row: LoggedRow): void {
    for (const arm of row.target.keys()) {
      const weight = weightOf(row, arm);
      if (Number.isFinite(weight)) this.#maxWeight = Math.max(this.#maxWeight, weight);
    }
    if (this.#rows >= this.#pilotRows) this.#begin(Math.max(kOfLargestWeight(this.#maxWeight), K_MIN));
  }

  #begin(k: number): void {
    this.#k = k;
    this.#interval = new ValueInterval({ k, alpha: this.#alpha, method: this.#method });
  }

  get interval(): WatchedInterval | undefined {
    if (this.#interval === undefined || this.#intervalRows === 0) return undefined;
    return { ...this.#interval.now(), rows: this.#intervalRows, k: this.#k, alpha: this.#alpha };
  }

  watched(): Watched {
    const estimates = this.#fold.estimates();
    const { interval } = this;
    return { estimates, interval, refusals: refusalsOf(estimates.support, interval) };
  }
}
