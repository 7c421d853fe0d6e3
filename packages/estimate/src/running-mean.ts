/**
 * Mean and variance of a stream of numbers, in constant memory.
 * @module
 */
import type { Carried, FoldNumbers } from "./fold-numbers.ts";

/** A value and its standard error. The error assumes independent rows and a single look at the end; see `ValueInterval`. */
export interface PointEstimate {
  readonly value: number;
  readonly standardError: number;
}

/** Source: B. P. Welford, "Note on a method for calculating corrected sums of squares and products", Technometrics 4 (1962). */
export class RunningMean implements Carried {
  count = 0;
  mean = 0;
  #squares = 0;

  add(value: number): void {
    this.count += 1;
    const before = value - this.mean;
    this.mean += before / this.count;
    this.#squares += before * (value - this.mean);
  }

  carry(numbers: FoldNumbers): void {
    this.count = numbers.number(this.count);
    this.mean = numbers.number(this.mean);
    this.#squares = numbers.number(this.#squares);
  }

  /** Standard error of the mean: the sample deviation (n − 1) over √n. `NaN` with fewer than two numbers. */
  get standardError(): number {
    return this.count < 2 ? Number.NaN : Math.sqrt(this.#squares / (this.count - 1) / this.count);
  }
}
