/**
 * The chaining stage: entries from the ring become lines, ready to be written as they stand. Two threads may do it, one at
 * a time, under the lock. What is ready is told in chunks, which the writer takes without a lock.
 *
 *     entries ─▶ lines, chained ─▶ chunks ─▶ file
 *
 * Positions count bytes since the beginning, modulo 2^32; the sizes of the rings divide that.
 * @module
 */
import type { ChainHash } from "@calybris/kernel";
import { type Chunk, chunkEnd, continues, loadChunk, storeChunk } from "./chunk.ts";
import { RingOutlet } from "./entry-ring.ts";
import { LINE_BYTES_AROUND, LineChain, spanOf } from "./line-chain.ts";
import type { Lines, WriterStart } from "./segment-writer.ts";
import { CHUNKS, LINES_BYTES, lock, type SharedMemory, storeHash, unlock, WORD } from "./shared-memory.ts";

/** One chaining takes so much at most, so that what it has done is soon seen. */
const CHUNK_BYTES_MAX = 16 * 1024;
/** The most that one batch writes. */
const BATCH_BYTES_MAX = 1 << 20;

export class ChainStage {
  readonly #memory: SharedMemory;
  readonly #ring: RingOutlet;
  readonly #chain: LineChain;
  /** What the writer has taken: chunks, and the position where the last one ended. */
  #taken: number;
  #takenEnd = 0;

  constructor(memory: SharedMemory, chain: ChainHash | undefined) {
    this.#memory = memory;
    this.#ring = new RingOutlet(memory);
    this.#chain = new LineChain(0, "", chain);
    this.#taken = Atomics.load(memory.words, WORD.taken);
  }

  /** Sets where the chain begins; before any thread works. */
  static prepare(memory: SharedMemory, { sequence, hash }: WriterStart): void {
    storeChunk(memory, -1, { start: 0, end: 0, first: sequence, last: sequence, rotate: false, sealed: false, hash });
    Atomics.store(memory.words, WORD.durable, sequence | 0);
  }

  /** Whether anything waits, as an entry or as a line. */
  hasWork(): boolean {
    const { words } = this.#memory;
    return this.#ring.hasEntries() || Atomics.load(words, WORD.chained) !== Atomics.load(words, WORD.taken);
  }

  /** Chains one chunk of what waits; false when nothing could be done. */
  chainSome(): boolean {
    lock(this.#memory.words);
    const chained = this.#chainChunk(CHUNK_BYTES_MAX);
    unlock(this.#memory.words);
    return chained;
  }

  /**
   * The lines to be written next, chained here if nobody else has done it; to be given back by {@link release}. For the
   * writer only.
   *
   * @param outsideTail - gives the tail of an entry that did not fit the ring.
   */
  take(outsideTail: () => string): Lines | undefined {
    const ready = this.#takeReady();
    if (ready !== undefined) return ready;
    lock(this.#memory.words);
    this.#chainChunk(BATCH_BYTES_MAX);
    const lines = this.#takeReady() ?? this.#takeOutside(outsideTail);
    unlock(this.#memory.words);
    return lines;
  }

  /** The lines that were taken are on the disk; their room is free. */
  release(lines: Lines): void {
    const { words } = this.#memory;
    Atomics.store(words, WORD.durable, lines.last | 0);
    Atomics.store(words, WORD.taken, this.#taken);
    Atomics.store(words, WORD.released, this.#takenEnd | 0);
  }

  /** Consecutive chunks that stand together, as one batch. */
  #takeReady(): Lines | undefined {
    const chained = Atomics.load(this.#memory.words, WORD.chained);
    if (this.#taken === chained) return undefined;
    const begin = loadChunk(this.#memory, this.#taken);
    let { end } = begin;
    let next = (this.#taken + 1) | 0;
    while (next !== chained && continues(this.#memory, next, end)) {
      const longer = chunkEnd(this.#memory, next);
      if (distance(begin.start, longer) > BATCH_BYTES_MAX) break;
      end = longer;
      next = (next + 1) | 0;
    }
    const { last, hash, sealed } = next === ((this.#taken + 1) | 0) ? begin : loadChunk(this.#memory, next - 1);
    this.#taken = next;
    this.#takenEnd = end;
    const at = begin.start % LINES_BYTES;
    const bytes = this.#memory.lines.subarray(at, at + distance(begin.start, end));
    return { bytes, first: begin.first, last, hash, rotate: begin.rotate, sealed };
  }

  /** An entry that is too long for the rings is a batch of its own, whose bytes are nowhere shared. */
  #takeOutside(outsideTail: () => string): Lines | undefined {
    const { end } = this.#resume();
    const entry = this.#ring.peek();
    if (entry === undefined || !entry.outside) return undefined;
    const { rotate, sealed } = entry;
    const tail = Buffer.from(outsideTail());
    const buffer = Buffer.allocUnsafe(tail.byteLength + LINE_BYTES_AROUND);
    const bytes = buffer.subarray(0, this.#chain.lay(buffer, 0, this.#durable(), spanOf(tail)));
    const { sequence, hash } = this.#chain;
    storeHash(this.#memory, sequence, hash);
    this.#ring.pass();
    this.#publish({ start: end, end, first: sequence, last: sequence, rotate, sealed, hash });
    this.#taken = (this.#taken + 1) | 0;
    this.#takenEnd = end;
    return { bytes, first: sequence, last: sequence, hash, rotate, sealed };
  }

  #chainChunk(bytesMax: number): boolean {
    const { words, lines } = this.#memory;
    if ((Atomics.load(words, WORD.chained) - Atomics.load(words, WORD.taken)) >>> 0 >= CHUNKS - 1) return false;
    const before = this.#resume();
    const released = Atomics.load(words, WORD.released);
    const durable = this.#durable();
    let start = before.end;
    let end = start;
    let rotate = false;
    let sealed = false;
    for (let entry = this.#ring.peek(); entry !== undefined && !entry.outside; entry = this.#ring.peek()) {
      if (end - start >= bytesMax || (entry.rotate && end > start)) break;
      const room = entry.end - entry.start + LINE_BYTES_AROUND;
      const rest = LINES_BYTES - (end % LINES_BYTES);
      const skipped = room > rest ? rest : 0;
      if (distance(released, end) + skipped + room > LINES_BYTES || (skipped > 0 && end > start)) break;
      if (end === start) {
        start += skipped;
        end = start;
        rotate = entry.rotate;
      }
      const at = end % LINES_BYTES;
      end += this.#chain.lay(lines, at, durable, entry) - at;
      storeHash(this.#memory, this.#chain.sequence, this.#chain.hash);
      sealed = entry.sealed;
      this.#ring.pass();
    }
    if (end === start) return false;
    const { sequence: last, hash } = this.#chain;
    this.#publish({ start, end, first: before.last + 1, last, rotate, sealed, hash });
    return true;
  }

  /** Goes on where the last chunk ended, whoever chained it. */
  #resume(): Chunk {
    const before = loadChunk(this.#memory, Atomics.load(this.#memory.words, WORD.chained) - 1);
    this.#chain.resume(before.last, before.hash);
    this.#ring.begin();
    return before;
  }

  /** Shows a chunk, and only then gives back the room of its entries. */
  #publish(chunk: Chunk): void {
    const { words } = this.#memory;
    const chained = Atomics.load(words, WORD.chained);
    storeChunk(this.#memory, chained, chunk);
    Atomics.store(words, WORD.chained, (chained + 1) | 0);
    this.#ring.end();
  }

  #durable(): number {
    const { sequence } = this.#chain;
    return sequence - distance(Atomics.load(this.#memory.words, WORD.durable), sequence);
  }
}

function distance(from: number, to: number): number {
  return (to - from) >>> 0;
}
