/**
 * The Merkle tree after each batch, from the writer thread to the engine's: the roots of its perfect subtrees, in a row of
 * bytes beside the row of numbers of the batch (`results.ts`). So whatever is durable has its tree in memory, and neither thread
 * asks the other.
 * @module
 */
import { HASH_BYTES, type MerkleFrontier } from "@calybris/kernel";

/** A sequence has at most 53 bits. */
export const FRONTIER_BYTES: number = 53 * HASH_BYTES;

export class Frontiers {
  readonly #rows: Uint8Array;
  /** Of the report that is being handed over. */
  readonly #current: Uint8Array = new Uint8Array(FRONTIER_BYTES);
  #currentSize = 0;

  constructor(rows: Uint8Array) {
    this.#rows = rows;
  }

  /** Lays a tree into a row; to be called by the writer. */
  lay(row: number, hashes: readonly Uint8Array[]): void {
    for (let index = 0; index < hashes.length; index++)
      this.#rows.set(hashes[index] as Uint8Array, row * FRONTIER_BYTES + index * HASH_BYTES);
  }

  /** Takes the tree out of a row before the row is given away. */
  take(row: number, treeSize: number): void {
    this.#currentSize = treeSize;
    const from = row * FRONTIER_BYTES;
    this.#current.set(this.#rows.subarray(from, from + countOf(treeSize) * HASH_BYTES));
  }

  /** A copy of the tree that was taken last. */
  current(): MerkleFrontier {
    const hashes = Array.from({ length: countOf(this.#currentSize) }, (_, index) =>
      this.#current.slice(index * HASH_BYTES, (index + 1) * HASH_BYTES),
    );
    return { treeSize: this.#currentSize, hashes };
  }
}

/** How many perfect subtrees so many entries divide into. */
function countOf(treeSize: number): number {
  let count = 0;
  for (let rest = treeSize; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
}
