/**
 * Running mean and variance of each feature in each regime, exponentially discounted, in integers: Welford's recurrence
 * (B. P. Welford, Technometrics 4(3), 1962) with a weight that stops shrinking, so that the past is forgotten.
 *
 * Values are clamped to ±2^24 and kept with 8 binary places; every intermediate is a whole number below 2^53, so the
 * arithmetic is exact and the same everywhere.
 * @module
 */
import { FEATURE_MISSING } from "@calybris/kernel";
import { ANOMALY_DEVIATIONS, ANOMALY_OBSERVATIONS_MIN } from "./settings.ts";

const VALUE_MAX = 2 ** 24;
/** Binary places of a mean. */
const SCALE = 256;
/** From so many observations on, the weight of a new one stays the same: a memory of about that many. */
const MEMORY_OBSERVATIONS = 1_024;

export class Statistics {
  readonly #features: number;
  readonly #counts: Float64Array;
  /** In 1/256. */
  readonly #means: Float64Array;
  /** Of the unscaled value. */
  readonly #variances: Float64Array;

  constructor(regimes: number, features: number) {
    this.#features = features;
    this.#counts = new Float64Array(regimes);
    this.#means = new Float64Array(regimes * features);
    this.#variances = new Float64Array(regimes * features);
  }

  count(regime: number): number {
    return this.#counts[regime] as number;
  }

  /** Takes one request in. */
  add(regime: number, values: readonly number[]): void {
    const count = (this.#counts[regime] as number) + 1;
    this.#counts[regime] = count;
    const weight = count < MEMORY_OBSERVATIONS ? count : MEMORY_OBSERVATIONS;
    for (let feature = 0; feature < this.#features; feature++) {
      const at = regime * this.#features + feature;
      const given = values[feature] ?? FEATURE_MISSING;
      if (given === FEATURE_MISSING) continue;
      const value = clamp(given);
      const mean = this.#means[at] as number;
      const before = value * SCALE - mean;
      this.#means[at] = mean + Math.trunc(before / weight);
      const deviation = Math.trunc(before / SCALE);
      const variance = this.#variances[at] as number;
      this.#variances[at] = variance + Math.trunc((deviation * deviation - variance) / weight);
    }
  }

  mean(regime: number, feature: number): number {
    return Math.trunc((this.#means[regime * this.#features + feature] as number) / SCALE);
  }

  /** Whole, at least 1 where anything varies at all. */
  deviation(regime: number, feature: number): number {
    return Math.floor(Math.sqrt(this.#variances[regime * this.#features + feature] as number));
  }

  /** Whether any feature is more than three standard deviations from its regime's mean. */
  isAnomalous(regime: number, values: readonly number[]): boolean {
    if ((this.#counts[regime] as number) < ANOMALY_OBSERVATIONS_MIN) return false;
    for (let feature = 0; feature < this.#features; feature++) {
      const at = regime * this.#features + feature;
      const given = values[feature] ?? FEATURE_MISSING;
      if (given === FEATURE_MISSING) continue;
      const deviation = clamp(given) - Math.trunc((this.#means[at] as number) / SCALE);
      const limit = ANOMALY_DEVIATIONS * ANOMALY_DEVIATIONS * ((this.#variances[at] as number) + 1);
      if (deviation * deviation > limit) return true;
    }
    return false;
  }
}

function clamp(value: number): number {
  return value > VALUE_MAX ? VALUE_MAX : value < -VALUE_MAX ? -VALUE_MAX : value;
}
