/**
 * The Merkle tree of a journal, extended by many entries at once: level by level, so that four hashes of a level are
 * computed at a time. `MerkleTree` of the kernel is the definition; both can continue from the same frontier.
 *
 *     entry hashes ─▶ leaves ─▶ pairs of leaves ─▶ … ─▶ the roots of perfect subtrees
 * @module
 */
import { HASH_BYTES, type MerkleFrontier, MerkleTree, Sha256Lanes, toHex } from "@calybris/kernel";
import { nodeSha256 } from "./chain-hash.ts";
import type { TreeSink } from "./tree-files.ts";

/** Entries hashed together; more are processed in several rounds. */
export const TREE_BATCH_MAX = 256;
const LEAF = 0;
const NODE = 1;

export class TreeBatch {
  readonly #onNodes: TreeSink["add"] | undefined;
  readonly #lanes: Sha256Lanes = new Sha256Lanes({ capacity: TREE_BATCH_MAX, strideMax: 2 * HASH_BYTES });
  /** The root of a perfect subtree for each bit of the tree size, by its level. */
  readonly #roots: (Uint8Array | undefined)[] = [];
  #treeSize: number;
  #count = 0;

  /** @param onNodes - called with the hashes of completed perfect subtrees, those of one level together. */
  constructor({ treeSize, hashes }: MerkleFrontier, onNodes?: TreeSink["add"]) {
    this.#onNodes = onNodes;
    this.#treeSize = treeSize;
    let next = hashes.length;
    for (let level = 0, rest = treeSize; rest > 0; level++, rest = Math.floor(rest / 2))
      this.#roots[level] = rest % 2 === 1 ? hashes[--next] : undefined;
  }

  /** Adds the hash of the next entry, 32 bytes at `at`. It takes effect at {@link grow}, or when many are pending. */
  add(bytes: Uint8Array, at: number): void {
    const { messages } = this.#lanes;
    const to = this.#count * HASH_BYTES;
    for (let index = 0; index < HASH_BYTES; index++) messages[to + index] = bytes[at + index] as number;
    this.#count += 1;
    if (this.#count === TREE_BATCH_MAX) this.grow();
  }

  /** Extends the tree by the added entries. */
  grow(): void {
    const added = this.#count;
    if (added === 0) return;
    this.#count = 0;
    this.#lanes.digest({ count: added, bytes: HASH_BYTES, stride: HASH_BYTES, tag: LEAF });
    let count = added;
    let first = this.#treeSize;
    for (let level = 0; count > 0; level++) {
      this.#onNodes?.(level, first, this.#lanes.digests.subarray(0, count * HASH_BYTES));
      const left = this.#roots[level];
      const total = count + (left === undefined ? 0 : 1);
      const pairs = total >>> 1;
      const last =
        total % 2 === 1 ? this.#lanes.digests.slice((count - 1) * HASH_BYTES, count * HASH_BYTES) : undefined;
      if (pairs > 0) this.#hashPairs(left, count, pairs);
      // A node that has no right sibling yet.
      this.#roots[level] = last;
      first = Math.floor(first / 2);
      count = pairs;
    }
    this.#treeSize += added;
  }

  /** A copy of the frontier, from which another tree can continue. */
  frontier(): MerkleFrontier {
    return { treeSize: this.#treeSize, hashes: this.#roots.filter((root) => root !== undefined).reverse() };
  }

  /** The root over all entries so far, in hexadecimal. */
  digest(): string {
    return toHex(new MerkleTree({ from: this.frontier(), hash: nodeSha256 }).root());
  }

  #hashPairs(left: Uint8Array | undefined, count: number, pairs: number): void {
    const { messages, digests } = this.#lanes;
    if (left !== undefined) messages.set(left);
    messages.set(digests.subarray(0, count * HASH_BYTES), left === undefined ? 0 : HASH_BYTES);
    this.#lanes.digest({ count: pairs, bytes: 2 * HASH_BYTES, stride: 2 * HASH_BYTES, tag: NODE });
  }
}
