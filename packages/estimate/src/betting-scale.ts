/**
 * The size of the next bet, from earlier numbers.
 * @module
 */
import type { Carried, FoldNumbers } from "./fold-numbers.ts";

/** Prior: one number, with a variance of one quarter. */
const PRIOR_VARIANCE = 0.25;

/**
 * λ_i = √(2 ln(1/level) / (σ̂²_{i−1} · i · ln(1 + i))), which depends only on the numbers before the i-th.
 *
 * Source: Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86 (2024), section 4.
 */
export class BettingScale implements Carried {
  readonly #logLevel: number;
  count = 0;
  #sum: number;
  #squares = 0;

  /**
   * @param level - the error probability of one side.
   * @param priorMean - the value of the prior number: one half for values from 0 to 1, 0 for differences.
   */
  constructor(level: number, priorMean: number) {
    this.#logLevel = Math.log(1 / level);
    this.#sum = priorMean;
  }

  carry(numbers: FoldNumbers): void {
    this.count = numbers.number(this.count);
    this.#sum = numbers.number(this.#sum);
    this.#squares = numbers.number(this.#squares);
  }

  /** The scale for the next number. */
  next(): number {
    const variance = (PRIOR_VARIANCE + this.#squares) / (this.count + 1);
    const i = this.count + 1;
    return Math.sqrt((2 * this.#logLevel) / (variance * i * Math.log(1 + i)));
  }

  add(value: number): void {
    this.count += 1;
    this.#sum += value;
    this.#squares += (value - this.#sum / (this.count + 1)) ** 2;
  }
}
