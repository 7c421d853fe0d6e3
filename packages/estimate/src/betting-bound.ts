/**
 * A lower bound of a mean, by betting against each possible value.
 * @module
 */
import { BettingScale } from "./betting-scale.ts";
import type { Carried, FoldNumbers } from "./fold-numbers.ts";

/** Upper limit of a bet, so that no number (all are at least −k) can take more than half of the wealth. */
const BET_SHARE_MAX = 0.5;
/** For values from 0 to 1. */
const PRIOR_MEAN = 0.5;

const CELLS = 1_000;
const REFINED_CELLS = 100;
const REFINEMENTS = 5;
/** Near 0 and 1, where rates of rare events and their bounds are, neighbouring grid points differ by at most 5 %. */
const [FINE_FROM, FINE_TO, FINE_STEP] = [1e-6, 0.02, 1.05];
/** The wealth is a product. Its logarithm is taken only when it would leave this range. */
const [WEALTH_MIN, WEALTH_MAX] = [1e-150, 1e150];

const GRID: readonly number[] = fineGrid();

/**
 * A lower bound of the mean of numbers that are at least −k, valid at all times simultaneously. It bets against a fixed grid
 * of values, so memory is constant. The bound is a grid point, at most one cell below the exact bound.
 *
 * Guarantee: the probability that the bound ever exceeds the mean is at most `level`, for any numbers that have the same
 * mean given the earlier ones.
 *
 * Source: arXiv 2210.10768, section 3.
 */
export class BettingBound implements Carried {
  readonly #k: number;
  readonly #target: number;
  readonly #scale: BettingScale;
  readonly #grid: Float64Array;
  readonly #wealth: Float64Array;
  readonly #logWealth: Float64Array;
  #best = -1;

  /**
   * @param level - α for a one-sided bound, α/2 for each side of a two-sided one.
   * @param grid - the values to bet against, ascending, from 0 to 1.
   */
  constructor(k: number, level: number, grid: readonly number[] = GRID) {
    this.#k = k;
    this.#target = Math.log(1 / level);
    this.#scale = new BettingScale(level, PRIOR_MEAN);
    this.#grid = Float64Array.from(grid);
    this.#wealth = new Float64Array(grid.length).fill(1);
    this.#logWealth = new Float64Array(grid.length);
  }

  /** @param value - at least −k. */
  add(value: number): void {
    const scale = this.#scale.next();
    this.#scale.add(value);
    for (let cell = 0; cell < this.#grid.length; cell += 1) {
      const against = this.#grid[cell] ?? 0;
      const bet = Math.min(scale, BET_SHARE_MAX / (this.#k + against));
      const wealth = (this.#wealth[cell] ?? 1) * (1 + bet * (value - against));
      const isInRange = wealth > WEALTH_MIN && wealth < WEALTH_MAX;
      this.#wealth[cell] = isInRange ? wealth : 1;
      if (!isInRange) this.#logWealth[cell] = (this.#logWealth[cell] ?? 0) + Math.log(wealth);
    }
    this.#best = Math.max(this.#best, this.#lastRefuted(this.#best + 1));
  }

  carry(numbers: FoldNumbers): void {
    this.#scale.carry(numbers);
    for (let cell = 0; cell < this.#grid.length; cell += 1) {
      this.#wealth[cell] = numbers.number(this.#wealth[cell] ?? 1);
      this.#logWealth[cell] = numbers.number(this.#logWealth[cell] ?? 0);
    }
    this.#best = numbers.number(this.#best);
  }

  /** The last cell, from `first` on, whose value is currently refuted; -1 if there is none. */
  #lastRefuted(first: number): number {
    for (let cell = this.#grid.length - 1; cell >= first; cell -= 1) {
      const logWealth = this.#logWealth[cell] ?? 0;
      const wealth = this.#wealth[cell] ?? 1;
      if (logWealth === 0 && wealth < 1) continue;
      if (logWealth + Math.log(wealth) >= this.#target) return cell;
    }
    return -1;
  }

  /** The largest value that is currently refuted; `undefined` if there is none. */
  get now(): number | undefined {
    return this.#grid[this.#lastRefuted(0)];
  }

  /** The largest value that was ever refuted. It is equally valid, and never decreases. */
  get running(): number | undefined {
    return this.#grid[this.#best];
  }

  /** The bound to use: `running`. */
  get bound(): number | undefined {
    return this.running;
  }
}

/**
 * The exact bound for a complete list of numbers, to 10 digits: the grid is refined around the bound in passes.
 *
 * @returns from 0 to 1; 1 if every value is refuted, including 1.
 */
export function exactBettingBound(
  values: readonly number[],
  k: number,
  level: number,
  when: "now" | "running",
): number {
  let [from, to, cells] = [0, 1, CELLS];
  for (let pass = 0; pass <= REFINEMENTS; pass += 1) {
    const bound = new BettingBound(k, level, evenGrid(from, to, cells));
    for (const value of values) bound.add(value);
    const refuted = bound[when];
    if (refuted === undefined) return from;
    if (refuted >= 1) return 1;
    [from, to, cells] = [refuted, refuted + (to - from) / cells, REFINED_CELLS];
  }
  return from;
}

function evenGrid(from: number, to: number, cells: number): readonly number[] {
  return Array.from({ length: cells + 1 }, (_, cell) => from + ((to - from) * cell) / cells);
}

function fineGrid(): readonly number[] {
  const steps = Math.ceil(Math.log(FINE_TO / FINE_FROM) / Math.log(FINE_STEP));
  const small = Array.from({ length: steps }, (_, step) => FINE_FROM * FINE_STEP ** step);
  const all = new Set([...evenGrid(0, 1, CELLS), ...small, ...small.map((value) => 1 - value)]);
  return [...all].sort((one, other) => one - other);
}
