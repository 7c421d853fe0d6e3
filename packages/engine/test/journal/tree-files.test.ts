import {
  fromHex,
  isConsistent,
  isIncluded,
  leafHash,
  MerkleTree,
  sha256,
  TILE_WIDTH,
  tilePath,
  tilesSince,
  toHex,
} from "@calybris/kernel";
import { beforeAll, describe, expect, test } from "vitest";
import { TreeProofs } from "../../src/checkpoint/tree-proofs.ts";
import { nodeChain } from "../../src/journal/chain-hash.ts";
import { recover } from "../../src/journal/recovery.ts";
import { segmentNumber } from "../../src/journal/segment.ts";
import { hasTreeFiles, readTreeFile, treeFileName } from "../../src/journal/tree-files.ts";
import { CommandWorld } from "../support/command-world.ts";
import type { MemoryDisk } from "../support/memory-disk.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";
import { withTimersHeld } from "../support/virtual-timers.ts";

// Goal: the hashes beside a journal are those of its tree, however often it was opened and wherever it was cut, and no proof
// leaves that does not hold.
// Method: a journal of more than two tiles over several processes; every node against a tree built from the entries.

const DIRECTORY = "memory";
let disk: MemoryDisk;
let hashes: readonly Uint8Array[];

beforeAll(() =>
  withTimersHeld(async () => {
    for (const [life, count] of [250, 7, 300, 31].entries()) {
      const options = { segmentBytesMax: 60_000, ...(life === 0 && { policy: sampleSnapshot(1n) }) };
      const world: CommandWorld = await CommandWorld.open(options, disk);
      for (let index = 0; index < count; index++)
        await world.engine.decide({ inputTokens: 100, requestId: `${life}-${index}` });
      await world.engine.close();
      disk = world.disk;
    }
    hashes = hashesIn(disk);
  }),
);

function hashesIn({ files }: MemoryDisk): Uint8Array[] {
  const names = [...files.keys()].filter((name) => segmentNumber(name) !== undefined).sort();
  return names.flatMap((name) =>
    [
      ...Buffer.from(files.get(name) ?? [])
        .toString()
        .matchAll(/"entry_hash":"([0-9a-f]{64})"/g),
    ].map(([, hash]) => fromHex(hash as string) as Uint8Array),
  );
}

/** What the files of a disk must hold: of each tile level every hash. */
function levelsOf(entries: readonly Uint8Array[]): Map<number, string[]> {
  const levels = new Map<number, string[]>();
  const tree = new MerkleTree({
    onNode: (level, _index, hash) => {
      if (level % 8 === 0) levels.set(level / 8, [...(levels.get(level / 8) ?? []), toHex(hash)]);
    },
  });
  for (const [index, hash] of entries.entries()) tree.append(index + 1, hash);
  return levels;
}

function requireTree(of: MemoryDisk): void {
  const levels = levelsOf(hashesIn(of));
  for (const [level, expected] of levels)
    expect(toHex(of.files.get(treeFileName(level)) as Uint8Array)).toBe(expected.join(""));
  expect([...of.files.keys()].filter((name) => name.startsWith("tree-"))).toHaveLength(levels.size);
}

const proofsOf = (of: MemoryDisk): TreeProofs => new TreeProofs((range) => readTreeFile(of, DIRECTORY, range));

function rootOf(size: number): Uint8Array {
  const tree = new MerkleTree();
  for (let index = 0; index < size; index++) tree.append(index + 1, hashes[index] as Uint8Array);
  return tree.root();
}

test("after several processes the files hold every hash of every tile level, and nothing else", () => {
  expect(hashes.length).toBeGreaterThan(2 * TILE_WIDTH);
  requireTree(disk);
});

describe("a recovery writes the hashes again", () => {
  const recovered = (change: (copy: MemoryDisk) => void): MemoryDisk => {
    const copy = disk.copy();
    change(copy);
    recover(copy, DIRECTORY, nodeChain(), false, () => undefined, true);
    return copy;
  };
  const levelZero = (of: MemoryDisk): Uint8Array => of.files.get(treeFileName(0)) as Uint8Array;

  test.each<[string, (copy: MemoryDisk) => void]>([
    ["where they are gone", (copy) => [0, 1].map((level) => copy.files.delete(treeFileName(level)))],
    ["where they are torn", (copy) => copy.files.set(treeFileName(0), levelZero(copy).slice(0, 8_000))],
    [
      "where they are garbage",
      (copy) =>
        copy.files.set(
          treeFileName(0),
          levelZero(copy).map((byte) => byte ^ 1),
        ),
    ],
    [
      "where they are longer",
      (copy) => copy.files.set(treeFileName(0), Buffer.concat([levelZero(copy), Buffer.alloc(99)])),
    ],
  ])("%s", (_, change) => requireTree(recovered(change)));

  test("where entries were cut: what is beyond the tree goes, also at a higher level", () => {
    const copy = recovered((cut) => {
      const name = [...cut.files.keys()].filter((each) => segmentNumber(each) !== undefined).sort()[0] as string;
      const text = Buffer.from(cut.files.get(name) ?? []).toString();
      for (const each of [...cut.files.keys()]) if (segmentNumber(each) !== undefined) cut.files.delete(each);
      cut.files.set(name, Buffer.from(text.split("\n").slice(0, 60).join("\n").concat("\n")));
    });
    expect(hashesIn(copy)).toHaveLength(60);
    expect(levelZero(copy).byteLength).toBe(60 * 32);
    expect((copy.files.get(treeFileName(1)) as Uint8Array).byteLength).toBe(0);
  });
});

test("where hashes are missing beside a snapshot, everything is folded again; the state is the same", () =>
  withTimersHeld(async () => {
    const whole = await CommandWorld.open({}, disk.copy());
    expect(whole.engine.recovery.fromSequence).toBeGreaterThan(0);
    const copy = disk.copy();
    copy.files.set(treeFileName(0), (copy.files.get(treeFileName(0)) as Uint8Array).slice(0, 64));
    expect(hasTreeFiles(copy, DIRECTORY, 3)).toBe(false);
    expect(hasTreeFiles(copy, DIRECTORY, 2)).toBe(true);
    const again = await CommandWorld.open({}, copy);
    expect(again.engine.recovery.fromSequence).toBe(0);
    expect(again.engine.recovery.snapshotsRefused.at(-1)?.problem).toContain("Merkle tree");
    expect(again.engine.stateDigest()).toBe(whole.engine.stateDigest());
    await again.engine.close();
    await whole.engine.close();
    requireTree(copy);
  }));

describe("from the files", () => {
  test("every tile of the tree is read by its path, and no other", () => {
    const proofs = proofsOf(disk);
    const levels = levelsOf(hashes);
    for (const tile of tilesSince(0n, BigInt(hashes.length))) {
      const from = Number(tile.index) * TILE_WIDTH;
      const expected = (levels.get(tile.level) as string[]).slice(from, from + tile.width).join("");
      expect(toHex(proofs.tile(tilePath(tile)) as Uint8Array)).toBe(expected);
    }
    for (const path of ["tile/0/009", "tile/1/000", "tile/2/000.p/1", "tile/63/000", "tile/entries/000"])
      expect(proofs.tile(path)).toBeUndefined();
    expect(() => proofs.tile("tile/0/1")).toThrow(expect.objectContaining({ code: "CAL_PROOF_MALFORMED" }));
  });

  test("entries are proven to be in trees of any size, and trees to continue one another", () => {
    const proofs = proofsOf(disk);
    const sizes = [1, 2, 255, 256, 257, 511, 512, 513, hashes.length];
    for (const size of sizes) {
      const checkpoint = { origin: "log", treeSize: BigInt(size), root: rootOf(size) };
      for (const sequence of [1, Math.ceil(size / 2), size]) {
        const entryHash = hashes[sequence - 1] as Uint8Array;
        const proof = proofs.inclusion(sequence, entryHash, checkpoint);
        const claim = {
          leafIndex: BigInt(sequence - 1),
          treeSize: BigInt(size),
          leaf: leafHash(entryHash),
          root: checkpoint.root,
          proof,
        };
        expect(isIncluded(claim)).toBe(true);
      }
      expect(() => proofs.inclusion(size + 1, hashes[0] as Uint8Array, checkpoint)).toThrow("covers");
      for (const first of sizes.filter((each) => each <= size)) {
        const proof = proofs.consistency(BigInt(first), checkpoint);
        expect(
          isConsistent({
            firstSize: BigInt(first),
            secondSize: BigInt(size),
            firstRoot: rootOf(first),
            secondRoot: checkpoint.root,
            proof,
          }),
        ).toBe(true);
      }
    }
  });

  test("no proof is given from a hash that was damaged, or for another entry or root", () => {
    const size = hashes.length;
    const checkpoint = { origin: "log", treeSize: BigInt(size), root: rootOf(size) };
    const copy = disk.copy();
    const bytes = copy.files.get(treeFileName(0)) as Uint8Array;
    bytes[32 * (size - 1)] = (bytes[32 * (size - 1)] as number) ^ 1;
    const rejected = expect.objectContaining({ code: "CAL_PROOF_REJECTED" });
    expect(() => proofsOf(copy).inclusion(1, hashes[0] as Uint8Array, checkpoint)).toThrow(rejected);
    expect(() => proofsOf(copy).consistency(5n, checkpoint)).toThrow(rejected);
    expect(() => proofsOf(disk).inclusion(1, hashes[1] as Uint8Array, checkpoint)).toThrow(rejected);
    expect(() => proofsOf(disk).consistency(5n, { ...checkpoint, root: sha256(checkpoint.root) })).toThrow(rejected);
    copy.files.delete(treeFileName(0));
    expect(() => proofsOf(copy).inclusion(1, hashes[0] as Uint8Array, checkpoint)).toThrow(rejected);
  });

  test("whichever hash is damaged, each consistency proof that is given holds", () => {
    const size = hashes.length;
    const checkpoint = { origin: "log", treeSize: BigInt(size), root: rootOf(size) };
    const secondSize = BigInt(size);
    const firsts = [1, 5, 255, 256, 257, 300, 511, size - 1];
    let rejectedCount = 0;
    for (const at of [0, 4, 5, 100, 255, 256, 300, size - 1]) {
      const copy = disk.copy();
      const bytes = copy.files.get(treeFileName(0)) as Uint8Array;
      bytes[32 * at] = (bytes[32 * at] as number) ^ 1;
      for (const first of firsts) {
        let proof: readonly Uint8Array[];
        try {
          proof = proofsOf(copy).consistency(BigInt(first), checkpoint);
        } catch (error) {
          expect(error).toMatchObject({ code: "CAL_PROOF_REJECTED" });
          rejectedCount += 1;
          continue;
        }
        const roots = { firstRoot: rootOf(first), secondRoot: checkpoint.root };
        expect(isConsistent({ firstSize: BigInt(first), secondSize, ...roots, proof })).toBe(true);
      }
    }
    expect(rejectedCount).toBeGreaterThan(firsts.length);
  });
});
