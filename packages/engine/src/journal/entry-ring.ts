/**
 * The ring of entries between the ordering thread and the writer: single producer, single consumer. A decision is stored as
 * its record, any other entry as its tail in UTF-8, after a word with the length and the marks. Nothing here waits: a full
 * ring refuses.
 * @module
 */
import { type DecisionRecord, recordBytes } from "./decision-record.ts";
import type { Span } from "./line-chain.ts";
import { RING_BYTES, type SharedMemory, WORD } from "./shared-memory.ts";

/** The text after the value of `durable` in an entry's data; or the record that it is written from. */
export type Tail = string | DecisionRecord;

/** Marks of an entry on its way to the disk: bits. */
export const MARKS = {
  /** A new segment begins with the entry. */
  rotate: 1,
  /** The entry is a seal. */
  sealed: 2,
} as const;

/** An entry in the ring: the place of its record or tail. The outlet has one instance, and reuses it. */
export interface RingEntry extends Span {
  readonly isRecord: boolean;
  readonly rotate: boolean;
  readonly sealed: boolean;
  /** Its tail is too long for the ring, and is sent separately. */
  readonly outside: boolean;
}

/** A longer tail is sent separately. */
export const RING_TAIL_LENGTH_MAX: number = 128 * 1024;

const LENGTH_BITS = 24;
const LENGTH_MASK = (1 << LENGTH_BITS) - 1;
const ROTATE: number = MARKS.rotate << LENGTH_BITS;
const SEALED: number = MARKS.sealed << LENGTH_BITS;
const OUTSIDE = 4 << LENGTH_BITS;
/** The rest of the ring, up to its end, is unused. */
const SKIP = 8 << LENGTH_BITS;
const RECORD = 16 << LENGTH_BITS;
/** Alignment of records. */
const HEADER_BYTES = 8;

/** The producer's end. */
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
   * Writes an entry into the ring without publishing it; false if the ring is full.
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

  /** Publishes the pushed entries. */
  publish(): void {
    Atomics.store(this.#memory.words, WORD.appended, this.#appended | 0);
  }

  /** One header always stays free, so that a full ring differs from an empty one. */
  #hasRoom(bytes: number): boolean {
    const room = RING_BYTES - HEADER_BYTES - bytes;
    if ((this.#appended - this.#emptied) >>> 0 <= room) return true;
    this.#emptied = Atomics.load(this.#memory.words, WORD.emptied) >>> 0;
    return (this.#appended - this.#emptied) >>> 0 <= room;
  }
}

/** The consumer's end. */
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

  /** Starts reading the published entries. */
  begin(): void {
    this.#appended = Atomics.load(this.#memory.words, WORD.appended) >>> 0;
  }

  /** The next entry; `undefined` if there is no more. Its bytes are valid until {@link end}. */
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

  /** Position of the next entry, for {@link rewind} before {@link end}. */
  get position(): number {
    return this.#emptied;
  }

  /** Returns to an earlier position. */
  rewind(position: number): void {
    this.#emptied = position;
  }

  /** Moves past the peeked entry. */
  pass(): void {
    this.#emptied = this.#next;
  }

  /** Frees the space of the passed entries. */
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
