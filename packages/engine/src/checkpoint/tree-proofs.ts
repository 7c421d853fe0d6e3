/**
 * Proofs from the tree hashes stored beside a journal. Each is verified against a checkpoint before it is returned, so
 * damaged hashes are found here and not by an auditor.
 * @module
 */
import {
  CalybrisError,
  type Checkpoint,
  consistencyProof,
  emptyRoot,
  equalBytes,
  inclusionProof,
  isConsistent,
  isIncluded,
  leafHash,
  type NodeSource,
  nodesOfTiles,
  parseTilePath,
  rootOf,
  type Tile,
  TILE_WIDTH,
} from "@calybris/kernel";
import { nodeSha256 } from "../journal/chain-hash.ts";
import type { Storage } from "../storage/storage.ts";

export class TreeProofs {
  readonly #hashes: Storage["treeHashes"];

  constructor(hashes: Storage["treeHashes"]) {
    this.#hashes = hashes;
  }

  /**
   * The bytes of a tile of hashes, by its path below the log's prefix; `undefined` if the tile does not exist.
   *
   * @throws CalybrisError `CAL_PROOF_MALFORMED` if the path is not that of a tile.
   */
  tile(path: string): Uint8Array | undefined {
    const tile = parseTilePath(path);
    return tile.level === "entries" || tile.index > Number.MAX_SAFE_INTEGER / TILE_WIDTH ? undefined : this.#read(tile);
  }

  /**
   * The inclusion proof of an entry under the root of a checkpoint.
   *
   * @param sequence - from 1 to the size of the checkpoint.
   * @throws CalybrisError `CAL_PROOF_UNCOVERED` if the checkpoint does not cover the entry; `CAL_PROOF_REJECTED` if hashes
   *   are missing or damaged.
   */
  inclusion(sequence: number, entryHash: Uint8Array, { treeSize, root }: Checkpoint): readonly Uint8Array[] {
    const index = BigInt(sequence) - 1n;
    if (index < 0n || index >= treeSize) throw uncovered(sequence, treeSize);
    const proof = inclusionProof(index, treeSize, this.nodes(treeSize), nodeSha256);
    const leaf = leafHash(entryHash, nodeSha256);
    if (!isIncluded({ leafIndex: index, treeSize, leaf, root, proof }, nodeSha256)) throw damaged(treeSize);
    return proof;
  }

  /**
   * The proof that the first entries of a checkpoint are those of an earlier tree.
   *
   * @throws CalybrisError `CAL_PROOF_UNCOVERED` if the checkpoint has fewer entries; `CAL_PROOF_REJECTED` if hashes are
   *   missing or damaged.
   */
  consistency(from: bigint, { treeSize, root }: Checkpoint): readonly Uint8Array[] {
    if (from < 0n || from > treeSize) throw uncovered(from, treeSize);
    if (!this.isRoot(treeSize, root)) throw damaged(treeSize);
    const nodes = this.nodes(treeSize);
    const proof = consistencyProof(from, treeSize, nodes, nodeSha256);
    // Its nodes differ from those of the root: a damaged one results in another root.
    const sizes = { firstSize: from, secondSize: treeSize };
    const roots = {
      firstRoot: from === 0n ? emptyRoot(nodeSha256) : rootOf(from, nodes, nodeSha256),
      secondRoot: root,
    };
    if (!isConsistent({ ...sizes, ...roots, proof }, nodeSha256)) throw damaged(treeSize);
    return proof;
  }

  /** Whether a tree of this size has this root. */
  isRoot(treeSize: bigint, root: Uint8Array): boolean {
    return treeSize === 0n || equalBytes(rootOf(treeSize, this.nodes(treeSize), nodeSha256), root);
  }

  /** The subtrees of a tree, for the kernel's proofs. */
  nodes(treeSize: bigint): NodeSource {
    return nodesOfTiles(
      treeSize,
      (tile) => {
        const bytes = this.#read(tile);
        if (bytes === undefined) throw damaged(treeSize);
        return bytes;
      },
      nodeSha256,
    );
  }

  #read({ level, index, width }: Tile): Uint8Array | undefined {
    return this.#hashes({ level: level as number, from: Number(index) * TILE_WIDTH, count: width });
  }
}

function damaged(treeSize: bigint): CalybrisError {
  return rejected(
    `of ${treeSize} entries has another root than the hashes beside the journal; remove tree-*.hashes and start again, with every segment available`,
  );
}

function uncovered(needed: number | bigint, treeSize: bigint): CalybrisError {
  return new CalybrisError("CAL_PROOF_UNCOVERED", { needed, treeSize });
}

function rejected(problem: string): CalybrisError {
  return new CalybrisError("CAL_PROOF_REJECTED", { format: "checkpoint", problem });
}
