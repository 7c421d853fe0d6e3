import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  consistencyProof,
  emptyRoot,
  fromHex,
  inclusionProof,
  isConsistent,
  isIncluded,
  leafHash,
  MerkleTree,
  type NodeSource,
  nodeHash,
  rootOf,
  sha256,
  toHex,
} from "../../src/index.ts";
import { DATA, flipped, LEAVES_MAX, rootAt, tryConsistency, tryInclusion } from "./merkle-trials.ts";
import { platformSha256, treeHash } from "./node-hash.ts";

// Goal: every proof of a tree is accepted, and no change to one is (merkle-exhaustive.long.test.ts goes to 130 leaves).

const some = DATA[0] as Uint8Array;

describe("the tree", () => {
  test("has the root of the recursive definition at every size", () => {
    for (let size = 0; size <= LEAVES_MAX; size++)
      expect(toHex(rootAt(size))).toBe(toHex(treeHash(DATA.slice(0, size))));
  });

  test("has the published roots of eight leaves", () => {
    // transparency-dev/merkle, proof/verify_test.go; the data of a leaf there has any length.
    const data = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    const published = [
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    const leaves = data.map((hex) => leafHash(fromHex(hex) as Uint8Array));
    const perfect: NodeSource = (level, index) =>
      level === 0
        ? (leaves[Number(index)] as Uint8Array)
        : nodeHash(perfect(level - 1, index * 2n), perfect(level - 1, index * 2n + 1n));
    expect(published.map((_, at) => toHex(rootOf(BigInt(at + 1), perfect)))).toEqual(published);
    const path = [
      "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ];
    expect(inclusionProof(0n, 8n, perfect).map(toHex)).toEqual(path);
    const growth = [
      "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
      "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ];
    expect(consistencyProof(6n, 7n, perfect).map(toHex)).toEqual(growth);
  });

  test("keeps one hash for each bit of its size, and continues from them with any hash function", () => {
    for (const size of [0, 1, 2, 3, 7, 64, 100, 127, 128]) {
      const begun = new MerkleTree();
      for (let at = 0; at < size; at++) begun.append(at + 1, DATA[at] as Uint8Array);
      const from = begun.frontier();
      expect(from.hashes.length).toBe(size.toString(2).replaceAll("0", "").length);
      const continued = new MerkleTree({ from, hash: platformSha256 });
      for (let at = size; at < LEAVES_MAX; at++) continued.append(at + 1, DATA[at] as Uint8Array);
      expect(continued.root()).toEqual(rootAt(LEAVES_MAX));
    }
  });

  test("refuses an entry that is not the next, and a hash that is none", () => {
    const small = new MerkleTree();
    expect(() => small.append(2, some)).toThrow("entry 1 is next");
    expect(() => small.append(1, new Uint8Array(31))).toThrow("32 bytes");
    expect(() => new MerkleTree({ from: { treeSize: 3, hashes: [some] } })).toThrow("one hash for each bit");
    expect(toHex(small.root())).toBe(toHex(emptyRoot()));
  });
});

describe("exhaustively, for trees of up to 33 leaves", () => {
  test.each([
    ["inclusion", tryInclusion, (33 * 34) / 2],
    ["consistency", tryConsistency, (34 * 35) / 2],
  ])("every %s proof is accepted and no altered one", (_what, trial, proofs) => {
    const { accepted, altered, wrong } = trial(33);
    expect(wrong).toEqual([]);
    expect(accepted).toBe(proofs);
    expect(altered).toBeGreaterThan(15_000);
  });
});

describe("beyond 32 and 53 bits", () => {
  // A tree whose leaves are all the same has one hash a level, however large it is.
  const levels = [leafHash(some)];
  const of = (level: number): Uint8Array => levels[level] as Uint8Array;
  for (let level = 1; level <= 64; level++) levels.push(nodeHash(of(level - 1), of(level - 1)));
  const alike: NodeSource = of;
  const size = fc.bigInt({ min: 1n, max: 2n ** 64n - 1n });

  test("proofs of trees of any size up to 2^64 − 1 are accepted, and refused with a node altered", () => {
    fc.assert(
      fc.property(size, size, fc.nat(), (a, b, chosen) => {
        const [first, second] = a < b ? [a, b] : [b, a];
        const secondRoot = rootOf(second, alike);
        const path = inclusionProof(first - 1n, second, alike);
        const leaf = { leafIndex: first - 1n, treeSize: second, leaf: of(0), root: secondRoot };
        expect(isIncluded({ ...leaf, proof: path })).toBe(true);
        const growth = consistencyProof(first, second, alike);
        const grown = { firstSize: first, secondSize: second, firstRoot: rootOf(first, alike), secondRoot };
        expect(isConsistent({ ...grown, proof: growth })).toBe(true);
        expect(path.length).toBeLessThanOrEqual(64);
        expect(growth.length).toBeLessThanOrEqual(65);
        if (path.length === 0 || growth.length === 0) return;
        const alter = (proof: Uint8Array[]): Uint8Array[] =>
          proof.with(chosen % proof.length, flipped(proof[chosen % proof.length] as Uint8Array, chosen % 256));
        expect(isIncluded({ ...leaf, proof: alter(path) })).toBe(false);
        expect(isConsistent({ ...grown, proof: alter(growth) })).toBe(false);
      }),
      { numRuns: 100 },
    );
  });

  test("a size beyond 64 bits is refused", () => {
    const proof = inclusionProof(0n, 2n ** 64n, alike);
    const claim = { leafIndex: 0n, treeSize: 2n ** 64n, leaf: of(0), root: of(64), proof };
    expect(isIncluded(claim)).toBe(false);
    expect(isIncluded({ ...claim, treeSize: 2n ** 63n, root: of(63), proof: proof.slice(0, 63) })).toBe(true);
  });
});

test("the portable hash and the platform's give the same tree", () => {
  const small = new MerkleTree({ hash: sha256 });
  for (let at = 0; at < 20; at++) small.append(at + 1, DATA[at] as Uint8Array);
  expect(small.root()).toEqual(rootAt(20));
});
