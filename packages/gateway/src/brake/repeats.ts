/**
 * Which prompts were sent before, within a minute. A client that sends one again was not served by the first answer, or did
 * not get it: that is a signal about quality, and what the repeats cost is shown.
 * @module
 */

const WINDOW_MS = 60_000;
const PROMPTS_MAX = 20_000;
const SEPARATOR = "\u0000";

export class Repeats {
  readonly #promptsMax: number;
  /** When each prompt was sent last, in that order. */
  readonly #sentMs = new Map<string, number>();

  constructor(promptsMax: number = PROMPTS_MAX) {
    this.#promptsMax = promptsMax;
  }

  /** Whether the tenant sent the same prompt in the last minute; from now on it did. */
  sent(tenant: string, promptDigest: string, nowMs: number): boolean {
    const key = tenant + SEPARATOR + promptDigest;
    const beforeMs = this.#sentMs.get(key);
    this.#sentMs.delete(key);
    this.#sentMs.set(key, nowMs);
    for (const [oldest, sentMs] of this.#sentMs) {
      if (this.#sentMs.size <= this.#promptsMax && sentMs > nowMs - WINDOW_MS) break;
      this.#sentMs.delete(oldest);
    }
    return beforeMs !== undefined && beforeMs > nowMs - WINDOW_MS;
  }

  get promptCount(): number {
    return this.#sentMs.size;
  }
}
