/**
 * Makes lines of the entries in the ring, ready to be written as they are: the writer thread's work between two syncs. The
 * digests of a decision and its text are made here, from its record.
 *
 *     entries ─▶ lines, chained ─▶ file
 * @module
 */
import type { ChainHash } from "@calybris/kernel";
import type { ChainPosition } from "./chain-check.ts";
import { type Pages, pagesOf } from "./decision-record.ts";
import { type RingEntry, RingOutlet } from "./entry-ring.ts";
import { LINE_BYTES_AROUND, LineChain, spanOf } from "./line-chain.ts";
import type { ProofTable } from "./proofs.ts";
import { layRecordLine } from "./record-lines.ts";
import { textBytesMax } from "./record-text.ts";
import type { Lines } from "./segment-writer.ts";
import { RING_BYTES, type SharedMemory } from "./shared-memory.ts";

/** The most that one batch writes. */
const BATCH_BYTES_MAX = 1 << 20;

export class LineStage {
  readonly #ring: RingOutlet;
  readonly #pages: Pages;
  readonly #proofs: ProofTable;
  readonly #chain: LineChain;
  /** The lines of one batch; they are good until the next is taken. */
  readonly #lines: Buffer = Buffer.allocUnsafeSlow(BATCH_BYTES_MAX);
  #durable: number;

  /** @param keyed - the keyed chain; without one, the plain SHA-256 chain. */
  constructor(memory: SharedMemory, { sequence, hash }: ChainPosition, keyed: ChainHash | undefined) {
    this.#ring = new RingOutlet(memory);
    this.#pages = pagesOf(memory.ring.buffer, memory.ring.byteOffset, RING_BYTES);
    this.#proofs = memory.proofs;
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
    let sealed = false;
    for (let entry: RingEntry | undefined = begin; entry !== undefined; entry = this.#ring.peek()) {
      const isApart = end > 0 && (entry.outside || entry.rotate);
      if (isApart || end + this.#bytesMax(entry) > BATCH_BYTES_MAX) break;
      sealed = entry.sealed;
      const place = { target: this.#lines, at: end, durable: this.#durable };
      end = entry.isRecord
        ? layRecordLine(this.#chain, this.#proofs, place, this.#pages, entry.start)
        : this.#chain.lay(this.#lines, end, this.#durable, entry);
      this.#passed();
    }
    return { bytes: this.#lines.subarray(0, end), sealed };
  }

  #bytesMax({ isRecord, start, end }: RingEntry): number {
    return LINE_BYTES_AROUND + (isRecord ? textBytesMax(this.#pages, start) : end - start);
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
    this.#proofs.layHash(this.#chain);
    this.#ring.pass();
  }
}
