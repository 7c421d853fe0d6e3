/**
 * The difference between a candidate policy and the incumbent, as an interval that is valid at any time.
 * @module
 */
import { DriftingBound } from "./bernstein-bound.ts";
import { BettingBound } from "./betting-bound.ts";
import { checkComparedRow, type ComparedRow, differenceOf } from "./difference-test.ts";
import { checkSetting } from "./estimate-errors.ts";
import { RunningMean } from "./running-mean.ts";
import { kOfLargestWeight } from "./value-interval.ts";

export interface DifferenceIntervalSettings {
  /** The probability that the interval ever misses the difference. Default 0.05. */
  readonly alpha?: number;
  /**
   * Fixed in advance: the interval then covers every row. By default, the first rows determine it, and the interval covers
   * the rest.
   */
  readonly k?: number;
  /** Number of rows that determine k. Default 100. */
  readonly pilotRows?: number;
  /**
   * `drifting` (default) covers the average difference so far even if it changes over time, as it does while an incumbent
   * learns. `betting` is narrower, but assumes a constant difference.
   */
  readonly method?: "drifting" | "betting";
}

/** The difference so far. Rewards are from 0 to 1, so it is from −1 to 1. */
export interface Difference {
  /** The mean over every row; do not act on it without the interval. */
  readonly difference: number;
  /** Assumes independent rows and a single look at the end. */
  readonly standardError: number;
  readonly lower: number;
  readonly upper: number;
  /** Number of rows added, and of those that the interval covers. */
  readonly rows: number;
  readonly intervalRows: number;
  readonly k: number;
}

/** A one-sided bound. */
interface Bound {
  add(value: number): void;
  readonly bound: number | undefined;
}

const PILOT_ROWS = 100;
const K_MIN = 1;

/**
 * A fold in constant memory. An arm that only the candidate chooses and the log never does counts as 0 for the lower bound
 * and as 1 for the upper, so the interval covers any reward of that arm.
 *
 * Guarantee: the probability that it ever misses the difference is at most `alpha`.
 *
 * Source: arXiv 2210.10768, sections 3 and 4, on (D + 1)/2, whose mean lies between 0 and 1 and which is at least −k/2.
 *
 * @example
 * Two arms, each logged half of the time; the candidate always chooses the better one.
 * ```ts
 * import { DifferenceInterval } from "@calybris/estimate";
 * const interval = new DifferenceInterval({ k: 2 });
 * const row = { logged: [0.5, 0.5], target: [1, 0], incumbent: [0.5, 0.5], predicted: [0.5, 0.5] };
 * for (let pair = 0; pair < 400; pair += 1) {
 *   interval.add({ ...row, chosen: 0, reward: 1 });
 *   interval.add({ ...row, chosen: 1, reward: 0 });
 * }
 * interval.now().difference; // 0.5
 * interval.now().lower > 0.3; // true
 * ```
 */
export class DifferenceInterval {
  readonly #alpha: number;
  readonly #method: "drifting" | "betting";
  readonly #pilotRows: number;
  readonly #mean = new RunningMean();
  #k: number | undefined;
  #lower: Bound | undefined;
  #upper: Bound | undefined;
  #intervalRows = 0;
  #maxWeight = 0;

  /** @throws CalybrisError `CAL_ESTIMATE_SETTING_INVALID`. */
  constructor({ alpha = 0.05, k, pilotRows = PILOT_ROWS, method = "drifting" }: DifferenceIntervalSettings = {}) {
    checkSetting("alpha", alpha, alpha > 0 && alpha < 1, "between 0 and 1");
    checkSetting("k", k ?? 0, k === undefined || (k >= 0 && Number.isFinite(k)), "0 or more");
    this.#alpha = alpha;
    this.#method = method;
    this.#pilotRows = pilotRows;
    if (k !== undefined) this.#begin(k);
  }

  /** @throws CalybrisError `CAL_ESTIMATE_ROW_INVALID`, also for a row without an outcome; an invalid row is not counted. */
  add(row: ComparedRow): void {
    checkComparedRow(row, this.#mean.count + 1);
    this.#mean.add(differenceOf(row, Number.MAX_VALUE));
    if (this.#k === undefined) {
      this.#pilot(row);
      return;
    }
    this.#lower?.add((differenceOf(row, this.#k) + 1) / 2);
    this.#upper?.add((differenceOf(row, this.#k, -1) + 1) / 2);
    this.#intervalRows += 1;
  }

  #pilot(row: ComparedRow): void {
    for (const [arm, share] of row.target.entries()) {
      const logged = row.logged[arm] ?? 0;
      if (logged > 0) this.#maxWeight = Math.max(this.#maxWeight, Math.abs(share - (row.incumbent[arm] ?? 0)) / logged);
    }
    if (this.#mean.count >= this.#pilotRows) this.#begin(Math.max(kOfLargestWeight(this.#maxWeight), K_MIN));
  }

  #begin(k: number): void {
    const Side = this.#method === "betting" ? BettingBound : DriftingBound;
    this.#k = k;
    this.#lower = new Side(k / 2, this.#alpha / 2);
    this.#upper = new Side(k / 2, this.#alpha / 2);
  }

  now(): Difference {
    const { count, mean, standardError } = this.#mean;
    return {
      difference: count === 0 ? Number.NaN : mean,
      standardError,
      lower: Math.max(-1, 2 * (this.#lower?.bound ?? 0) - 1),
      upper: Math.min(1, 1 - 2 * (this.#upper?.bound ?? 0)),
      rows: count,
      intervalRows: this.#intervalRows,
      k: this.#k ?? 0,
    };
  }
}
