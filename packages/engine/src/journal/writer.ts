/**
 * Writes batches from one thread: chains the entries and appends the lines. It is for a caller that drives it by hand; the
 * writer thread does the same with entries from the ring (`line-stage.ts`).
 *
 *     batch ─▶ lines, chained ─▶ one write ─▶ one fdatasync ─▶ head ─▶ acknowledged
 * @module
 */
import type { ChainHash } from "@calybris/kernel";
import type { DecisionRecord } from "./decision-record.ts";
import type { Disk } from "./disk.ts";
import type { Tail } from "./entry-ring.ts";
import { LINE_BYTES_AROUND, LineChain, spanOf } from "./line-chain.ts";
import { type Proofs, ProofTable } from "./proofs.ts";
import { layRecordLine } from "./record-lines.ts";
import { textBytesMax } from "./record-text.ts";
import { type Place, SegmentWriter, type WriterStart } from "./segment-writer.ts";

export type { WriterStart } from "./segment-writer.ts";

/** Entries in order: `tails[i]` is what follows `durable` in the data of entry `first + i`, or the record of its decision. */
export interface Batch {
  readonly first: number;
  readonly tails: readonly Tail[];
  /** A new segment begins with the first entry of this batch. */
  readonly rotate: boolean;
  /** The batch ends with a seal: the head is synced too. */
  readonly sealed: boolean;
}

/** What became durable in one go, and where it went. */
export interface Written extends Place {
  readonly first: number;
  readonly durable: number;
  /** The hash of the last entry. */
  readonly hash: string;
  readonly proofs: Proofs;
}

const PROOFS_MIN = 64;

export class Writer {
  readonly #files: SegmentWriter;
  readonly #chain: LineChain;
  #proofs: ProofTable = ProofTable.ofSize(PROOFS_MIN);
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
    const bytes = this.#lay(batch.tails);
    const { sequence: last, hash } = this.#chain;
    const lines = { bytes, first: batch.first, last, hash, rotate: batch.rotate, sealed: batch.sealed };
    const place = this.#files.append(lines);
    this.#durable = last;
    this.#files.writeHead(lines);
    return { ...place, first: batch.first, durable: last, hash, proofs: this.#proofs };
  }

  /** Cuts the prepared space off and closes. Only after the last batch. */
  close(): void {
    this.#files.close();
  }

  #lay(tails: readonly Tail[]): Buffer {
    const spans = tails.map((tail) => (typeof tail === "string" ? Buffer.from(tail) : tail));
    const most = spans.reduce((sum, tail) => sum + LINE_BYTES_AROUND + bytesMaxOf(tail), 0);
    const buffer = Buffer.allocUnsafe(most);
    if (spans.length > this.#proofs.size) this.#proofs = ProofTable.ofSize(spans.length);
    let end = 0;
    for (const tail of spans) {
      const place = { target: buffer, at: end, durable: this.#durable };
      end = Buffer.isBuffer(tail)
        ? this.#chain.lay(buffer, end, this.#durable, spanOf(tail))
        : layRecordLine(this.#chain, this.#proofs, place, tail.pages, tail.at);
      this.#proofs.layHash(this.#chain);
    }
    return buffer.subarray(0, end);
  }
}

function bytesMaxOf(tail: Buffer | DecisionRecord): number {
  return Buffer.isBuffer(tail) ? tail.byteLength : textBytesMax(tail.pages, tail.at);
}
