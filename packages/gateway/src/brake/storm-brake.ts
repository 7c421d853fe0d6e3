/**
 * Stops a client that sends the same prompt again and again without ever getting an answer. Each try costs input tokens, and
 * clients do this without end: opencode made 500 calls in a minute after a stream that ended without a finish reason.
 *
 * A prompt is known by its keyed digest and its tenant. Once so many calls of it have ended without an answer within a
 * minute, the next ones are a storm, until the first of those is a minute ago. An answer ends a storm at once. Memory is
 * bounded: of too many prompts that fail, those that failed longest ago are forgotten, and may fail anew.
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
  /** Calls of the prompt that ended without an answer in the last minute, up to the number that may. */
  readonly failedCount: number;
  readonly isStorm: boolean;
  /** When a call is no part of the storm any more; 0 without one. */
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
  /** When the last calls failed, in a ring; prompts in the order in which they failed last. */
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

  /** @param nowMs - of a clock that never goes back. */
  check(tenant: string, promptDigest: string, nowMs: number): StormState {
    // Mostly no call has failed, and then no key is made.
    const failures = this.#failures.size === 0 ? undefined : this.#failures.get(keyOf(tenant, promptDigest));
    if (failures === undefined) return CALM;
    const failedCount = failures.countSince(nowMs - WINDOW_MS);
    const isStorm = failedCount === this.#perMinute;
    return { failedCount, isStorm, retryAfterMs: isStorm ? failures.firstMs + WINDOW_MS - nowMs : 0 };
  }

  /** A call ended. One that the brake refused is not reported: it cost nothing. */
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

/** Neither a tenant's name nor a digest holds the separator. */
function keyOf(tenant: string, promptDigest: string): string {
  return tenant + SEPARATOR + promptDigest;
}

/** The last failures of a prompt, as many as may be. */
class Failures {
  readonly #atMs: Float64Array;
  #next = 0;
  #count = 0;

  constructor(countMax: number) {
    this.#atMs = new Float64Array(countMax);
  }

  /** When the first of them was. */
  get firstMs(): number {
    return this.#atMs[(this.#next - this.#count + this.#atMs.length) % this.#atMs.length] ?? 0;
  }

  add(atMs: number): void {
    this.#atMs[this.#next] = atMs;
    this.#next = (this.#next + 1) % this.#atMs.length;
    this.#count = Math.min(this.#count + 1, this.#atMs.length);
  }

  /** Forgets what was at or before that time. */
  countSince(afterMs: number): number {
    while (this.#count > 0 && this.firstMs <= afterMs) this.#count -= 1;
    return this.#count;
  }
}
