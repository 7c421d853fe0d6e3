/**
 * Which request ids were decided, and in which entry: a hash table in typed arrays, 16 bytes a slot. It holds a 64-bit
 * fingerprint of the id; whoever finds a candidate entry reads the id in it, so equal fingerprints cost a read and never
 * a wrong answer.
 *
 * Bound: {@link REQUEST_IDS_MAX} ids. Beyond it the oldest tenth is forgotten; at the bound the table takes 268 MB.
 * @module
 */

export const REQUEST_IDS_MAX = 10_000_000;
/** An id older than this may be decided again. */
export const REQUEST_ID_RETENTION_US: number = 7 * 24 * 3_600 * 1_000_000;

const SLOT_WORDS = 4;
const FIRST_CAPACITY = 1 << 12;
const FULL = 0.6;

export class RequestIndex {
  readonly #idsMax: number;
  #slots: Uint32Array = new Uint32Array(FIRST_CAPACITY * SLOT_WORDS);
  /** A power of two. */
  #capacity: number = FIRST_CAPACITY;
  #count = 0;

  constructor(idsMax: number = REQUEST_IDS_MAX) {
    this.#idsMax = idsMax;
  }

  get count(): number {
    return this.#count;
  }

  add(requestId: string, sequence: number): void {
    if (this.#count >= this.#idsMax) this.#rebuild(this.#capacity, this.#oldestToKeep());
    if (this.#count + 1 > this.#capacity * FULL) this.#rebuild(this.#capacity * 2, 0);
    const [high, low] = fingerprint(requestId);
    this.#insert(high, low, sequence);
  }

  /** Whether any entry may hold the id; nearly always none does. */
  mayHold(requestId: string): boolean {
    const [high, low] = fingerprint(requestId);
    const mask = this.#capacity - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const at = slot * SLOT_WORDS;
      if (this.#sequenceAt(at) === 0) return false;
      if (this.#slots[at] === high && this.#slots[at + 1] === low) return true;
    }
  }

  /** The sequences of entries that may hold the id, newest last seen first tried by the caller. */
  *candidates(requestId: string): Generator<number> {
    const [high, low] = fingerprint(requestId);
    const mask = this.#capacity - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const at = slot * SLOT_WORDS;
      const sequence = this.#sequenceAt(at);
      if (sequence === 0) return;
      if (this.#slots[at] === high && this.#slots[at + 1] === low) yield sequence;
    }
  }

  #sequenceAt(at: number): number {
    return (this.#slots[at + 2] as number) * 2 ** 32 + (this.#slots[at + 3] as number);
  }

  #insert(high: number, low: number, sequence: number): void {
    const slots = this.#slots;
    const mask = this.#capacity - 1;
    let at = (low & mask) * SLOT_WORDS;
    while (((slots[at + 2] as number) | (slots[at + 3] as number)) !== 0) at = (at + SLOT_WORDS) & (mask * SLOT_WORDS);
    slots[at] = high;
    slots[at + 1] = low;
    slots[at + 2] = Math.floor(sequence / 2 ** 32);
    slots[at + 3] = sequence >>> 0;
    this.#count += 1;
  }

  /** The sequence below which the oldest tenth lies. */
  #oldestToKeep(): number {
    const sequences = new Float64Array(this.#count);
    let found = 0;
    for (let at = 0; at < this.#slots.length; at += SLOT_WORDS) {
      const sequence = this.#sequenceAt(at);
      if (sequence !== 0) sequences[found++] = sequence;
    }
    sequences.sort();
    return sequences[Math.ceil(this.#count / 10)] ?? Number.POSITIVE_INFINITY;
  }

  #rebuild(capacity: number, fromSequence: number): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(capacity * SLOT_WORDS);
    this.#capacity = capacity;
    this.#count = 0;
    for (let at = 0; at < old.length; at += SLOT_WORDS) {
      const sequence = (old[at + 2] as number) * 2 ** 32 + (old[at + 3] as number);
      if (sequence !== 0 && sequence >= fromSequence) this.#insert(old[at] as number, old[at + 1] as number, sequence);
    }
  }
}

/** Two 32-bit FNV-1a style hashes with a final mix; quality matters for speed only, never for the answer. */
function fingerprint(text: string): [high: number, low: number] {
  let high = 0x811c9dc5;
  let low = 0x9e3779b9;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    high = Math.imul(high ^ code, 0x01000193);
    low = Math.imul(low ^ code, 0x85ebca6b);
    low ^= low >>> 13;
  }
  high = Math.imul(high ^ (high >>> 16), 0xc2b2ae35);
  low = Math.imul(low ^ (low >>> 15), 0x27d4eb2f);
  return [(high ^ (high >>> 13)) >>> 0, (low ^ (low >>> 16)) >>> 0];
}
