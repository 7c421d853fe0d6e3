/**
 * The Merkle tree of a journal as a chain fold (`merkle.ts` of the kernel). It stores one hash per bit set in the number of
 * entries, and computes two hashes per entry on average.
 * @module
 */
import {
  HASH_BYTES,
  type MerkleFrontier,
  MerkleTree,
  type NodeSink,
  type SnapshotMembers,
  TREE_PART,
  toHex,
  treeIn,
  treeLine,
} from "@calybris/kernel";
import type { ChainFold } from "./chain-fold.ts";
import { nodeSha256 } from "./chain-hash.ts";

export class JournalTree implements ChainFold {
  readonly part: string = TREE_PART;
  #tree: MerkleTree;
  readonly #entryHash: Buffer = Buffer.alloc(HASH_BYTES);

  readonly #onNode: NodeSink | undefined;

  /**
   * @param from - the tree of the entries before the first one applied; omitted for a new journal.
   * @param onNode - called with the hash of each perfect subtree.
   */
  constructor(from?: MerkleFrontier, onNode?: NodeSink) {
    this.#onNode = onNode;
    this.#tree = this.#treeFrom(from);
  }

  /** Number of entries. */
  get treeSize(): number {
    return this.#tree.treeSize;
  }

  apply(sequence: number, entryHash: string): void {
    this.#entryHash.write(entryHash, "hex");
    this.#tree.append(sequence, this.#entryHash);
  }

  digest(): string {
    return toHex(this.#tree.root());
  }

  line(): string {
    return treeLine(this.#tree.frontier());
  }

  restore(members: SnapshotMembers): void {
    this.#tree = this.#treeFrom(treeIn(members));
  }

  /** A copy of the tree from which another thread can continue. */
  frontier(): MerkleFrontier {
    return this.#tree.frontier();
  }

  #treeFrom(from: MerkleFrontier | undefined): MerkleTree {
    const onNode = this.#onNode;
    return new MerkleTree({ hash: nodeSha256, ...(from && { from }), ...(onNode && { onNode }) });
  }
}
