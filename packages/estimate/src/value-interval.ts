/**
 * An anytime-valid interval for the value of a target policy.
 * @module
 */
import { BernsteinBound, DriftingBound } from "./bernstein-bound.ts";
import { BettingBound } from "./betting-bound.ts";
import { checkSetting } from "./estimate-errors.ts";
import type { Carried, FoldNumbers } from "./fold-numbers.ts";
import { checkRow, type LoggedRow } from "./logged-row.ts";
import { pseudoReward } from "./pseudo-reward.ts";

export interface IntervalSettings {
  /**
   * Predictions are clipped if the weight is above k. It must be fixed before the rows that the interval covers: see
   * `kOfLargestWeight`.
   */
  readonly k: number;
  /** The probability that the interval ever misses the value. Default 0.05. */
  readonly alpha?: number;
  /**
   * `betting` (default) is the narrowest; `bernstein` needs no grid; `drifting` covers the average value so far if the value
   * changes over time.
   */
  readonly method?: "betting" | "bernstein" | "drifting";
}

/** A one-sided bound. */
interface Bound extends Carried {
  add(value: number): void;
  /** The tightest bound so far, if earlier bounds stay valid; `undefined` if there is none. */
  readonly bound: number | undefined;
}

export interface Interval {
  readonly lower: number;
  readonly upper: number;
  /** Whether every value is refuted, which means that the rows contradict their propensities. */
  readonly isEmpty: boolean;
}

/**
 * The bounds of both sides as a fold, in constant memory. A missing outcome counts as 0 for the lower bound and as 1 for the
 * upper, so the interval covers any value of it.
 *
 * @example
 * After a hundred rewards of 1 under the target policy itself.
 * ```ts
 * import { ValueInterval } from "@calybris/estimate";
 * const interval = new ValueInterval({ k: 1 });
 * for (let row = 0; row < 100; row += 1)
 *   interval.add({ logged: [1], target: [1], predicted: [0], chosen: 0, reward: 1 });
 * const { lower, upper } = interval.now();
 * lower > 0.8; // true
 * upper; // 1
 * ```
 */
export class ValueInterval implements Carried {
  readonly #k: number;
  readonly #lower: Bound;
  readonly #upper: Bound;
  #rows = 0;

  /** @throws CalybrisError `CAL_ESTIMATE_SETTING_INVALID`. */
  constructor({ k, alpha = 0.05, method = "betting" }: IntervalSettings) {
    checkSetting("k", k, k >= 0 && Number.isFinite(k), "0 or more");
    checkSetting("alpha", alpha, alpha > 0 && alpha < 1, "between 0 and 1");
    this.#k = k;
    const Side = { betting: BettingBound, bernstein: BernsteinBound, drifting: DriftingBound }[method];
    this.#lower = new Side(k, alpha / 2);
    this.#upper = new Side(k, alpha / 2);
  }

  /** @throws CalybrisError `CAL_ESTIMATE_ROW_INVALID`; the row is not counted. */
  add(row: LoggedRow): void {
    checkRow(row, this.#rows + 1);
    const lower = pseudoReward(row, this.#k, "lower", this.#rows + 1);
    this.#lower.add(lower);
    this.#upper.add(pseudoReward(row, this.#k, "upper", this.#rows + 1));
    this.#rows += 1;
  }

  carry(numbers: FoldNumbers): void {
    this.#lower.carry(numbers);
    this.#upper.carry(numbers);
    this.#rows = numbers.number(this.#rows);
  }

  now(): Interval {
    const lower = this.#lower.bound ?? 0;
    const upper = 1 - (this.#upper.bound ?? 0);
    return { lower, upper, isEmpty: lower > upper || lower >= 1 || upper <= 0 };
  }
}

/**
 * The recommended k for a largest weight: half of it. Take `weight` from the propensities that a policy guarantees (with
 * exploration ε over K arms, K/ε), or from rows before those that the interval covers. `docs/estimate.md` shows the widths
 * for other choices.
 */
export function kOfLargestWeight(weight: number): number {
  return weight / 2;
}
