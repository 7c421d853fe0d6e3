/**
 * Detects prompts that are repeated within a minute. A client that repeats one could not use the first answer, or did not
 * get it. This is a quality signal, and the cost of repeats is reported.
 * @module
 */

const WINDOW_MS = 60_000;
const SENDS_MAX = 20_000;
const SEPARATOR = "\u0000";

/** The last sends, in a ring, because finding the oldest in a map would take linear time. */
export class Repeats {
  readonly #sendsMax: number;
  readonly #keys: string[] = [];
  readonly #sentMs: Float64Array;
  /** The number of the last send of each prompt. */
  readonly #lastOf = new Map<string, number>();
  /** The number of sends so far; `#oldest` is the number of the oldest that is kept. */
  #sentCount = 0;
  #oldest = 0;

  constructor(sendsMax: number = SENDS_MAX) {
    this.#sendsMax = sendsMax;
    this.#sentMs = new Float64Array(sendsMax);
  }

  /** Records a send; returns whether the tenant sent the same prompt within the last minute. */
  sent(tenant: string, promptDigest: string, nowMs: number): boolean {
    const key = tenant + SEPARATOR + promptDigest;
    this.#forgetUntil(nowMs - WINDOW_MS);
    const isRepeat = this.#lastOf.has(key);
    if (this.#sentCount - this.#oldest === this.#sendsMax) this.#forgetOldest();
    const place = this.#sentCount % this.#sendsMax;
    this.#keys[place] = key;
    this.#sentMs[place] = nowMs;
    this.#lastOf.set(key, this.#sentCount);
    this.#sentCount += 1;
    return isRepeat;
  }

  get promptCount(): number {
    return this.#lastOf.size;
  }

  #forgetUntil(atMs: number): void {
    while (this.#oldest < this.#sentCount && (this.#sentMs[this.#oldest % this.#sendsMax] as number) <= atMs)
      this.#forgetOldest();
  }

  #forgetOldest(): void {
    const key = this.#keys[this.#oldest % this.#sendsMax] as string;
    if (this.#lastOf.get(key) === this.#oldest) this.#lastOf.delete(key);
    this.#oldest += 1;
  }
}
