/**
 * The Merkle tree of a journal as a chain fold (`merkle.ts` of the kernel): one hash for each bit that is set in the number of
 * entries, and two hashes an entry on average.
 * @module
 */
import {
  HASH_BYTES,
  type MerkleFrontier,
  MerkleTree,
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

  /** @param from - the tree of the entries before the first that is applied; left out where a journal begins. */
  constructor(from?: MerkleFrontier) {
    this.#tree = treeFrom(from);
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
    this.#tree = treeFrom(treeIn(members));
  }

  /** A copy of what another thread goes on from. */
  frontier(): MerkleFrontier {
    return this.#tree.frontier();
  }
}

function treeFrom(from: MerkleFrontier | undefined): MerkleTree {
  return new MerkleTree({ hash: nodeSha256, ...(from !== undefined && { from }) });
}
