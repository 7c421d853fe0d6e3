/**
 * Makes lines of the entries in the ring, ready to be written as they stand: the writer thread's work between two syncs.
 *
 *     entries ─▶ lines, chained ─▶ file
 * @module
 */
import type { ChainHash } from "@calybris/kernel";
import { type RingEntry, RingOutlet } from "./entry-ring.ts";
import { LINE_BYTES_AROUND, LineChain, spanOf } from "./line-chain.ts";
import type { Lines, WriterStart } from "./segment-writer.ts";
import { type SharedMemory, storeHash } from "./shared-memory.ts";

/** The most that one batch writes. */
const BATCH_BYTES_MAX = 1 << 20;

export class LineStage {
  readonly #memory: SharedMemory;
  readonly #ring: RingOutlet;
  readonly #chain: LineChain;
  /** The lines of one batch; they are good until the next is taken. */
  readonly #lines: Buffer = Buffer.allocUnsafeSlow(BATCH_BYTES_MAX);
  #durable: number;

  /** @param keyed - the keyed chain; without one, the plain SHA-256 chain. */
  constructor(memory: SharedMemory, { sequence, hash }: WriterStart, keyed: ChainHash | undefined) {
    this.#memory = memory;
    this.#ring = new RingOutlet(memory);
    this.#chain = new LineChain(sequence, hash, keyed);
    this.#durable = sequence;
  }

  hasWork(): boolean {
    return this.#ring.hasEntries();
  }

  /**
   * The lines of the entries that come next, within one segment; `undefined` when none waits.
   *
   * @param outsideTail - gives the tail of an entry that did not fit the ring.
   */
  take(outsideTail: () => string): Lines | undefined {
    this.#ring.begin();
    const begin = this.#ring.peek();
    if (begin === undefined) return undefined;
    const first = this.#chain.sequence + 1;
    const { rotate } = begin;
    const { bytes, sealed } = begin.outside ? this.#layOutside(begin, outsideTail()) : this.#layAll(begin);
    this.#ring.end();
    const { sequence: last, hash } = this.#chain;
    return { bytes, first, last, hash, rotate, sealed };
  }

  /** Lines that were taken are on the disk. */
  written({ last }: Lines): void {
    this.#durable = last;
  }

  #layAll(begin: RingEntry): { readonly bytes: Buffer; readonly sealed: boolean } {
    let end = 0;
    let { sealed } = begin;
    for (let entry: RingEntry | undefined = begin; entry !== undefined; entry = this.#ring.peek()) {
      const isApart = entry.outside || (entry.rotate && entry !== begin);
      if (isApart || end + entry.end - entry.start + LINE_BYTES_AROUND > BATCH_BYTES_MAX) break;
      end = this.#chain.lay(this.#lines, end, this.#durable, entry);
      this.#passed();
      sealed = entry.sealed;
    }
    return { bytes: this.#lines.subarray(0, end), sealed };
  }

  /** An entry that is too long for the ring is a batch of its own. */
  #layOutside({ sealed }: RingEntry, text: string): { readonly bytes: Buffer; readonly sealed: boolean } {
    const tail = Buffer.from(text);
    const buffer = Buffer.allocUnsafe(tail.byteLength + LINE_BYTES_AROUND);
    const bytes = buffer.subarray(0, this.#chain.lay(buffer, 0, this.#durable, spanOf(tail)));
    this.#passed();
    return { bytes, sealed };
  }

  #passed(): void {
    storeHash(this.#memory, this.#chain.sequence, this.#chain.hash);
    this.#ring.pass();
  }
}
