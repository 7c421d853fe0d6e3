/**
 * Makes the entries in the ring into lines that can be written as they are: the writer thread's work between two syncs. The
 * digests and texts of decisions are made here, from their records.
 *
 *     entries ─▶ lines, chained ─▶ file
 *                        └─▶ Merkle tree
 * @module
 */
import type { ChainHash, MerkleFrontier } from "@calybris/kernel";
import type { ChainStart } from "./chain-start.ts";
import { type Pages, pagesOf } from "./decision-record.ts";
import { type RingEntry, RingOutlet } from "./entry-ring.ts";
import { LINE_BYTES_AROUND, LineChain, type Span, spanOf } from "./line-chain.ts";
import { ProofBatch } from "./proof-batch.ts";
import type { ProofTable } from "./proofs.ts";
import { layRecordLine } from "./record-lines.ts";
import { textBytesMax } from "./record-text.ts";
import type { Lines } from "./segment-writer.ts";
import { RING_BYTES, type SharedMemory } from "./shared-memory.ts";
import { TreeBatch } from "./tree-batch.ts";
import type { TreeSink } from "./tree-files.ts";

/** Largest write of one batch. */
const BATCH_BYTES_MAX = 1 << 20;
const TREE_ROOT_BYTES = 80;

export class LineStage {
  readonly #ring: RingOutlet;
  readonly #pages: Pages;
  readonly #proofs: ProofTable;
  readonly #chain: LineChain;
  /** The lines of one batch; valid until the next batch is taken. */
  readonly #lines: Buffer = Buffer.allocUnsafeSlow(BATCH_BYTES_MAX);
  readonly #tree: TreeBatch;
  readonly #proofBatch: ProofBatch;
  #durable: number;

  /**
   * @param keyed - the keyed chain; without one, the plain SHA-256 chain.
   * @param onNodes - receives the hashes of the Merkle tree's perfect subtrees.
   */
  constructor(
    memory: SharedMemory,
    { sequence, hash, tree }: ChainStart,
    keyed: ChainHash | undefined,
    onNodes?: TreeSink["add"],
  ) {
    this.#ring = new RingOutlet(memory);
    this.#pages = pagesOf(memory.ring.buffer, memory.ring.byteOffset, RING_BYTES);
    this.#proofs = memory.proofs;
    this.#proofBatch = new ProofBatch(memory.proofs);
    this.#chain = new LineChain(sequence, hash, keyed);
    this.#tree = new TreeBatch(tree, onNodes);
    this.#durable = sequence;
  }

  hasWork(): boolean {
    return this.#ring.hasEntries();
  }

  /**
   * The lines of the next entries, within one segment; `undefined` if no entry waits.
   *
   * @param outsideTail - returns the tail of an entry that did not fit the ring.
   */
  take(outsideTail: () => string): Lines | undefined {
    this.#ring.begin();
    const begin = this.#ring.peek();
    if (begin === undefined) return undefined;
    const first = this.#chain.sequence + 1;
    const { rotate } = begin;
    const { bytes, sealed } = begin.outside ? this.#layOutside(begin, outsideTail()) : this.#layAll(begin);
    this.#tree.grow();
    this.#ring.end();
    const { sequence: last, hash } = this.#chain;
    return { bytes, first, last, hash, rotate, sealed };
  }

  /** The Merkle tree of the entries taken so far. */
  tree(): MerkleFrontier {
    return this.#tree.frontier();
  }

  /** Records that taken lines are on the disk. */
  written({ last }: Lines): void {
    this.#durable = last;
  }

  #layAll(begin: RingEntry): { readonly bytes: Buffer; readonly sealed: boolean } {
    let end = 0;
    let { sealed } = begin;
    for (let count = this.#prove(end); count > 0; count = this.#prove(end)) {
      for (; count > 0; count--) {
        const entry = this.#ring.peek() as RingEntry;
        ({ sealed } = entry);
        end = this.#layLine(entry, end);
        this.#passed();
      }
    }
    return { bytes: this.#lines.subarray(0, end), sealed };
  }

  #layLine(entry: RingEntry, at: number): number {
    if (entry.isRecord) {
      const place = { target: this.#lines, at, durable: this.#durable };
      return layRecordLine(this.#chain, this.#proofs, place, this.#pages, entry.start);
    }
    return this.#chain.lay(this.#lines, at, this.#durable, entry.rotate ? this.#withTreeRoot(entry) : entry);
  }

  /**
   * Selects the next entries: as many as certainly fit after `begin`. Proves the decisions among them, and rewinds to the
   * first.
   *
   * @returns the number of entries.
   */
  #prove(begin: number): number {
    const { position } = this.#ring;
    let end = begin;
    let count = 0;
    for (let entry = this.#ring.peek(); entry !== undefined && !this.#proofBatch.isFull; entry = this.#ring.peek()) {
      const isApart = end > 0 && (entry.outside || entry.rotate);
      end += this.#bytesMax(entry);
      if (isApart || end > BATCH_BYTES_MAX) break;
      count += 1;
      if (entry.isRecord) this.#proofBatch.add(this.#pages, entry.start, this.#chain.sequence + count);
      this.#ring.pass();
    }
    this.#ring.rewind(position);
    this.#proofBatch.prove(this.#pages);
    return count;
  }

  #bytesMax({ isRecord, start, end }: RingEntry): number {
    return LINE_BYTES_AROUND + TREE_ROOT_BYTES + (isRecord ? textBytesMax(this.#pages, start) : end - start);
  }

  /** An entry that is too long for the ring forms a batch of its own. */
  #layOutside({ sealed, rotate }: RingEntry, text: string): { readonly bytes: Buffer; readonly sealed: boolean } {
    const whole = spanOf(Buffer.from(text));
    const tail = rotate ? this.#withTreeRoot(whole) : whole;
    const buffer = Buffer.allocUnsafe(tail.end + LINE_BYTES_AROUND);
    const bytes = buffer.subarray(0, this.#chain.lay(buffer, 0, this.#durable, tail));
    this.#passed();
    return { bytes, sealed };
  }

  /** The tail of a `state` entry, with the root of the tree before it, which the ordering thread could not know. */
  #withTreeRoot({ bytes, start, end }: Span): Span {
    return spanOf(
      Buffer.concat([bytes.subarray(start, end - 1), Buffer.from(`,"treeRoot":"${this.#tree.digest()}"}`)]),
    );
  }

  #passed(): void {
    this.#proofs.layHash(this.#chain);
    this.#tree.add(this.#proofs.bytes, this.#proofs.hashAt(this.#chain.sequence));
    this.#ring.pass();
  }
}
