/**
 * Stops a client that keeps sending the same prompt without ever getting an answer. Each attempt costs input tokens, and
 * clients do not stop: opencode made 500 calls in a minute after a stream that ended without a finish reason.
 *
 * A prompt is identified by its keyed digest and its tenant. Once `perMinute` calls of it have ended without an answer
 * within a minute, further calls are a storm, until the first of those is a minute old. An answer ends a storm at once.
 * Memory is bounded: beyond `promptsMax`, the prompts that failed longest ago are forgotten, and start again at 0.
 * @module
 */

const WINDOW_MS = 60_000;
const SEPARATOR = "\u0000";

export interface StormBrakeOptions {
  /** Calls of one prompt that may end without an answer in a minute, 1 to 1,000. */
  readonly perMinute: number;
  /** Prompts that are watched at once. */
  readonly promptsMax?: number;
}

export interface StormState {
  /** Calls of the prompt that ended without an answer in the last minute, counted up to `perMinute`. */
  readonly failedCount: number;
  readonly isStorm: boolean;
  /** Time until the storm ends; 0 without one. */
  readonly retryAfterMs: number;
}

const PROMPTS_MAX = 10_000;
const PER_MINUTE_MAX = 1_000;

/**
 * @example
 * ```ts
 * const brake = new StormBrake({ perMinute: 2 });
 * for (const nowMs of [0, 1_000]) brake.ended("acme", "digest", { isAnswered: false, nowMs });
 * brake.check("acme", "digest", 2_000); // { failedCount: 2, isStorm: true, retryAfterMs: 58000 }
 * ```
 */
export class StormBrake {
  readonly #perMinute: number;
  readonly #promptsMax: number;
  /** The times of the last failures of each prompt, in a ring. Prompts are in the order of their last failure. */
  readonly #failures = new Map<string, Failures>();

  constructor({ perMinute, promptsMax = PROMPTS_MAX }: StormBrakeOptions) {
    if (!Number.isInteger(perMinute) || perMinute < 1 || perMinute > PER_MINUTE_MAX)
      throw new RangeError(`perMinute is an integer from 1 to ${PER_MINUTE_MAX}, got ${perMinute}`);
    this.#perMinute = perMinute;
    this.#promptsMax = promptsMax;
  }

  /** Prompts that are watched. */
  get promptCount(): number {
    return this.#failures.size;
  }

  /** @param nowMs - of a monotonic clock. */
  check(tenant: string, promptDigest: string, nowMs: number): StormState {
    // Usually no call has failed, and then no key is built.
    const failures = this.#failures.size === 0 ? undefined : this.#failures.get(keyOf(tenant, promptDigest));
    if (failures === undefined) return CALM;
    const failedCount = failures.countSince(nowMs - WINDOW_MS);
    const isStorm = failedCount === this.#perMinute;
    return { failedCount, isStorm, retryAfterMs: isStorm ? failures.firstMs + WINDOW_MS - nowMs : 0 };
  }

  /** Reports the end of a call. Calls that the brake refused are not reported: they cost nothing. */
  ended(tenant: string, promptDigest: string, end: { readonly isAnswered: boolean; readonly nowMs: number }): void {
    if (end.isAnswered && this.#failures.size === 0) return;
    const key = keyOf(tenant, promptDigest);
    const before = this.#failures.get(key);
    if (before !== undefined) this.#failures.delete(key);
    if (end.isAnswered) return;
    const failures = before ?? new Failures(this.#perMinute);
    failures.add(end.nowMs);
    this.#failures.set(key, failures);
    if (this.#failures.size <= this.#promptsMax) return;
    for (const [oldest] of this.#failures) {
      this.#failures.delete(oldest);
      break;
    }
  }
}

const CALM: StormState = Object.freeze({ failedCount: 0, isStorm: false, retryAfterMs: 0 });

/** Unambiguous: neither a tenant's name nor a digest contains the separator. */
function keyOf(tenant: string, promptDigest: string): string {
  return tenant + SEPARATOR + promptDigest;
}

/** The last failures of a prompt, at most `perMinute`. */
class Failures {
  readonly #atMs: Float64Array;
  #next = 0;
  #count = 0;

  constructor(countMax: number) {
    this.#atMs = new Float64Array(countMax);
  }

  /** The time of the first of them. */
  get firstMs(): number {
    return this.#atMs[(this.#next - this.#count + this.#atMs.length) % this.#atMs.length] ?? 0;
  }

  add(atMs: number): void {
    this.#atMs[this.#next] = atMs;
    this.#next = (this.#next + 1) % this.#atMs.length;
    this.#count = Math.min(this.#count + 1, this.#atMs.length);
  }

  /** Drops failures at or before that time; returns the number that remains. */
  countSince(afterMs: number): number {
    while (this.#count > 0 && this.firstMs <= afterMs) this.#count -= 1;
    return this.#count;
  }
}
