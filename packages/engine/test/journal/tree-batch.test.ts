import { HASH_BYTES, type MerkleFrontier, MerkleTree, sha256, toHex } from "@calybris/kernel";
import fc from "fast-check";
import { expect, test } from "vitest";
import { TREE_BATCH_MAX, TreeBatch } from "../../src/journal/tree-batch.ts";

// Goal: however entries are divided into batches, and from whichever tree it is continued, the tree is the kernel's, and every
// perfect subtree of it is handed over once, in order within its level.

const hashOf = (seed: number): Uint8Array => sha256(Uint8Array.of(seed, seed >> 8));
const HASHES = Array.from({ length: 3 * TREE_BATCH_MAX }, (_, seed) => hashOf(seed));

/** The kernel's tree over so many entries behind a frontier, and its nodes by level and index. */
function plainTree(from: MerkleFrontier, entries: readonly Uint8Array[]) {
  const nodes = new Map<string, string>();
  const tree = new MerkleTree({ from, onNode: (level, index, hash) => nodes.set(`${level}/${index}`, toHex(hash)) });
  for (const hash of entries) tree.append(tree.treeSize + 1, hash);
  return { tree, nodes };
}

const batches = fc.array(fc.oneof(fc.nat(9), fc.nat(TREE_BATCH_MAX + 40)), { maxLength: 12 });
// A journal may be longer than 32 bits count.
const before = fc.oneof(fc.nat(40), fc.nat(600), fc.constantFrom(2 ** 32 - 3, 2 ** 40 + 5, 2 ** 52 - 1));

test("a tree that grows by batches is the tree that grows by entries", () => {
  fc.assert(
    fc.property(before, batches, (treeSize, counts) => {
      const bits = [...treeSize.toString(2)].filter((bit) => bit === "1").length;
      const from = { treeSize, hashes: Array.from({ length: treeSize === 0 ? 0 : bits }, (_, bit) => hashOf(bit + 9)) };
      const nodes = new Map<string, string>();
      const next = new Map<number, number>();
      const grown = new TreeBatch(from, (level, index, hashes) => {
        expect(index).toBe(next.get(level) ?? index);
        next.set(level, index + hashes.byteLength / HASH_BYTES);
        for (let at = 0; at < hashes.byteLength; at += HASH_BYTES)
          nodes.set(`${level}/${index + at / HASH_BYTES}`, toHex(hashes.subarray(at, at + HASH_BYTES)));
      });
      const entries: Uint8Array[] = [];
      for (const count of counts) {
        for (const hash of HASHES.slice(0, count)) {
          grown.add(hash, 0);
          entries.push(hash);
        }
        grown.grow();
        expect(grown.frontier().treeSize).toBe(treeSize + entries.length);
      }
      const plain = plainTree(from, entries);
      expect(grown.frontier()).toEqual(plain.tree.frontier());
      expect(grown.digest()).toBe(toHex(plain.tree.root()));
      expect(nodes).toEqual(plain.nodes);
    }),
    { numRuns: 40 },
  );
});

test("a frontier that was taken does not change as the tree grows", () => {
  const tree = new TreeBatch({ treeSize: 0, hashes: [] });
  tree.add(hashOf(1), 0);
  tree.grow();
  const taken = tree.frontier();
  const text = JSON.stringify(taken);
  for (let seed = 2; seed < 9; seed++) tree.add(hashOf(seed), 0);
  tree.grow();
  expect(JSON.stringify(taken)).toBe(text);
});
