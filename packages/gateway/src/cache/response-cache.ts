/**
 * A cache of answers for requests that are identical in every byte; off by default. A hit costs 0 and is marked as such: the
 * provider is not called, and bills nothing.
 *
 * Only complete answers of status 200 that are not streams are kept. A replayed stream would have a different pace and could
 * not be distinguished from a real one, so streams are neither kept nor answered. Answers reveal the content of prompts:
 * they are in memory only, never in the journal, each for its own tenant, and for a limited time.
 * @module
 */

export interface CacheOptions {
  /** Bytes of all answers together. */
  readonly bytesMax: number;
  readonly ttlMs: number;
}

export interface CachedAnswer {
  readonly body: Uint8Array;
  readonly contentType: string;
  /** The cost of the original call, which a hit saves. */
  readonly costMicrocents: bigint;
}

/** The key under which requests count as identical. */
export interface CacheKey {
  readonly tenant: string;
  /** Digest of the complete body and the dialect: `requestDigestOf`. */
  readonly requestDigest: string;
  /** The candidate that runs. */
  readonly candidate: string;
  /** Headers that change the meaning of a body: `anthropic-version`, `anthropic-beta`, `openai-beta`. */
  readonly versions: readonly string[];
}

interface Entry extends CachedAnswer {
  readonly bytes: number;
  readonly expiresMs: number;
}

/** One answer takes at most a sixteenth of the memory, so that it does not displace all others. */
const SHARE_MAX = 16;
/** Memory of an entry besides its body: key, fields, and its place in the map. */
const ENTRY_BYTES = 512;

/**
 * @example
 * ```ts
 * const cache = new ResponseCache({ bytesMax: 1_000_000, ttlMs: 60_000 });
 * const key = { tenant: "acme", requestDigest: "d", candidate: "openai gpt-6", versions: [] };
 * cache.put(key, { body: Buffer.from("{}"), contentType: "application/json", costMicrocents: 5n }, 0);
 * cache.get(key, 59_999)?.costMicrocents; // 5n
 * cache.get(key, 60_000); // undefined
 * ```
 */
export class ResponseCache {
  readonly #options: CacheOptions;
  /** In the order of last use. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor(options: CacheOptions) {
    for (const [name, value] of Object.entries(options))
      if (!Number.isSafeInteger(value) || value < 1)
        throw new RangeError(`${name} is an integer above 0, got ${value}`);
    this.#options = options;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @param nowMs - of a monotonic clock. */
  get(key: CacheKey, nowMs: number): CachedAnswer | undefined {
    const text = textOf(key);
    const entry = this.#entries.get(text);
    if (entry === undefined) return undefined;
    this.#remove(text, entry);
    if (nowMs >= entry.expiresMs) return undefined;
    this.#add(text, entry);
    return entry;
  }

  /** Stores an answer, unless it is too large for the cache. */
  put(key: CacheKey, answer: CachedAnswer, nowMs: number): void {
    const { bytesMax, ttlMs } = this.#options;
    const bytes = answer.body.byteLength + ENTRY_BYTES;
    const text = textOf(key);
    const before = this.#entries.get(text);
    if (before !== undefined) this.#remove(text, before);
    if (bytes > bytesMax / SHARE_MAX) return;
    // A copy: the body may be a view of a larger buffer, or change later.
    this.#add(text, { ...answer, body: Uint8Array.from(answer.body), bytes, expiresMs: nowMs + ttlMs });
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= bytesMax) break;
      this.#remove(oldest, entry);
    }
  }

  #add(text: string, entry: Entry): void {
    this.#entries.set(text, entry);
    this.#bytes += entry.bytes;
  }

  #remove(text: string, entry: Entry): void {
    this.#entries.delete(text);
    this.#bytes -= entry.bytes;
  }
}

function textOf({ tenant, requestDigest, candidate, versions }: CacheKey): string {
  return JSON.stringify([tenant, requestDigest, candidate, ...versions]);
}
