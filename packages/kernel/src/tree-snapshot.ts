/**
 * The Merkle tree of a journal in a state snapshot: the roots of the perfect subtrees that its entries divide into. The root
 * of the tree follows from them, so `treeRoot` of the `state` entry after the snapshot binds them. The tree can be extended
 * from them without the entries before.
 * @module
 */
import { fromHex, toHex } from "./bytes.ts";
import { HASH_BYTES, type MerkleFrontier, MerkleTree } from "./proof/merkle.ts";
import type { Sha256 } from "./sha256.ts";
import type { SnapshotMembers } from "./state-snapshot.ts";

/** The part of a snapshot that holds the tree. */
export const TREE_PART = "tree";

/** The line of a snapshot that holds a tree. */
export function treeLine({ treeSize, hashes }: MerkleFrontier): string {
  return `{"part":"${TREE_PART}","size":${treeSize},"hashes":[${hashes.map((hash) => `"${toHex(hash)}"`).join(",")}]}`;
}

/** The inverse of {@link treeLine}. Throws RangeError if it is not a tree. */
export function treeIn(members: SnapshotMembers): MerkleFrontier {
  const treeSize = members.whole("size");
  const hashes = members.texts("hashes").map((text) => {
    const hash = fromHex(text);
    if (hash?.byteLength !== HASH_BYTES) throw new RangeError(`hashes are ${HASH_BYTES} bytes each, in hexadecimal`);
    return hash;
  });
  if (hashes.length !== treeSize.toString(2).replaceAll("0", "").length)
    throw new RangeError("there is not one hash for each bit of the size");
  return { treeSize, hashes };
}

/** The root of the tree with this frontier, in hexadecimal. */
export function treeRootOf(from: MerkleFrontier, hash: Sha256): string {
  return toHex(new MerkleTree({ from, hash }).root());
}
