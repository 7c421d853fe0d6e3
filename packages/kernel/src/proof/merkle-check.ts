/**
 * Checks of inclusion and consistency proofs (RFC 9162, sections 2.1.3.2 and 2.1.4.2). Both are total: they return for every
 * input, after at most 65 steps.
 *
 * A proof does not establish the tree size: for some leaves, two sizes have the same path. Root and size must
 * come from one checkpoint whose signature was verified.
 * @module
 */
import { equalBytes } from "../bytes.ts";
import { type Sha256, sha256 } from "../sha256.ts";
import { U64_MAX } from "../units.ts";
import { emptyRoot, HASH_BYTES, nodeHash } from "./merkle.ts";

/** "The leaf with this hash is at this index of the tree with this root." */
export interface InclusionClaim {
  /** From 0: the sequence of the entry, less one. */
  readonly leafIndex: bigint;
  readonly treeSize: bigint;
  readonly leaf: Uint8Array;
  readonly root: Uint8Array;
  /** From the leaf up. */
  readonly proof: readonly Uint8Array[];
}

/** "The first tree is a prefix of the second." */
export interface ConsistencyClaim {
  readonly firstSize: bigint;
  readonly secondSize: bigint;
  readonly firstRoot: Uint8Array;
  readonly secondRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/**
 * Whether the proof shows the claim.
 *
 * @example
 * ```ts
 * import { isIncluded, leafHash, sha256 } from "@calybris/kernel";
 * const leaf = leafHash(sha256(new Uint8Array()));
 * isIncluded({ leafIndex: 0n, treeSize: 1n, leaf, root: leaf, proof: [] }); // true
 * isIncluded({ leafIndex: 1n, treeSize: 1n, leaf, root: leaf, proof: [] }); // false
 * ```
 */
export function isIncluded(claim: InclusionClaim, hash: Sha256 = sha256): boolean {
  const { leafIndex, treeSize, leaf, root, proof } = claim;
  if (leafIndex < 0n || leafIndex >= treeSize || treeSize > U64_MAX) return false;
  if (![leaf, root, ...proof].every(isHash)) return false;
  let fn = leafIndex;
  let sn = treeSize - 1n;
  let found = leaf;
  for (const sibling of proof) {
    if (sn === 0n) return false;
    if (isOdd(fn) || fn === sn) {
      found = nodeHash(sibling, found, hash);
      while (!isOdd(fn) && fn !== 0n) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else found = nodeHash(found, sibling, hash);
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  return sn === 0n && equalBytes(found, root);
}

/**
 * Whether the proof shows the claim. For equal sizes the roots must be equal and the proof empty. Every tree extends the
 * empty tree, whose root is the hash of the empty string; that proof is empty too.
 */
export function isConsistent(claim: ConsistencyClaim, hash: Sha256 = sha256): boolean {
  const { firstSize, secondSize, firstRoot, secondRoot, proof } = claim;
  if (firstSize < 0n || firstSize > secondSize || secondSize > U64_MAX) return false;
  if (![firstRoot, secondRoot, ...proof].every(isHash)) return false;
  if (firstSize === 0n && !equalBytes(firstRoot, emptyRoot(hash))) return false;
  if (firstSize === secondSize) return proof.length === 0 && equalBytes(firstRoot, secondRoot);
  if (firstSize === 0n) return proof.length === 0;

  const isPowerOfTwo = (firstSize & (firstSize - 1n)) === 0n;
  const [seed, ...siblings] = isPowerOfTwo ? [firstRoot, ...proof] : proof;
  if (seed === undefined) return false;
  let fn = firstSize - 1n;
  let sn = secondSize - 1n;
  while (isOdd(fn)) [fn, sn] = [fn >> 1n, sn >> 1n];
  let [first, second] = [seed, seed];
  for (const sibling of siblings) {
    if (sn === 0n) return false;
    if (isOdd(fn) || fn === sn) {
      first = nodeHash(sibling, first, hash);
      second = nodeHash(sibling, second, hash);
      while (!isOdd(fn) && fn !== 0n) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else second = nodeHash(second, sibling, hash);
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  return sn === 0n && equalBytes(first, firstRoot) && equalBytes(second, secondRoot);
}

function isOdd(value: bigint): boolean {
  return (value & 1n) === 1n;
}

function isHash(bytes: Uint8Array): boolean {
  return bytes.byteLength === HASH_BYTES;
}
