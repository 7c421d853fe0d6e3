/**
 * Every proof of every tree up to a size, and every change to it.
 *
 * Trees, paths and proofs by the recursive definitions of RFC 9162 are compared with ours. A proof says nothing of the tree size
 * (see merkle-check.ts), so a size that is off is acceptable exactly where the recursive definition leads through the same
 * siblings on the same sides.
 * @module
 */
import {
  type ConsistencyClaim,
  consistencyProof,
  type InclusionClaim,
  inclusionProof,
  isConsistent,
  isIncluded,
  MerkleTree,
  type NodeSource,
} from "../../src/index.ts";
import { entryHashOf, platformSha256, splitBelow } from "./node-hash.ts";

export const LEAVES_MAX = 130;
export const DATA: readonly Uint8Array[] = Array.from({ length: LEAVES_MAX + 2 }, (_, at) => entryHashOf(at + 1));
const NODES = new Map<string, Uint8Array>();
const ROOTS: Uint8Array[] = [];
const tree = new MerkleTree({
  hash: platformSha256,
  onNode: (level, index, hash) => NODES.set(`${level}/${index}`, hash),
});
for (const [at, data] of DATA.entries()) {
  ROOTS.push(tree.root());
  tree.append(at + 1, data);
}
const nodes: NodeSource = (level, index) => {
  const node = NODES.get(`${level}/${index}`);
  if (node === undefined) throw new Error(`no subtree ${index} of level ${level}`);
  return node;
};

/** The root of the first `size` leaves. */
export function rootAt(size: number): Uint8Array {
  return ROOTS[size] as Uint8Array;
}

export interface Trials {
  readonly accepted: number;
  readonly altered: number;
  readonly sizesOff: number;
  /** Of those, with the same path: no checker can distinguish them. */
  readonly sizesAlike: number;
  readonly wrong: readonly string[];
}

/** Every inclusion proof. */
export function tryInclusion(leavesMax: number): Trials {
  let accepted = 0;
  let altered = 0;
  let sizesOff = 0;
  let sizesAlike = 0;
  const wrong: string[] = [];
  const refuse = (claim: InclusionClaim, how: string): void => {
    altered += 1;
    if (isIncluded(claim, platformSha256)) wrong.push(`${claim.leafIndex} of ${claim.treeSize}: ${how}`);
  };
  for (let size = 1; size <= leavesMax; size++) {
    for (let at = 0; at < size; at++) {
      const proof = inclusionProof(BigInt(at), BigInt(size), nodes, platformSha256);
      const claim: InclusionClaim = {
        leafIndex: BigInt(at),
        treeSize: BigInt(size),
        leaf: nodes(0, BigInt(at)),
        root: rootAt(size),
        proof,
      };
      if (isIncluded(claim, platformSha256)) accepted += 1;
      else wrong.push(`${at} of ${size} is refused`);
      for (const other of alteredProofs(proof, rootAt(size))) refuse({ ...claim, proof: other }, "proof");
      for (const leafIndex of [at - 1, at + 1, at ^ 2, size, -1])
        refuse({ ...claim, leafIndex: BigInt(leafIndex) }, `index ${leafIndex}`);
      refuse({ ...claim, leaf: flipped(claim.leaf, at % 256) }, "leaf");
      refuse({ ...claim, root: flipped(claim.root, size % 256) }, "root");
      refuse({ ...claim, root: rootAt(size - 1) }, "the root before");
      refuse({ ...claim, leaf: DATA[at] as Uint8Array }, "the entry hash for the leaf");
      for (const off of [size - 1, size + 1, size * 2, size >> 1, 0, -size]) {
        sizesOff += 1;
        const found = isIncluded({ ...claim, treeSize: BigInt(off) }, platformSha256);
        const alike = sidesOf(at, off) === sidesOf(at, size);
        if (alike) sizesAlike += 1;
        if (found !== alike) wrong.push(`${at} of ${size}: as a tree of ${off}`);
      }
    }
  }
  return { accepted, altered, sizesOff, sizesAlike, wrong };
}

/** Every consistency proof. */
export function tryConsistency(leavesMax: number): Trials {
  let accepted = 0;
  let altered = 0;
  let sizesOff = 0;
  let sizesAlike = 0;
  const wrong: string[] = [];
  const refuse = (claim: ConsistencyClaim, how: string): void => {
    altered += 1;
    if (isConsistent(claim, platformSha256)) wrong.push(`${claim.firstSize} to ${claim.secondSize}: ${how}`);
  };
  for (let second = 0; second <= leavesMax; second++) {
    for (let first = 0; first <= second; first++) {
      const proof = consistencyProof(BigInt(first), BigInt(second), nodes, platformSha256);
      const claim: ConsistencyClaim = {
        firstSize: BigInt(first),
        secondSize: BigInt(second),
        firstRoot: rootAt(first),
        secondRoot: rootAt(second),
        proof,
      };
      if (isConsistent(claim, platformSha256)) accepted += 1;
      else wrong.push(`${first} to ${second} is refused`);
      for (const other of alteredProofs(proof, rootAt(second))) {
        // Two subtrees of one proof are never the same here, so every alteration changes it.
        refuse({ ...claim, proof: other }, "proof");
      }
      refuse({ ...claim, firstRoot: flipped(claim.firstRoot, first % 256) }, "first root");
      if (first > 0) refuse({ ...claim, secondRoot: flipped(claim.secondRoot, second % 256) }, "second root");
      if (first < second) refuse({ ...claim, firstSize: claim.secondSize, secondSize: claim.firstSize }, "backwards");
      if (first === 0 || first === second) continue;
      refuse({ ...claim, firstRoot: claim.secondRoot, secondRoot: claim.firstRoot }, "roots swapped");
      const sizes: [number, number][] = [
        [first - 1, second],
        [first + 1, second],
        [first ^ 2, second],
        [first, second - 1],
        [first, second + 1],
        [first, second * 2],
        [first, second >> 1],
      ];
      for (const [one, two] of sizes) {
        sizesOff += 1;
        const found = isConsistent({ ...claim, firstSize: BigInt(one), secondSize: BigInt(two) }, platformSha256);
        const alike = one !== two && growthOf(one, two) === growthOf(first, second);
        if (alike) sizesAlike += 1;
        if (found !== alike) wrong.push(`${first} to ${second}: as ${one} to ${two}`);
      }
    }
  }
  return { accepted, altered, sizesOff, sizesAlike, wrong };
}

/** Which side each sibling of a leaf is on, from the leaf up: PATH of section 2.1.3.1. */
function sidesOf(leaf: number, size: number): string {
  if (leaf < 0 || leaf >= size) return "none";
  if (size === 1) return "";
  const split = splitBelow(size);
  return leaf < split ? `${sidesOf(leaf, split)}R` : `${sidesOf(leaf - split, size - split)}L`;
}

/** Which side each node of SUBPROOF (section 2.1.4.1) is on, from the deepest up; S begins, and O begins with the first root. */
function growthOf(first: number, second: number, isWhole = true): string {
  if (first < 1 || first > second) return "none";
  if (first === second) return isWhole ? "O" : "S";
  const split = splitBelow(second);
  return first <= split ? `${growthOf(first, split, isWhole)}R` : `${growthOf(first - split, second - split, false)}L`;
}

export function flipped(hash: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(hash);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

/** Each node flipped in one bit, dropped, doubled, swapped with the next, cut short, lengthened; one more in every place. */
function* alteredProofs(proof: readonly Uint8Array[], other: Uint8Array): Generator<Uint8Array[]> {
  for (const [at, node] of proof.entries()) {
    yield proof.with(at, flipped(node, (at * 37 + (node[0] ?? 0)) % 256));
    yield proof.toSpliced(at, 1);
    yield proof.with(at, node.subarray(0, 31));
    yield proof.with(at, Uint8Array.from([...node, 0]));
    if (at + 1 < proof.length) yield proof.with(at, proof[at + 1] as Uint8Array).with(at + 1, node);
  }
  for (let at = 0; at <= proof.length; at++) {
    yield proof.toSpliced(at, 0, other);
    if (at < proof.length) yield proof.toSpliced(at, 0, proof[at] as Uint8Array);
  }
}
