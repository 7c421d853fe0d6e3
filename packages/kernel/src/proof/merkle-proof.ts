/**
 * Inclusion and consistency proofs (RFC 9162, sections 2.1.3.1 and 2.1.4.1) from the hashes of perfect subtrees, wherever
 * they are stored: in memory, in tiles on a disk, or on a static host.
 * @module
 */
import { invariant } from "../invariant.ts";
import { type Sha256, sha256 } from "../sha256.ts";
import { nodeHash } from "./merkle.ts";

/** The hash of the perfect subtree of 2^level leaves that begins at leaf index · 2^level. */
export type NodeSource = (level: number, index: bigint) => Uint8Array;

/** The audit path of a leaf, from the leaf up; `isIncluded` checks it. */
export function inclusionProof(
  leafIndex: bigint,
  treeSize: bigint,
  nodes: NodeSource,
  hash: Sha256 = sha256,
): Uint8Array[] {
  invariant(leafIndex >= 0n && leafIndex < treeSize, `leaf ${leafIndex} is in a tree of ${treeSize}`);
  const path: Uint8Array[] = [];
  let [low, high] = [0n, treeSize];
  while (high - low > 1n) {
    const middle = low + splitOf(high - low);
    if (leafIndex < middle) {
      path.push(rangeHash(middle, high, nodes, hash));
      high = middle;
    } else {
      path.push(rangeHash(low, middle, nodes, hash));
      low = middle;
    }
  }
  return path.reverse();
}

/** The consistency proof that `isConsistent` checks. Empty if the first tree is empty or as large as the second. */
export function consistencyProof(
  firstSize: bigint,
  secondSize: bigint,
  nodes: NodeSource,
  hash: Sha256 = sha256,
): Uint8Array[] {
  invariant(firstSize >= 0n && firstSize <= secondSize, `a tree of ${firstSize} leaves grows to ${secondSize}`);
  if (firstSize === 0n || firstSize === secondSize) return [];
  const path: Uint8Array[] = [];
  let [low, high, isWholeFirst] = [0n, secondSize, true];
  while (firstSize !== high) {
    const middle = low + splitOf(high - low);
    if (firstSize <= middle) {
      path.push(rangeHash(middle, high, nodes, hash));
      high = middle;
    } else {
      path.push(rangeHash(low, middle, nodes, hash));
      [low, isWholeFirst] = [middle, false];
    }
  }
  // The checker has the root of the first tree. If that is not a node of the second, the proof begins with a part of it.
  if (!isWholeFirst) path.push(rangeHash(low, high, nodes, hash));
  return path.reverse();
}

/** The root of the first `treeSize` leaves, at least one. */
export function rootOf(treeSize: bigint, nodes: NodeSource, hash: Sha256 = sha256): Uint8Array {
  invariant(treeSize > 0n, "a tree with leaves has a root of nodes");
  return rangeHash(0n, treeSize, nodes, hash);
}

/** The tree hash of the leaves from `low` up to `high`, for a range that a larger tree was split into. */
function rangeHash(low: bigint, high: bigint, nodes: NodeSource, hash: Sha256): Uint8Array {
  const count = high - low;
  const level = levelOf(count);
  if (count === 1n << BigInt(level)) return nodes(level, low >> BigInt(level));
  const middle = low + splitOf(count);
  return nodeHash(rangeHash(low, middle, nodes, hash), rangeHash(middle, high, nodes, hash), hash);
}

/** The largest power of two below a count above 1. */
function splitOf(count: bigint): bigint {
  return 1n << BigInt(levelOf(count - 1n));
}

/** The position of the highest bit. */
function levelOf(count: bigint): number {
  return count.toString(2).length - 1;
}
