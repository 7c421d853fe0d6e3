/**
 * Two closed-form lower bounds: of a mean, and of the average of drifting means.
 * @module
 */
import type { Carried, FoldNumbers } from "./fold-numbers.ts";

const BET_MAX = 0.5;
const PRIOR_MEAN = 0.5;
const PRIOR_VARIANCE = 0.25;
const MIXTURE = Float64Array.from({ length: 40 }, (_, step) => 0.9 * 0.8 ** step);
const BISECTIONS = 60;

/** ψ(λ) = −ln(1 − λ) − λ. */
function penalty(bet: number): number {
  return -Math.log1p(-bet) - bet;
}

/**
 * Numbers scaled to ξ = φ/(1 + k), each predicted from earlier ones. The prediction is at most 1/(1 + k), the largest
 * possible mean of ξ; without that limit, the wealth would not be a supermartingale.
 */
abstract class ScaledFold implements Carried {
  protected readonly k: number;
  protected count = 0;
  protected sum = 0;
  #predicted: number;

  constructor(k: number) {
    this.k = k;
    this.#predicted = PRIOR_MEAN / (1 + k);
  }

  /** @param value - at least −k. */
  add(value: number): void {
    const scaled = value / (1 + this.k);
    this.addScaled(scaled, (scaled - this.#predicted) ** 2);
    this.count += 1;
    this.sum += scaled;
    this.#predicted = Math.min((PRIOR_MEAN / (1 + this.k) + this.sum) / (this.count + 1), 1 / (1 + this.k));
  }

  carry(numbers: FoldNumbers): void {
    this.count = numbers.number(this.count);
    this.sum = numbers.number(this.sum);
    this.#predicted = numbers.number(this.#predicted);
  }

  protected abstract addScaled(scaled: number, squaredError: number): void;
}

/** Predictable empirical Bernstein: wider than betting, but a sum instead of a grid. Source: arXiv 2210.10768, section 3. */
export class BernsteinBound extends ScaledFold {
  readonly #logTarget: number;
  #squares = 0;
  #gained = 0;
  #paid = 0;
  #bets = 0;

  constructor(k: number, level: number) {
    super(k);
    this.#logTarget = Math.log(1 / level);
  }

  protected addScaled(scaled: number, squaredError: number): void {
    const i = this.count + 1;
    const variance = (PRIOR_VARIANCE + this.#squares) / i;
    const bet = Math.min(BET_MAX, Math.sqrt((2 * this.#logTarget) / (variance * i * Math.log(1 + i))));
    this.#squares += squaredError;
    this.#gained += bet * scaled;
    this.#paid += penalty(bet) * squaredError;
    this.#bets += bet / (1 + this.k);
  }

  override carry(numbers: FoldNumbers): void {
    super.carry(numbers);
    this.#squares = numbers.number(this.#squares);
    this.#gained = numbers.number(this.#gained);
    this.#paid = numbers.number(this.#paid);
    this.#bets = numbers.number(this.#bets);
  }

  get bound(): number {
    return this.now;
  }

  /** At least 0. */
  get now(): number {
    return this.#bets === 0 ? 0 : Math.max((this.#gained - this.#logTarget - this.#paid) / this.#bets, 0);
  }
}

/**
 * A lower bound of the average, over the rows so far, of means that may differ between rows.
 *
 * Source: arXiv 2210.10768, section 4; the mixture over bets is geometric.
 */
export class DriftingBound extends ScaledFold {
  readonly #logTarget: number;
  #errors = 0;

  constructor(k: number, level: number) {
    super(k);
    this.#logTarget = Math.log(1 / level);
  }

  protected addScaled(_scaled: number, squaredError: number): void {
    this.#errors += squaredError;
  }

  override carry(numbers: FoldNumbers): void {
    super.carry(numbers);
    this.#errors = numbers.number(this.#errors);
  }

  /** The average that it covers changes over time, so an earlier bound is not valid later. */
  get bound(): number {
    return this.now;
  }

  /** From 0 to 1. */
  get now(): number {
    if (!this.#refutes(0)) return 0;
    let [low, high] = [0, 1];
    if (this.#refutes(high)) return 1;
    for (let step = 0; step < BISECTIONS; step += 1) {
      const middle = (low + high) / 2;
      if (this.#refutes(middle)) low = middle;
      else high = middle;
    }
    return low;
  }

  #refutes(value: number): boolean {
    const above = this.sum - (this.count * value) / (1 + this.k);
    const exponents = MIXTURE.map((bet) => bet * above - penalty(bet) * this.#errors);
    const largest = exponents.reduce((one, other) => Math.max(one, other));
    const rest = exponents.reduce((sum, exponent) => sum + Math.exp(exponent - largest), 0);
    return largest + Math.log(rest / MIXTURE.length) >= this.#logTarget;
  }
}
