import { type ChainHash, SnapshotMembers, sha256, TREE_PART, treeIn, treeLine } from "@calybris/kernel";
import { beforeAll, describe, expect, test } from "vitest";
import { nodeChain } from "../../src/journal/chain-hash.ts";
import { JournalTree } from "../../src/journal/journal-tree.ts";
import { recover } from "../../src/journal/recovery.ts";
import { segmentNumber } from "../../src/journal/segment.ts";
import { DirectorySnapshots } from "../../src/snapshot/directory-snapshots.ts";
import { LateLines } from "../../src/snapshot/late-lines.ts";
import { snapshotName } from "../../src/snapshot/snapshot-name.ts";
import { startPoint } from "../../src/snapshot/start-point.ts";
import { EngineState } from "../../src/state/state.ts";
import { ChainAnew } from "../support/chain-anew.ts";
import { CommandWorld, drawCommands, learning } from "../support/command-world.ts";
import type { MemoryDisk } from "../support/memory-disk.ts";
import { seededChance } from "../support/seeded-chance.ts";
import { withTimersHeld } from "../support/virtual-timers.ts";

// Goal: the tree of a start is the tree of all entries, from a snapshot as from genesis; and no tree is taken that the journal
// does not bind, also when the end of the snapshot was made to fit.
// Method: a random journal with many segments; the tree of the snapshot is altered in every way, with the end computed anew.

const DIRECTORY = "memory";
const chain: ChainHash = nodeChain();
let disk: MemoryDisk;
let newest: { readonly sequence: number; readonly lines: readonly string[] };

beforeAll(() =>
  withTimersHeld(async () => {
    const world = await CommandWorld.open({ policy: learning(1n), segmentBytesMax: 9_000 });
    for (const command of drawCommands(seededChance(11), 80)) await world.start(command);
    await world.engine.close();
    disk = world.disk;
    const sequence = new DirectorySnapshots(disk, DIRECTORY).sequences()[0] as number;
    const text = Buffer.from(disk.files.get(snapshotName(sequence)) ?? []).toString();
    newest = { sequence, lines: text.split("\n").slice(0, -1) };
  }),
);

/** Where a start begins with these lines in place of the newest snapshot's. */
function begin(lines: readonly string[]): ReturnType<typeof startPoint<EngineState>> {
  const copy = disk.copy();
  copy.files.set(snapshotName(newest.sequence), Buffer.from(`${lines.join("\n")}\n`));
  return startPoint(new DirectorySnapshots(copy, DIRECTORY), chain, () => new EngineState());
}

/** The newest snapshot with other lines in place of its tree's, and an end that fits. */
function withTree(tree: readonly string[]): readonly string[] {
  const body = newest.lines.slice(0, -1).filter((line) => !line.startsWith(`{"part":"${TREE_PART}"`));
  const digest = /"snapshotDigest":"([0-9a-f]{64})"/.exec(stateEntryData())?.[1] as string;
  const end = new LateLines(chain);
  for (const line of [...body, ...tree]) if (LateLines.isLate(line)) end.add(Buffer.from(line));
  return [...body, ...tree, end.end(digest)];
}

function stateEntryData(): string {
  return new DirectorySnapshots(disk, DIRECTORY).next(newest.sequence)?.line.data ?? "";
}

function wholeTree(): JournalTree {
  const tree = new JournalTree();
  recover(disk.copy(), DIRECTORY, chain, false, ({ head }) => expect(head.sequence).toBeGreaterThan(0));
  for (const name of [...disk.files.keys()].filter((file) => segmentNumber(file) !== undefined).sort())
    for (const [, hash] of Buffer.from(disk.files.get(name) ?? [])
      .toString()
      .matchAll(/"entry_hash":"([0-9a-f]{64})"/g))
      tree.apply(tree.treeSize + 1, hash as string);
  return tree;
}

test("from the newest snapshot, from an older one and from genesis a start has the tree of all entries", () => {
  const whole = wholeTree().frontier();
  for (const kept of [2, 1, 0]) {
    const copy = disk.copy();
    const snapshots = new DirectorySnapshots(copy, DIRECTORY);
    const all = snapshots.sequences();
    for (const sequence of all.slice(0, all.length - kept)) copy.files.delete(snapshotName(sequence));
    const { from } = startPoint(snapshots, chain, () => new EngineState());
    expect(from !== undefined).toBe(kept > 0);
    const { start } = recover(copy, DIRECTORY, chain, false, () => undefined, false, from);
    expect(start.tree).toEqual(whole);
  }
});

describe("a snapshot is refused for an older one", () => {
  const line = (): string => newest.lines.at(-2) as string;
  const refused = (tree: readonly string[], problem: string): void => {
    const { from, refused: all } = begin(withTree(tree));
    expect(all).toEqual([{ file: snapshotName(newest.sequence), problem: expect.stringContaining(problem) }]);
    expect(from?.sequence).toBeLessThan(newest.sequence);
  };

  test("only with a tree that is not its own: with its own it is used", () => {
    expect(begin(withTree([line()])).from?.sequence).toBe(newest.sequence);
    expect(withTree([line()])).toEqual(newest.lines);
  });

  test("without a tree, as an earlier version wrote it", () => {
    refused([], "it holds no Merkle tree; an earlier version wrote it");
  });

  test("with any hash of its tree altered, or two of them exchanged", () => {
    const tree = treeIn(new SnapshotMembers(line()));
    for (const index of tree.hashes.keys()) {
      const hashes = [...tree.hashes];
      hashes[index] = sha256(tree.hashes[index] as Uint8Array);
      refused([treeLine({ ...tree, hashes })], "its Merkle tree is not the one that entry");
    }
    expect(tree.hashes.length).toBeGreaterThan(1);
    refused([treeLine({ ...tree, hashes: tree.hashes.toReversed() })], "its Merkle tree is not the one that entry");
  });

  test("with the tree of fewer or more entries, which is one of the same journal", () => {
    for (const size of [newest.sequence - 1, newest.sequence + 1]) {
      const tree = new JournalTree();
      for (let sequence = 1; sequence <= size; sequence++) tree.apply(sequence, "ab".repeat(32));
      refused([tree.line()], "its Merkle tree is not the one that entry");
    }
  });

  test("with what is no tree", () => {
    for (const other of ['{"part":"tree","size":"7","hashes":[]}', '{"part":"tree"}', '{"part":"tree",'])
      expect(begin(withTree([other])).from?.sequence).toBeLessThan(newest.sequence);
  });
});

test("a state entry with another root is damage of the journal, named at that entry", async () => {
  const copy = disk.copy();
  const anew = new ChainAnew(chain);
  let lied = 0;
  for (const name of [...copy.files.keys()].filter((file) => segmentNumber(file) !== undefined).sort()) {
    const datas = [
      ...Buffer.from(copy.files.get(name) ?? [])
        .toString()
        .matchAll(/"data":(.*)\}\n/g),
    ].map(([, data]) => data);
    const lines = datas.map((data = "", index) => {
      const isLie = lied === 0 && data.includes('"treeRoot"');
      if (isLie) lied = Number(/^\{"sequence":([0-9]+)/.exec(data)?.[1]);
      expect(index === 0 || !isLie).toBe(true);
      return anew.line(
        isLie ? data.replace(/"treeRoot":"[0-9a-f]{64}"/, `"treeRoot":"${"0".repeat(64)}"`) : data,
        isLie,
      );
    });
    copy.files.set(name, Buffer.from(lines.join("")));
  }
  for (const name of [...copy.files.keys()])
    if (name.startsWith("snapshot-") || name === "head.json") copy.files.delete(name);
  await expect(withTimersHeld(() => CommandWorld.open({ disk: copy, acceptLoss: true }))).rejects.toMatchObject({
    code: "CAL_JOURNAL_CORRUPT",
    details: { sequence: lied, found: expect.stringContaining("root of the tree") },
  });
});
