/**
 * Checks that a request id is decided once within the retention: 7 days, or 10,000,000 decisions. Ids are kept as digests,
 * in two generations; the older is dropped when the younger is full. So at least the latest 262,144 ids are compared, in at
 * most 34 MB. An engine remembers more.
 * @module
 */
import { type DecisionEntry, type Sha256, toUtf8 } from "@calybris/kernel";

/** The retention that the engine promises. */
export const RETENTION_US: number = 7 * 24 * 3_600 * 1_000_000;
export const RETENTION_DECISIONS = 10_000_000;
/** Number of ids in a generation. */
const IDS_MAX = 262_144;

/** Compares the request ids of a log. */
export interface RequestIdCheck {
  /** Takes the next decision. Returns the number of an earlier decision with the same id within the retention. */
  readonly take: (entry: DecisionEntry, at: number) => number | undefined;
  /** Whether an id was dropped that might still have been compared. */
  hasForgotten: boolean;
}

export class RequestIds implements RequestIdCheck {
  readonly #sha256: Sha256;
  readonly #idsMax: number;
  #younger = new Generation();
  #older = new Generation();
  readonly #digest = new Uint8Array(32);
  readonly #key = new Uint32Array(this.#digest.buffer, 0, KEY_WORDS);
  hasForgotten = false;

  constructor(sha256: Sha256, idsMax: number = IDS_MAX) {
    this.#sha256 = sha256;
    this.#idsMax = idsMax;
  }

  take(entry: DecisionEntry, at: number): number | undefined {
    if (entry.requestId === undefined) return undefined;
    const key = this.#keyOf(entry);
    const number = Number(entry.request.sequence);
    const before = this.#younger.find(key) ?? this.#older.find(key);
    if (this.#younger.count >= this.#idsMax) {
      this.hasForgotten ||= this.#older.count > 0;
      this.#older = this.#younger;
      this.#younger = new Generation();
    }
    this.#younger.put(key, number, at);
    if (before === undefined) return undefined;
    return isRetained(before, { number, at }) ? before.number : undefined;
  }

  /** Valid until the next call. */
  #keyOf(entry: DecisionEntry): Uint32Array {
    const digest = this.#sha256(toUtf8(scopedId(entry)), this.#digest);
    if (digest !== this.#digest) this.#digest.set(digest);
    return this.#key;
  }
}

/** Ids are scoped by the tenant that the client named; an entry states if the client named none. */
export function scopedId({ requestId, defaulted, tenant }: DecisionEntry): string {
  const scope = tenant === undefined || defaulted.includes("tenant") ? "" : tenant;
  // The length separates the scope from the id.
  return `${scope.length} ${scope}${requestId}`;
}

/** Whether an earlier decision of an id was still within the retention at a later one. */
export function isRetained(before: Decided, { number, at }: Decided): boolean {
  return at - before.at <= RETENTION_US && number - before.number < RETENTION_DECISIONS;
}

/** The earlier decision of an id. */
export interface Decided {
  /** Number of the decision. */
  readonly number: number;
  /** Microseconds since the Unix epoch. */
  readonly at: number;
}

const FIRST_CAPACITY = 1_024;
/** Half of a digest: it is infeasible to find two ids that share it. */
const KEY_WORDS = 4;

/** A hash table with open addressing, at most half full. Decisions are numbered from 1, so 0 marks a free slot. */
class Generation {
  count = 0;
  #keys = new Uint32Array(FIRST_CAPACITY * KEY_WORDS);
  #numbers = new Float64Array(FIRST_CAPACITY);
  #ats = new Float64Array(FIRST_CAPACITY);

  find(key: Uint32Array): Decided | undefined {
    const slot = this.#slotOf(key);
    const number = this.#numbers[slot] as number;
    return number === 0 ? undefined : { number, at: this.#ats[slot] as number };
  }

  put(key: Uint32Array, number: number, at: number): void {
    if (2 * (this.count + 1) > this.#numbers.length) this.#grow();
    const slot = this.#slotOf(key);
    if (this.#numbers[slot] === 0) this.count += 1;
    for (let index = 0; index < KEY_WORDS; index++) this.#keys[slot * KEY_WORDS + index] = key[index] as number;
    this.#numbers[slot] = number;
    this.#ats[slot] = at;
  }

  /** The slot of the key, or the free slot where it belongs. */
  #slotOf(key: Uint32Array): number {
    const mask = this.#numbers.length - 1;
    let slot = (key[0] as number) & mask;
    while (this.#numbers[slot] !== 0 && !this.#holds(slot, key)) slot = (slot + 1) & mask;
    return slot;
  }

  #holds(slot: number, key: Uint32Array): boolean {
    for (let index = 0; index < KEY_WORDS; index++)
      if (this.#keys[slot * KEY_WORDS + index] !== key[index]) return false;
    return true;
  }

  #grow(): void {
    const [keys, numbers, ats] = [this.#keys, this.#numbers, this.#ats];
    const capacity = numbers.length * 2;
    this.count = 0;
    this.#keys = new Uint32Array(capacity * KEY_WORDS);
    this.#numbers = new Float64Array(capacity);
    this.#ats = new Float64Array(capacity);
    for (const [slot, number] of numbers.entries()) {
      const key = keys.subarray(slot * KEY_WORDS, (slot + 1) * KEY_WORDS);
      if (number !== 0) this.put(key, number, ats[slot] as number);
    }
  }
}
