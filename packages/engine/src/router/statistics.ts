/**
 * Running mean and variance of each feature in each regime, exponentially discounted, in integers: Welford's recurrence (B.
 * P. Welford, Technometrics 4(3), 1962) on sums that, once they hold 1,024 observations, lose a 1,024th with each further
 * one.
 *
 * Means are in eighths, variances in sixty-fourths. Values are clamped to ±2^24. Up to half a million from the mean, every
 * sum is exact; beyond that it is rounded as IEEE 754 prescribes, which is the same on all machines.
 * @module
 */
import { type ExactJson, FEATURE_MISSING, type SnapshotMembers } from "@calybris/kernel";
import { ANOMALY_DEVIATIONS, ANOMALY_OBSERVATIONS_MIN } from "./settings.ts";

const VALUE_MAX = 2 ** 24;
/** Means are in eighths. */
export const EIGHTHS = 8;
const MEMORY_OBSERVATIONS = 1_024;

export class Statistics {
  readonly #features: number;
  /** Number of requests, by regime. */
  readonly #requests: Float64Array;
  /** Number of observations in the sums, by regime and feature; at most the memory. */
  readonly #weights: Float64Array;
  readonly #sums: Float64Array;
  readonly #squares: Float64Array;

  constructor(regimes: number, features: number) {
    this.#features = features;
    this.#requests = new Float64Array(regimes);
    this.#weights = new Float64Array(regimes * features);
    this.#sums = new Float64Array(regimes * features);
    this.#squares = new Float64Array(regimes * features);
  }

  count(regime: number): number {
    return this.#requests[regime] as number;
  }

  /** All sums, for a state snapshot. They may exceed the exact integers of JSON. */
  toSnapshot(): ExactJson {
    const text = (values: Float64Array): string => Buffer.from(values.buffer).toString("base64url");
    return {
      requests: text(this.#requests),
      weights: text(this.#weights),
      sums: text(this.#sums),
      squares: text(this.#squares),
    };
  }

  /** Throws RangeError for invalid sums. */
  restore(members: SnapshotMembers): void {
    const columns = { requests: this.#requests, weights: this.#weights, sums: this.#sums, squares: this.#squares };
    for (const [key, column] of Object.entries(columns)) {
      const bytes = Buffer.from(members.text(key), "base64url");
      if (bytes.byteLength !== column.byteLength) throw new RangeError(`${key} has ${bytes.byteLength} bytes`);
      new Uint8Array(column.buffer).set(bytes);
    }
  }

  /** Adds one request; a missing feature leaves its statistics unchanged. */
  add(regime: number, values: readonly number[]): void {
    this.#requests[regime] = (this.#requests[regime] as number) + 1;
    for (let feature = 0; feature < this.#features; feature++) {
      const given = values[feature] ?? FEATURE_MISSING;
      if (given === FEATURE_MISSING) continue;
      const at = regime * this.#features + feature;
      const value = clamp(given) * EIGHTHS;
      const weight = this.#weights[at] as number;
      const before = weight === 0 ? 0 : value - this.#meanAt(at);
      if (weight < MEMORY_OBSERVATIONS) this.#weights[at] = weight + 1;
      else this.#forget(at);
      this.#sums[at] = (this.#sums[at] as number) + value;
      const product = before * (value - this.#meanAt(at));
      if (product > 0) this.#squares[at] = (this.#squares[at] as number) + product;
    }
  }

  /** The mean in eighths. */
  mean(regime: number, feature: number): number {
    return this.#meanAt(regime * this.#features + feature);
  }

  /** The standard deviation in eighths, rounded down. */
  deviation(regime: number, feature: number): number {
    return Math.floor(Math.sqrt(this.#varianceAt(regime * this.#features + feature)));
  }

  /** Whether any feature is more than three standard deviations from its regime's mean. */
  isAnomalous(regime: number, values: readonly number[]): boolean {
    for (let feature = 0; feature < this.#features; feature++) {
      const at = regime * this.#features + feature;
      const given = values[feature] ?? FEATURE_MISSING;
      const weight = this.#weights[at] as number;
      if (given === FEATURE_MISSING || weight < ANOMALY_OBSERVATIONS_MIN) continue;
      const distance = clamp(given) * EIGHTHS - this.#meanAt(at);
      // Computed inline: a call would return numbers beyond 32 bits on the heap.
      const variance = Math.floor((this.#squares[at] as number) / weight);
      const limit = ANOMALY_DEVIATIONS * ANOMALY_DEVIATIONS * (variance + 1);
      if (distance * distance > limit) return true;
    }
    return false;
  }

  #forget(at: number): void {
    const sum = this.#sums[at] as number;
    const squares = this.#squares[at] as number;
    this.#sums[at] = sum - Math.trunc(sum / MEMORY_OBSERVATIONS);
    this.#squares[at] = squares - Math.floor(squares / MEMORY_OBSERVATIONS);
  }

  #meanAt(at: number): number {
    const weight = this.#weights[at] as number;
    return weight === 0 ? 0 : Math.trunc((this.#sums[at] as number) / weight);
  }

  #varianceAt(at: number): number {
    const weight = this.#weights[at] as number;
    return weight === 0 ? 0 : Math.floor((this.#squares[at] as number) / weight);
  }
}

function clamp(value: number): number {
  return value > VALUE_MAX ? VALUE_MAX : value < -VALUE_MAX ? -VALUE_MAX : value;
}
