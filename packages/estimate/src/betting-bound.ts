/**
 * A lower bound of a mean by betting against each value that it could have.
 * @module
 */
import { BettingScale } from "./betting-scale.ts";

/** Bets stay so small that no number, which is at least −k, can take more than half of the wealth. */
const BET_SHARE_MAX = 0.5;

const CELLS = 1_000;
const REFINED_CELLS = 100;
const REFINEMENTS = 5;

export interface GridRange {
  readonly from: number;
  readonly to: number;
  readonly cells: number;
}

/**
 * A lower bound of the mean of numbers that are at least −k, valid at every moment at once. It bets against a fixed grid of
 * values: memory is constant, and the bound is a grid point, at most one cell below the exact one.
 *
 * Guarantee: the bound is above the mean at any time with probability at most `level`, whatever the numbers, as long as each has the
 * same mean given those before it.
 *
 * Source: arXiv 2210.10768, section 3.
 */
export class BettingBound {
  readonly #k: number;
  readonly #logTarget: number;
  readonly #scale: BettingScale;
  readonly #values: Float64Array;
  readonly #logWealth: Float64Array;
  #best = -1;

  /** @param level - α for one side, α/2 for each of two. */
  constructor(k: number, level: number, { from, to, cells }: GridRange = { from: 0, to: 1, cells: CELLS }) {
    this.#k = k;
    this.#logTarget = Math.log(1 / level);
    this.#scale = new BettingScale(level);
    this.#values = Float64Array.from({ length: cells + 1 }, (_, cell) => from + ((to - from) * cell) / cells);
    this.#logWealth = new Float64Array(cells + 1);
  }

  /** @param value - at least −k. */
  add(value: number): void {
    const scale = this.#scale.next();
    this.#scale.add(value);
    for (let cell = 0; cell < this.#values.length; cell += 1) {
      const against = this.#values[cell] ?? 0;
      const bet = Math.min(scale, BET_SHARE_MAX / (this.#k + against));
      this.#logWealth[cell] = (this.#logWealth[cell] ?? 0) + Math.log1p(bet * (value - against));
    }
    this.#best = Math.max(this.#best, this.#cell());
  }

  /** The last cell whose value is refuted now, or -1. */
  #cell(): number {
    let cell = this.#logWealth.length - 1;
    while (cell >= 0 && (this.#logWealth[cell] ?? 0) < this.#logTarget) cell -= 1;
    return cell;
  }

  /** The largest value refuted now; `undefined` where none is. */
  get now(): number | undefined {
    return this.#values[this.#cell()];
  }

  /** The largest value that was refuted at any time: as valid, and never lower. */
  get running(): number | undefined {
    return this.#values[this.#best];
  }
}

/**
 * The exact bound for numbers that are all at hand, to 10 digits: the grid is refined around it in passes.
 *
 * @returns from 0 to 1. 1 means that every value is refuted, 1 included.
 */
export function exactBettingBound(
  values: readonly number[],
  k: number,
  level: number,
  when: "now" | "running",
): number {
  let range: GridRange = { from: 0, to: 1, cells: CELLS };
  for (let pass = 0; pass <= REFINEMENTS; pass += 1) {
    const bound = new BettingBound(k, level, range);
    for (const value of values) bound.add(value);
    const refuted = bound[when];
    if (refuted === undefined) return range.from;
    if (refuted >= 1) return 1;
    range = { from: refuted, to: refuted + (range.to - range.from) / range.cells, cells: REFINED_CELLS };
  }
  return range.from;
}
