/**
 * The ring of entries between the thread that orders and the writer: one writes, one reads. An entry is its
 * tail in UTF-8 behind a word that holds the length and what is special about it. Nothing here waits: a full ring refuses.
 * @module
 */
import type { Span } from "./line-chain.ts";
import { RING_BYTES, type SharedMemory, WORD } from "./shared-memory.ts";

/** An entry on its way to the disk. */
export interface OrderedTail {
  /** What follows the value of `durable` in the entry's data. */
  readonly tail: string;
  /** A new segment begins with it. */
  readonly rotate: boolean;
  /** It is a seal. */
  readonly sealed: boolean;
}

/** An entry in the ring: where its tail stands, in UTF-8. */
export interface RingEntry extends Span {
  readonly rotate: boolean;
  readonly sealed: boolean;
  /** Its tail is too long for the ring, and comes by another way. */
  readonly outside: boolean;
}

/** A tail whose text is longer goes by another way. */
export const RING_TAIL_LENGTH_MAX: number = 128 * 1024;

const LENGTH_BITS = 24;
const LENGTH_MASK = (1 << LENGTH_BITS) - 1;
const ROTATE = 1 << LENGTH_BITS;
const SEALED = 2 << LENGTH_BITS;
const OUTSIDE = 4 << LENGTH_BITS;
/** What follows, up to the end of the ring, is empty. */
const SKIP = 8 << LENGTH_BITS;
const HEADER_BYTES = 4;

/** The end that is written to. */
export class RingInlet {
  readonly #memory: SharedMemory;
  readonly #headers: Int32Array;
  #appended: number;
  #emptied: number;

  constructor(memory: SharedMemory) {
    this.#memory = memory;
    this.#headers = headersOf(memory);
    this.#appended = Atomics.load(memory.words, WORD.appended) >>> 0;
    this.#emptied = this.#appended;
  }

  /** Lays an entry into the ring, not yet to be seen; false when there is no room. */
  push({ tail, rotate, sealed }: OrderedTail): boolean {
    const outside = tail.length > RING_TAIL_LENGTH_MAX;
    const bytesMax = HEADER_BYTES + (outside ? 0 : tail.length * 3);
    let at = this.#appended % RING_BYTES;
    const skipped = at + bytesMax > RING_BYTES ? RING_BYTES - at : 0;
    if (!this.#hasRoom(skipped + bytesMax)) return false;
    if (skipped > 0) {
      this.#headers[at / HEADER_BYTES] = SKIP;
      at = 0;
    }
    const bytes = outside ? 0 : this.#memory.ring.write(tail, at + HEADER_BYTES, "utf8");
    const flags = (rotate ? ROTATE : 0) | (sealed ? SEALED : 0) | (outside ? OUTSIDE : 0);
    this.#headers[at / HEADER_BYTES] = bytes | flags;
    this.#appended = (this.#appended + skipped + HEADER_BYTES + aligned(bytes)) >>> 0;
    return true;
  }

  /** Shows what was pushed. */
  publish(): void {
    Atomics.store(this.#memory.words, WORD.appended, this.#appended | 0);
  }

  /** One word always stays free, so that a full ring is not an empty one. */
  #hasRoom(bytes: number): boolean {
    const room = RING_BYTES - HEADER_BYTES - bytes;
    if ((this.#appended - this.#emptied) >>> 0 <= room) return true;
    this.#emptied = Atomics.load(this.#memory.words, WORD.emptied) >>> 0;
    return (this.#appended - this.#emptied) >>> 0 <= room;
  }
}

/** The end that is read from. */
export class RingOutlet {
  readonly #memory: SharedMemory;
  readonly #headers: Int32Array;
  #emptied: number;
  #next = 0;
  #appended = 0;

  constructor(memory: SharedMemory) {
    this.#memory = memory;
    this.#headers = headersOf(memory);
    this.#emptied = Atomics.load(memory.words, WORD.emptied) >>> 0;
  }

  hasEntries(): boolean {
    const { words } = this.#memory;
    return Atomics.load(words, WORD.appended) !== Atomics.load(words, WORD.emptied);
  }

  /** Begins to read what has been published. */
  begin(): void {
    this.#appended = Atomics.load(this.#memory.words, WORD.appended) >>> 0;
  }

  /** The next entry; `undefined` when there is none. Its bytes are good until {@link end}. */
  peek(): RingEntry | undefined {
    if (this.#emptied === this.#appended) return undefined;
    let at = this.#emptied % RING_BYTES;
    let header = this.#headers[at / HEADER_BYTES] as number;
    if (header === SKIP) {
      this.#emptied = (this.#emptied + RING_BYTES - at) >>> 0;
      at = 0;
      header = this.#headers[0] as number;
    }
    const bytes = header & LENGTH_MASK;
    this.#next = (this.#emptied + HEADER_BYTES + aligned(bytes)) >>> 0;
    const start = at + HEADER_BYTES;
    return {
      bytes: this.#memory.ring,
      start,
      end: start + bytes,
      rotate: (header & ROTATE) !== 0,
      sealed: (header & SEALED) !== 0,
      outside: (header & OUTSIDE) !== 0,
    };
  }

  /** Passes the entry that was peeked at. */
  pass(): void {
    this.#emptied = this.#next;
  }

  /** Gives back the room of what was passed. */
  end(): void {
    Atomics.store(this.#memory.words, WORD.emptied, this.#emptied | 0);
  }
}

function headersOf({ ring }: SharedMemory): Int32Array {
  return new Int32Array(ring.buffer, ring.byteOffset, RING_BYTES / HEADER_BYTES);
}

function aligned(bytes: number): number {
  return (bytes + 3) & ~3;
}
