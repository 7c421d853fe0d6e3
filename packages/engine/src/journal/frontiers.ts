/**
 * The Merkle tree after each batch, passed from the writer thread to the engine's: the roots of its perfect subtrees, in a
 * row of bytes beside the batch's row of numbers (`results.ts`). So the tree of all durable entries is in memory, and
 * neither thread asks the other.
 * @module
 */
import { HASH_BYTES, type MerkleFrontier } from "@calybris/kernel";

/** A sequence has at most 53 bits. */
export const FRONTIER_BYTES: number = 53 * HASH_BYTES;

export class Frontiers {
  readonly #rows: Uint8Array;
  /** The tree of the report being delivered. */
  readonly #current: Uint8Array = new Uint8Array(FRONTIER_BYTES);
  #currentSize = 0;

  constructor(rows: Uint8Array) {
    this.#rows = rows;
  }

  /** Writes a tree into a row; called by the writer. */
  lay(row: number, hashes: readonly Uint8Array[]): void {
    for (let index = 0; index < hashes.length; index++)
      this.#rows.set(hashes[index] as Uint8Array, row * FRONTIER_BYTES + index * HASH_BYTES);
  }

  /** Copies the tree out of a row before the row is released. */
  take(row: number, treeSize: number): void {
    this.#currentSize = treeSize;
    const from = row * FRONTIER_BYTES;
    this.#current.set(this.#rows.subarray(from, from + countOf(treeSize) * HASH_BYTES));
  }

  /** A copy of the tree taken last. */
  current(): MerkleFrontier {
    const hashes = Array.from({ length: countOf(this.#currentSize) }, (_, index) =>
      this.#current.slice(index * HASH_BYTES, (index + 1) * HASH_BYTES),
    );
    return { treeSize: this.#currentSize, hashes };
  }
}

/** Number of perfect subtrees of a tree of this size. */
function countOf(treeSize: number): number {
  let count = 0;
  for (let rest = treeSize; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
}
