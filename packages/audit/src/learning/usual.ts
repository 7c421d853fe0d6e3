/**
 * Usual values: mean and variance of each feature in a regime, as sums that, once they hold 1,024 observations, lose a
 * 1,024th with each further one. Means are in eighths, variances in sixty-fourths; missing values are ignored.
 * @module
 */
import { FEATURE_MISSING } from "@calybris/kernel";

interface FeatureSums {
  held: number;
  sum: number;
  squares: number;
}

const HELD_MOST = 1_024;
const VALUE_MOST = 2 ** 24;
const OBSERVATIONS_MIN = 30;
const DEVIATIONS = 3;

export class Usual {
  requests = 0;
  readonly #features: readonly FeatureSums[];

  constructor(featureCount: number) {
    this.#features = Array.from({ length: featureCount }, () => ({ held: 0, sum: 0, squares: 0 }));
  }

  take(values: readonly number[]): void {
    this.requests += 1;
    for (const [at, feature] of this.#features.entries()) {
      const value = eighthsOf(values[at]);
      if (value === undefined) continue;
      const before = feature.held === 0 ? 0 : value - meanOf(feature);
      if (feature.held === HELD_MOST) {
        feature.sum -= Math.trunc(feature.sum / HELD_MOST);
        feature.squares -= Math.floor(feature.squares / HELD_MOST);
      } else feature.held += 1;
      feature.sum += value;
      feature.squares += Math.max(before * (value - meanOf(feature)), 0);
    }
  }

  /** Restores the content of a snapshot: 64-bit numbers, one for each feature. */
  restore(requests: number, held: Float64Array, sums: Float64Array, squares: Float64Array): void {
    this.requests = requests;
    for (const [at, feature] of this.#features.entries()) {
      feature.held = held[at] ?? 0;
      feature.sum = sums[at] ?? 0;
      feature.squares = squares[at] ?? 0;
    }
  }

  /** Everything that later requests are compared with. */
  get carried(): readonly unknown[] {
    return [this.requests, this.#features];
  }

  /** Each feature as a snapshot holds it: observations held, sum, squares. */
  get sums(): readonly Readonly<FeatureSums>[] {
    return this.#features;
  }

  get means(): readonly number[] {
    return this.#features.map(meanOf);
  }

  get deviations(): readonly number[] {
    return this.#features.map((feature) => Math.floor(Math.sqrt(varianceOf(feature))));
  }

  isUnlike(values: readonly number[]): boolean {
    return this.#features.some((feature, at) => {
      const value = eighthsOf(values[at]);
      if (value === undefined || feature.held < OBSERVATIONS_MIN) return false;
      return (value - meanOf(feature)) ** 2 > DEVIATIONS ** 2 * (varianceOf(feature) + 1);
    });
  }
}

function eighthsOf(value: number | undefined): number | undefined {
  if (value === undefined || value === FEATURE_MISSING) return undefined;
  return Math.min(Math.max(value, -VALUE_MOST), VALUE_MOST) * 8;
}

function meanOf({ held, sum }: FeatureSums): number {
  return held === 0 ? 0 : Math.trunc(sum / held);
}

function varianceOf({ held, squares }: FeatureSums): number {
  return held === 0 ? 0 : Math.floor(squares / held);
}
