/**
 * The ring of entries between the thread that orders and the writer: one writes, one reads. A decision is its record, any
 * other entry its tail in UTF-8, behind a word that holds the length and what is special about it. Nothing here waits: a full
 * ring refuses.
 * @module
 */
import { type DecisionRecord, recordBytes } from "./decision-record.ts";
import type { Span } from "./line-chain.ts";
import { RING_BYTES, type SharedMemory, WORD } from "./shared-memory.ts";

/** What follows the value of `durable` in an entry's data; or the record that it is written from. */
export type Tail = string | DecisionRecord;

/** What is special about an entry on its way to the disk: bits. */
export const MARKS = {
  /** A new segment begins with it. */
  rotate: 1,
  /** It is a seal. */
  sealed: 2,
} as const;

/** An entry in the ring: where its record or its tail is. The outlet has one, and moves it on. */
export interface RingEntry extends Span {
  readonly isRecord: boolean;
  readonly rotate: boolean;
  readonly sealed: boolean;
  /** Its tail is too long for the ring, and comes by another way. */
  readonly outside: boolean;
}

/** A tail whose text is longer goes by another way. */
export const RING_TAIL_LENGTH_MAX: number = 128 * 1024;

const LENGTH_BITS = 24;
const LENGTH_MASK = (1 << LENGTH_BITS) - 1;
const ROTATE: number = MARKS.rotate << LENGTH_BITS;
const SEALED: number = MARKS.sealed << LENGTH_BITS;
const OUTSIDE = 4 << LENGTH_BITS;
/** What follows, up to the end of the ring, is empty. */
const SKIP = 8 << LENGTH_BITS;
const RECORD = 16 << LENGTH_BITS;
/** Records begin at multiples of it. */
const HEADER_BYTES = 8;

/** The end that is written to. */
export class RingInlet {
  readonly #memory: SharedMemory;
  readonly #headers: Int32Array;
  readonly #words: Uint32Array;
  #appended: number;
  #emptied: number;

  constructor(memory: SharedMemory) {
    this.#memory = memory;
    this.#headers = headersOf(memory);
    this.#words = new Uint32Array(memory.ring.buffer, memory.ring.byteOffset, RING_BYTES / 4);
    this.#appended = Atomics.load(memory.words, WORD.appended) >>> 0;
    this.#emptied = this.#appended;
  }

  /**
   * Lays an entry into the ring, not yet to be seen; false when it is full.
   *
   * @param marks - bits of {@link MARKS}.
   */
  push(tail: Tail, marks: number): boolean {
    const isRecord = typeof tail !== "string";
    const outside = !isRecord && tail.length > RING_TAIL_LENGTH_MAX;
    const bytesMax = HEADER_BYTES + (outside ? 0 : isRecord ? recordBytes(tail) : tail.length * 3);
    let at = this.#appended % RING_BYTES;
    const skipped = at + bytesMax > RING_BYTES ? RING_BYTES - at : 0;
    if (!this.#hasRoom(skipped + bytesMax)) return false;
    if (skipped > 0) {
      this.#headers[at >>> 2] = SKIP;
      at = 0;
    }
    const bytes = outside ? 0 : this.#lay(tail, at + HEADER_BYTES);
    const flags = (marks << LENGTH_BITS) | (outside ? OUTSIDE : 0) | (isRecord ? RECORD : 0);
    this.#headers[at >>> 2] = bytes | flags;
    this.#appended = (this.#appended + skipped + HEADER_BYTES + aligned(bytes)) >>> 0;
    return true;
  }

  #lay(tail: Tail, at: number): number {
    if (typeof tail === "string") return this.#memory.ring.write(tail, at, "utf8");
    const { u32 } = tail.pages;
    const words = recordBytes(tail) >>> 2;
    const [from, to] = [tail.at >>> 2, at >>> 2];
    for (let word = 0; word < words; word++) this.#words[to + word] = u32[from + word] as number;
    return words << 2;
  }

  /** Shows what was pushed. */
  publish(): void {
    Atomics.store(this.#memory.words, WORD.appended, this.#appended | 0);
  }

  /** One header always stays free, so that a full ring is not an empty one. */
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
  readonly #entry: { -readonly [Key in keyof RingEntry]: RingEntry[Key] };
  #emptied: number;
  #next = 0;
  #appended = 0;

  constructor(memory: SharedMemory) {
    this.#memory = memory;
    this.#headers = headersOf(memory);
    this.#emptied = Atomics.load(memory.words, WORD.emptied) >>> 0;
    const flags = { isRecord: false, rotate: false, sealed: false, outside: false };
    this.#entry = { bytes: memory.ring, start: 0, end: 0, ...flags };
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
    let header = this.#headers[at >>> 2] as number;
    if (header === SKIP) {
      this.#emptied = (this.#emptied + RING_BYTES - at) >>> 0;
      at = 0;
      header = this.#headers[0] as number;
    }
    const bytes = header & LENGTH_MASK;
    this.#next = (this.#emptied + HEADER_BYTES + aligned(bytes)) >>> 0;
    const entry = this.#entry;
    entry.start = at + HEADER_BYTES;
    entry.end = entry.start + bytes;
    entry.isRecord = (header & RECORD) !== 0;
    entry.rotate = (header & ROTATE) !== 0;
    entry.sealed = (header & SEALED) !== 0;
    entry.outside = (header & OUTSIDE) !== 0;
    return entry;
  }

  /** Where the next entry is; to be given to {@link rewind} before {@link end}. */
  get position(): number {
    return this.#emptied;
  }

  /** Goes back to entries that were passed. */
  rewind(position: number): void {
    this.#emptied = position;
  }

  /** Passes the entry that was peeked at. */
  pass(): void {
    this.#emptied = this.#next;
  }

  /** Frees the space of what was passed. */
  end(): void {
    Atomics.store(this.#memory.words, WORD.emptied, this.#emptied | 0);
  }
}

function headersOf({ ring }: SharedMemory): Int32Array {
  return new Int32Array(ring.buffer, ring.byteOffset, RING_BYTES / 4);
}

function aligned(bytes: number): number {
  return (bytes + HEADER_BYTES - 1) & -HEADER_BYTES;
}
