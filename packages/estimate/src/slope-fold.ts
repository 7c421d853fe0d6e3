/**
 * Estimators whose tuning constant is chosen from the data by SLOPE.
 * @module
 */
import type { Carried, FoldNumbers } from "./fold-numbers.ts";
import { type PointEstimate, RunningMean } from "./running-mean.ts";
import { slope } from "./slope.ts";

/** Descending: the first is DR itself, the last the model alone. */
const THRESHOLDS: readonly number[] = [Number.POSITIVE_INFINITY, 1_000, 500, 200, 100, 50, 20, 10, 5, 2, 1, 0];
const SHRINKAGES: readonly number[] = [Number.POSITIVE_INFINITY, 1e6, 1e5, 1e4, 1_000, 100, 10, 1, 0.1, 0];

/** An estimate, and the constant that SLOPE chose for it. It has no anytime-valid interval. */
export interface TunedEstimate extends PointEstimate {
  /**
   * For Switch-DR, the weight above which the model alone is used; for shrinkage, its λ. `Infinity` is DR, 0 the model
   * alone.
   */
  readonly constant: number;
}

/** λw / (w² + λ), which is w for an infinite λ. */
export function shrunkWeight(weight: number, shrinkage: number): number {
  if (shrinkage === Number.POSITIVE_INFINITY || weight === 0) return weight;
  return (shrinkage * weight) / (weight ** 2 + shrinkage);
}

/** A fold in constant memory: it keeps a mean for every constant of the grid. */
export class SlopeFold implements Carried {
  readonly #switched = THRESHOLDS.map(() => new RunningMean());
  readonly #shrunk = SHRINKAGES.map(() => new RunningMean());

  /**
   * Adds a row with an outcome.
   *
   * @param byModel - Σ π q̂.
   * @param rest - R − q̂ for the arm that ran.
   */
  add(weight: number, byModel: number, rest: number): void {
    for (const [at, mean] of this.#switched.entries())
      mean.add(byModel + (weight <= (THRESHOLDS[at] ?? 0) ? weight * rest : 0));
    for (const [at, mean] of this.#shrunk.entries())
      mean.add(byModel + shrunkWeight(weight, SHRINKAGES[at] ?? 0) * rest);
  }

  carry(numbers: FoldNumbers): void {
    for (const mean of [...this.#switched, ...this.#shrunk]) mean.carry(numbers);
  }

  get switchDr(): TunedEstimate {
    return chosenOf(this.#switched, THRESHOLDS);
  }

  get drShrunk(): TunedEstimate {
    return chosenOf(this.#shrunk, SHRINKAGES);
  }
}

function chosenOf(means: readonly RunningMean[], constants: readonly number[]): TunedEstimate {
  const estimates = means.map(({ count, mean, standardError }) => ({
    value: count === 0 ? Number.NaN : mean,
    standardError,
  }));
  const chosen = slope(estimates);
  const { value = Number.NaN, standardError = Number.NaN } = estimates[chosen] ?? {};
  return { value, standardError, constant: constants[chosen] ?? 0 };
}
