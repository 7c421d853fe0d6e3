/**
 * The Merkle tree of a journal (RFC 9162, section 2.1): leaf H(0x00 ‖ data), node H(0x01 ‖ left ‖ right), split at the
 * largest power of two below the number of leaves. The data of a leaf is the 32-byte hash of an entry; entry n is leaf n − 1.
 *
 * {@link MerkleTree} is a fold over (sequence, entry hash). It keeps one hash for each bit set in the tree size, so
 * its memory is O(log n) and an append hashes twice on average.
 * @module
 */
import { invariant } from "../invariant.ts";
import { type Sha256, sha256 } from "../sha256.ts";

export const HASH_BYTES = 32;

const NODE_BYTES = 1 + 2 * HASH_BYTES;
/** Hashing is synchronous, so one buffer serves every node. */
const nodeScratch = new Uint8Array(NODE_BYTES);
const leafScratch = new Uint8Array(1 + HASH_BYTES);

/**
 * The hash of a leaf.
 *
 * @param out - 32 bytes for the result, see {@link Sha256}.
 */
export function leafHash(data: Uint8Array, hash: Sha256 = sha256, out?: Uint8Array): Uint8Array {
  const bytes = data.byteLength === HASH_BYTES ? leafScratch : new Uint8Array(1 + data.byteLength);
  bytes.set(data, 1);
  return hash(bytes, out);
}

/**
 * The hash of an inner node.
 *
 * @param out - 32 bytes for the result, see {@link Sha256}; may be `left` or `right`.
 */
export function nodeHash(left: Uint8Array, right: Uint8Array, hash: Sha256 = sha256, out?: Uint8Array): Uint8Array {
  nodeScratch[0] = 1;
  nodeScratch.set(left, 1);
  nodeScratch.set(right, 1 + HASH_BYTES);
  return hash(nodeScratch, out);
}

/** The root of the tree without leaves: the hash of the empty string. */
export function emptyRoot(hash: Sha256 = sha256): Uint8Array {
  return hash(new Uint8Array(0));
}

/** Receives each perfect subtree when it is complete: 2^level leaves from leaf index · 2^level. */
export type NodeSink = (level: number, index: number, hash: Uint8Array) => void;

/** The state from which a tree can be extended. */
export interface MerkleFrontier {
  /** Number of leaves. */
  readonly treeSize: number;
  /** The roots of the perfect subtrees that the leaves divide into, from left to right: one for each bit of the tree size. */
  readonly hashes: readonly Uint8Array[];
}

/**
 * The tree as a fold.
 *
 * @example
 * ```ts
 * import { MerkleTree, sha256, toHex } from "@calybris/kernel";
 * const tree = new MerkleTree();
 * toHex(tree.root()).slice(0, 8); // "e3b0c442"
 * tree.append(1, sha256(new Uint8Array()));
 * tree.treeSize; // 1
 * ```
 */
export class MerkleTree {
  readonly #hash: Sha256;
  readonly #onNode: NodeSink | undefined;
  /** Unless nodes are passed to a sink, only this tree refers to these bytes, so a node may overwrite its right child. */
  readonly #hashes: Uint8Array[];
  /** A freed buffer, for reuse. */
  #spare: Uint8Array | undefined;
  #treeSize: number;

  constructor(options: { from?: MerkleFrontier; hash?: Sha256; onNode?: NodeSink } = {}) {
    const { treeSize, hashes } = options.from ?? { treeSize: 0, hashes: [] };
    invariant(Number.isSafeInteger(treeSize) && treeSize >= 0, `a tree size is a safe integer, got ${treeSize}`);
    invariant(hashes.length === bitsSet(treeSize), "a frontier has one hash for each bit of its tree size");
    this.#treeSize = treeSize;
    this.#hashes = hashes.map(copyOf);
    this.#hash = options.hash ?? sha256;
    this.#onNode = options.onNode;
  }

  get treeSize(): number {
    return this.#treeSize;
  }

  /** Adds the next entry. Sequences start at 1 and increase by one. */
  append(sequence: number, entryHash: Uint8Array): void {
    invariant(sequence === this.#treeSize + 1, `entry ${this.#treeSize + 1} is next, got ${sequence}`);
    invariant(
      entryHash.byteLength === HASH_BYTES,
      `an entry hash has ${HASH_BYTES} bytes, got ${entryHash.byteLength}`,
    );
    const isOwn = this.#onNode === undefined;
    let node = leafHash(entryHash, this.#hash, isOwn ? this.#spare : undefined);
    this.#spare = undefined;
    let index = this.#treeSize;
    this.#onNode?.(0, index, node);
    // No bitwise operators: they are limited to 32 bits, and a journal may have more entries.
    for (let level = 1; index % 2 === 1; level++) {
      const left = this.#hashes.pop() as Uint8Array;
      node = nodeHash(left, node, this.#hash, isOwn ? node : undefined);
      if (isOwn) this.#spare = left;
      index = (index - 1) / 2;
      this.#onNode?.(level, index, node);
    }
    this.#hashes.push(node);
    this.#treeSize += 1;
  }

  /** The root over all entries so far. */
  root(): Uint8Array {
    let root = this.#hashes.at(-1);
    if (root === undefined) return emptyRoot(this.#hash);
    for (let at = this.#hashes.length - 2; at >= 0; at--)
      root = nodeHash(this.#hashes[at] as Uint8Array, root, this.#hash);
    return this.#hashes.length === 1 ? copyOf(root) : root;
  }

  /** A copy of the state from which another tree can be extended. */
  frontier(): MerkleFrontier {
    return { treeSize: this.#treeSize, hashes: this.#hashes.map(copyOf) };
  }
}

function copyOf(bytes: Uint8Array): Uint8Array {
  return bytes.slice();
}

function bitsSet(value: number): number {
  let count = 0;
  for (let rest = value; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
}
