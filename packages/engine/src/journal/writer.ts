/**
 * Writes batches from one thread: chains the entries and appends the lines. It is for a caller that drives it by hand; the
 * writer thread does the same with entries from the ring (`line-stage.ts`).
 *
 *     batch ─▶ lines, chained ─▶ one write ─▶ one fdatasync ─▶ head ─▶ acknowledged
 * @module
 */
import type { ChainHash } from "@calybris/kernel";
import type { Disk } from "./disk.ts";
import { LINE_BYTES_AROUND, LineChain, spanOf } from "./line-chain.ts";
import { type Place, SegmentWriter, type WriterStart } from "./segment-writer.ts";

export type { WriterStart } from "./segment-writer.ts";

/** Entries in order: `tails[i]` is what follows `durable` in the data of entry `first + i`. */
export interface Batch {
  readonly first: number;
  readonly tails: readonly string[];
  /** A new segment begins with the first entry of this batch. */
  readonly rotate: boolean;
  /** The batch ends with a seal: the head is synced too. */
  readonly sealed: boolean;
}

/** What became durable in one go, and where it went. */
export interface Written extends Place {
  readonly durable: number;
  /** The hash of the last entry. */
  readonly hash: string;
  /** The hash of each entry, in order. */
  readonly hashes: readonly string[];
}

export class Writer {
  readonly #files: SegmentWriter;
  readonly #chain: LineChain;
  #durable: number;

  /** @param chain - the keyed chain; without one, the plain SHA-256 chain. */
  constructor(disk: Disk, start: WriterStart, chain?: ChainHash, nowMs: () => number = () => performance.now()) {
    this.#files = new SegmentWriter(disk, start, chain, nowMs);
    this.#chain = new LineChain(start.sequence, start.hash, chain);
    this.#durable = start.sequence;
  }

  /**
   * Makes a batch durable. After a failure the writer is dead.
   *
   * @throws CalybrisError `CAL_JOURNAL_FAILED` when the disk refused anything, now or before.
   */
  write(batch: Batch): Written {
    const { bytes, hashes } = this.#lay(batch.tails.map((tail) => Buffer.from(tail)));
    const { sequence: last, hash } = this.#chain;
    const lines = { bytes, first: batch.first, last, hash, rotate: batch.rotate, sealed: batch.sealed };
    const place = this.#files.append(lines);
    this.#durable = last;
    this.#files.writeHead(lines);
    return { ...place, durable: last, hash, hashes };
  }

  /** Cuts the prepared space off and closes. Only after the last batch. */
  close(): void {
    this.#files.close();
  }

  #lay(tails: readonly Buffer[]): { readonly bytes: Uint8Array; readonly hashes: readonly string[] } {
    const buffer = Buffer.allocUnsafe(tails.reduce((sum, tail) => sum + tail.byteLength + LINE_BYTES_AROUND, 0));
    const hashes: string[] = [];
    let end = 0;
    for (const tail of tails) {
      end = this.#chain.lay(buffer, end, this.#durable, spanOf(tail));
      hashes.push(this.#chain.hash);
    }
    return { bytes: buffer.subarray(0, end), hashes };
  }
}
