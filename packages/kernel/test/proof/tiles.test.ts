import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { caseCount } from "../../../../test/share.ts";
import {
  CalybrisError,
  consistencyProof,
  entriesOfBundle,
  entryBundle,
  inclusionProof,
  isConsistent,
  isIncluded,
  leafHash,
  MerkleTree,
  nodesOfTiles,
  parseTilePath,
  type Tile,
  TileFold,
  tileBytes,
  tileHashes,
  tilePath,
  tilesNeeded,
  tilesSince,
} from "../../src/index.ts";
import { entryHashOf, platformSha256 } from "./node-hash.ts";

// Goal: a tree that is served as tiles gives every proof, and each tile has one name and one form.
// Method: a tree past two levels of tiles is written as a log would, partial tiles at every size that is tried included.

const SIZE = 66_000;
const CHECKPOINTS = [1, 2, 255, 256, 257, 511, 512, 700, 65_535, 65_536, 65_537, SIZE];
const files = new Map<string, Uint8Array>();
const roots = new Map<number, Uint8Array>();
const fold = new TileFold((tile, hashes) => files.set(tilePath(tile), tileBytes(hashes)));
const tree = new MerkleTree({ hash: platformSha256, onNode: fold.add });
for (let sequence = 1; sequence <= SIZE; sequence++) {
  tree.append(sequence, entryHashOf(sequence));
  if (!CHECKPOINTS.includes(sequence)) continue;
  roots.set(sequence, tree.root());
  for (const [level, hashes] of fold.partial().entries()) {
    const index = BigInt(Math.floor(sequence / 256 ** (level + 1)));
    if (hashes.length > 0) files.set(tilePath({ level, index, width: hashes.length }), tileBytes(hashes));
  }
}

function read(tile: Tile): Uint8Array {
  const bytes = files.get(tilePath(tile));
  if (bytes === undefined) throw new Error(`no ${tilePath(tile)}`);
  return bytes;
}

describe("a tree as tiles", () => {
  test("has the tiles that the specification counts", () => {
    // C2SP tlog-tiles, "Partial Tiles".
    const names = [...tilesSince(0n, 70_000n)];
    const full = (level: number): number => names.filter((tile) => tile.level === level && tile.width === 256).length;
    expect([full(0), full(1), full(2)]).toEqual([273, 1, 0]);
    expect(names.filter(({ width }) => width < 256).map(tilePath)).toEqual([
      "tile/0/273.p/112",
      "tile/1/001.p/17",
      "tile/2/000.p/1",
    ]);
    expect([...tilesSince(0n, 256n)].map(tilePath)).toEqual(["tile/0/000", "tile/1/000.p/1"]);
    expect([...tilesSince(0n, 0n)]).toEqual([]);
  });

  test("is written tile by tile: what is new at each checkpoint was written, and no more", () => {
    const named = new Set<string>();
    for (const [at, size] of CHECKPOINTS.entries())
      for (const tile of tilesSince(BigInt(CHECKPOINTS[at - 1] ?? 0), BigInt(size))) named.add(tilePath(tile));
    expect([...named].sort()).toEqual([...files.keys()].sort());
  });

  test("gives inclusion proofs that hold, and reads only the tiles that were named beforehand", () => {
    for (const size of CHECKPOINTS) {
      const treeSize = BigInt(size);
      for (const index of [0, 1, size >> 1, size - 2, size - 1].filter((at) => at >= 0 && at < size)) {
        const leafIndex = BigInt(index);
        const needed = new Set(
          tilesNeeded(treeSize, (nodes) => inclusionProof(leafIndex, treeSize, nodes)).map(tilePath),
        );
        const touched = new Set<string>();
        const nodes = nodesOfTiles(
          treeSize,
          (tile) => {
            touched.add(tilePath(tile));
            return read(tile);
          },
          platformSha256,
        );
        const proof = inclusionProof(leafIndex, treeSize, nodes, platformSha256);
        const leaf = leafHash(entryHashOf(index + 1), platformSha256);
        const root = roots.get(size) as Uint8Array;
        expect(isIncluded({ leafIndex, treeSize, leaf, root, proof }, platformSha256)).toBe(true);
        expect(touched).toEqual(needed);
      }
    }
  });

  test("gives consistency proofs between all checkpoints", () => {
    for (const second of CHECKPOINTS) {
      const nodes = nodesOfTiles(BigInt(second), read, platformSha256);
      for (const first of CHECKPOINTS.filter((size) => size <= second)) {
        const [firstSize, secondSize] = [BigInt(first), BigInt(second)];
        const proof = consistencyProof(firstSize, secondSize, nodes, platformSha256);
        const [firstRoot, secondRoot] = [roots.get(first), roots.get(second)] as [Uint8Array, Uint8Array];
        expect(isConsistent({ firstSize, secondSize, firstRoot, secondRoot, proof }, platformSha256)).toBe(true);
      }
    }
  });

  test("is continued from its partial tiles", () => {
    const [one, both] = [new Map<string, string>(), new Map<string, string>()];
    const write = (to: Map<string, string>) => (tile: Tile, hashes: readonly Uint8Array[]) =>
      to.set(tilePath(tile), Buffer.from(tileBytes(hashes)).toString("hex"));
    const whole = new TileFold(write(one));
    const wholeTree = new MerkleTree({ onNode: whole.add, hash: platformSha256 });
    for (let sequence = 1; sequence <= 1_000; sequence++) wholeTree.append(sequence, entryHashOf(sequence));
    const begun = new TileFold(write(both));
    const begunTree = new MerkleTree({ onNode: begun.add, hash: platformSha256 });
    for (let sequence = 1; sequence <= 300; sequence++) begunTree.append(sequence, entryHashOf(sequence));
    const rest = new TileFold(write(both), begun.partial());
    const restTree = new MerkleTree({ from: begunTree.frontier(), onNode: rest.add, hash: platformSha256 });
    for (let sequence = 301; sequence <= 1_000; sequence++) restTree.append(sequence, entryHashOf(sequence));
    expect(both).toEqual(one);
    expect(rest.partial()).toEqual(whole.partial());
  });
});

describe("a path", () => {
  test("is read back as the tile it names, and has one form", () => {
    const tile = fc.record({
      level: fc.oneof(fc.integer({ min: 0, max: 63 }), fc.constant("entries" as const)),
      index: fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 3000n })),
      width: fc.integer({ min: 1, max: 256 }),
    });
    fc.assert(
      fc.property(tile, (named) => {
        expect(parseTilePath(tilePath(named))).toEqual(named);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    "",
    "tile/0/0",
    "tile/0/0000",
    "tile/0/x000/001",
    "tile/0/001/002",
    "tile/0/x001/2",
    "tile/00/000",
    "tile/64/000",
    "tile/-1/000",
    "tile/0/000.p/0",
    "tile/0/000.p/256",
    "tile/0/000.p/01",
    "tile/0/000.p/",
    "tile/0/000/",
    "/tile/0/000",
    "tile/0/000\n",
    "tile/entries/x999/x999/x999/x999/x999/x999/999",
    "tile/Entries/000",
    "tile/0/../000",
    "tile/0/٠٠٠",
  ])("%j is refused", (path) => {
    expect(() => parseTilePath(path)).toThrow(CalybrisError);
  });

  test("whatever is accepted is what would have been written", () => {
    const piece = fc.constantFrom(
      "tile/",
      "0",
      "1",
      "x",
      "/",
      "000",
      "x001/",
      ".p/",
      "17",
      "255",
      "256",
      "entries",
      "63",
      "64",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 9 }), (pieces) => {
        const path = pieces.join("");
        try {
          expect(tilePath(parseTilePath(path))).toBe(path);
        } catch (error) {
          expect((error as CalybrisError).code).toBe("CAL_PROOF_MALFORMED");
        }
      }),
      { numRuns: caseCount(3_000) },
    );
  });
});

describe("a file", () => {
  test("of hashes is refused at any other length", () => {
    const bytes = tileBytes([entryHashOf(1), entryHashOf(2)]);
    expect(tileHashes(bytes, 2)).toEqual([entryHashOf(1), entryHashOf(2)]);
    for (const [other, width] of [
      [bytes, 1],
      [bytes, 3],
      [bytes.subarray(1), 2],
      [new Uint8Array(), 1],
    ] as const)
      expect(() => tileHashes(other, width)).toThrow(CalybrisError);
  });

  test("of entries has exactly so many, and any bytes that are accepted are their own bundle", () => {
    const bytes = fc.uint8Array({ maxLength: 40 });
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 8 }), (entries) => {
        expect(entriesOfBundle(entryBundle(entries), entries.length)).toEqual(entries);
        expect(() => entriesOfBundle(entryBundle(entries), entries.length + 1)).toThrow(CalybrisError);
      }),
    );
    const short = fc.array(fc.oneof(fc.constantFrom(0, 0, 0, 1, 2), fc.integer({ min: 0, max: 255 })), {
      maxLength: 12,
    });
    let accepted = 0;
    fc.assert(
      fc.property(short, fc.integer({ min: 0, max: 4 }), (given, width) => {
        try {
          expect([...entryBundle(entriesOfBundle(Uint8Array.from(given), width))]).toEqual(given);
          accepted += 1;
        } catch (error) {
          expect((error as CalybrisError).code).toBe("CAL_PROOF_MALFORMED");
        }
      }),
      { numRuns: caseCount(5_000) },
    );
    expect(accepted).toBeGreaterThan(0);
  });
});
