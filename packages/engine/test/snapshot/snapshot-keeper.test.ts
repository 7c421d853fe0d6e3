import type { MerkleFrontier } from "@calybris/kernel";
import { expect, test } from "vitest";
import { nodeChain } from "../../src/journal/chain-hash.ts";
import { JournalTree } from "../../src/journal/journal-tree.ts";
import { jsonLine } from "../../src/snapshot/line.ts";
import type { SnapshotFile, SnapshotFiles } from "../../src/snapshot/snapshot-files.ts";
import { SnapshotKeeper, type SnapshotResult } from "../../src/snapshot/snapshot-keeper.ts";
import { snapshotName } from "../../src/snapshot/snapshot-name.ts";
import { type TakenSnapshot, takenSnapshot } from "../../src/snapshot/taken-snapshot.ts";

/** Files in memory; each write waits until the test lets it go on. */
class SlowFiles implements SnapshotFiles {
  readonly names = new Set<string>();
  #waiting: (() => void)[] = [];

  letGo(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  }

  async list(): Promise<readonly string[]> {
    return [...this.names];
  }

  async create(name: string): Promise<SnapshotFile> {
    this.names.add(name);
    return {
      write: () => new Promise((resolve) => this.#waiting.push(resolve)),
      sync: async () => undefined,
      close: async () => undefined,
    };
  }

  async rename(from: string, to: string): Promise<void> {
    this.names.delete(from);
    this.names.add(to);
  }

  async remove(name: string): Promise<void> {
    this.names.delete(name);
  }

  async syncNames(): Promise<void> {}

  free: (() => number | undefined) | undefined;

  async freeBytes(): Promise<number | undefined> {
    return this.free?.();
  }
}

const SEGMENT_BYTES = 64 * 1024;
const small = (sequence: number): TakenSnapshot => takenSnapshot(sequence, [jsonLine({ sequence })], []);
const large = (sequence: number): TakenSnapshot =>
  takenSnapshot(sequence, [jsonLine("x".repeat(1_500_000)), jsonLine("x".repeat(1_500_000))], []);
/** Reports the entry of a snapshot, then the state entry after it. */
const reach = (keeper: SnapshotKeeper, durable: number): void => {
  keeper.reached(durable - 1, () => treeOf(durable - 1));
  keeper.reached(durable, () => treeOf(durable));
};
const treeOf = (size: number): MerkleFrontier => {
  const tree = new JournalTree();
  for (let sequence = 1; sequence <= size; sequence++) tree.apply(sequence, "ab".repeat(32));
  return tree.frontier();
};
const keeperOf = (files: SnapshotFiles): SnapshotKeeper =>
  new SnapshotKeeper({ files, chain: nodeChain(), segmentBytesMax: SEGMENT_BYTES });

/** Until nothing goes on by itself. */
async function settle(files: SlowFiles): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) {
    files.letGo();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("the newest of those taken while another is being written is written after it", async () => {
  const files = new SlowFiles();
  const keeper = keeperOf(files);
  for (const sequence of [10, 20, 30]) {
    keeper.took(small(sequence));
    reach(keeper, sequence + 1);
  }
  await settle(files);
  expect([...files.names].sort()).toEqual([snapshotName(10), snapshotName(30)]);
  expect(await keeper.close()).toBe(true);
});

test("one whose state entry is not durable is not written, not even by a close", async () => {
  const files = new SlowFiles();
  const keeper = keeperOf(files);
  keeper.took(small(10));
  keeper.reached(10, () => treeOf(10));
  await settle(files);
  expect(await keeper.close()).toBe(true);
  expect(files.names.size).toBe(0);
});

test("a close ends with the newest, if it is small, and leaves a large one unfinished", async () => {
  for (const [last, names] of [
    [small(20), [snapshotName(10), snapshotName(20)]],
    [large(20), [snapshotName(10), "snapshot.next"]],
  ] as const) {
    const files = new SlowFiles();
    const keeper = keeperOf(files);
    keeper.took(small(10));
    reach(keeper, 11);
    keeper.took(last);
    reach(keeper, 21);
    const closed = keeper.close();
    await settle(files);
    expect(await closed).toBe(true);
    expect([...files.names].sort()).toEqual([...names].sort());
  }
});

/** A keeper, and what it reports. */
function reporting(files: SlowFiles): { readonly keeper: SnapshotKeeper; readonly results: SnapshotResult[] } {
  const results: SnapshotResult[] = [];
  const options = {
    files,
    chain: nodeChain(),
    segmentBytesMax: SEGMENT_BYTES,
    onResult: (result: SnapshotResult) => results.push(result),
  };
  return { keeper: new SnapshotKeeper(options), results };
}

test("with too little free space none is begun, that is reported, and the next rotation tries again", async () => {
  const files = new SlowFiles();
  const { keeper, results } = reporting(files);
  const needed = 1024 * 1024 + SEGMENT_BYTES;
  for (const [sequence, free] of [
    [10, needed - 1],
    [20, 0],
    [30, needed],
    [40, undefined],
  ] as const) {
    files.free = () => free;
    keeper.took(small(sequence));
    reach(keeper, sequence + 1);
    await settle(files);
  }
  expect(results.map(({ sequence, problem }) => [sequence, problem === undefined])).toEqual([
    [10, false],
    [20, false],
    [30, true],
    [40, true],
  ]);
  expect(results[0]?.problem).toContain(`${needed - 1} bytes of the disk are free`);
  expect([...files.names].sort()).toEqual([snapshotName(30), snapshotName(40)]);
  expect(await keeper.close()).toBe(true);
});

test("with little free space, those before the last two are removed, and that is enough for the next", async () => {
  const files = new SlowFiles();
  const { keeper, results } = reporting(files);
  const needed = 1024 * 1024 + SEGMENT_BYTES;
  files.free = () => needed - (files.names.size > 2 ? 1 : 0);
  for (const sequence of [10, 20, 30, 40]) files.names.add(snapshotName(sequence));
  keeper.took(small(50));
  reach(keeper, 51);
  await settle(files);
  expect(results.map(({ problem }) => problem)).toEqual([undefined]);
  expect([...files.names].sort()).toEqual([snapshotName(30), snapshotName(40), snapshotName(50)]);
  expect(await keeper.close()).toBe(true);
});

test("one for which the space runs out is given up, and what was written of it is removed", async () => {
  const files = new SlowFiles();
  const { keeper, results } = reporting(files);
  let calls = 0;
  files.free = () => (++calls === 1 ? 1e12 : SEGMENT_BYTES);
  keeper.took(large(10));
  reach(keeper, 11);
  await settle(files);
  expect(results).toEqual([{ sequence: 10, problem: expect.stringContaining("are free") }]);
  expect([...files.names]).toEqual([]);
  files.free = undefined;
  keeper.took(large(20));
  reach(keeper, 21);
  await settle(files);
  expect(results.at(-1)).toEqual({ sequence: 20, problem: undefined });
  expect(await keeper.close()).toBe(true);
});

test("a disk that does not say how much is free is a problem of the snapshot alone", async () => {
  const files = new SlowFiles();
  const { keeper, results } = reporting(files);
  files.free = () => {
    throw new Error("statfs failed");
  };
  keeper.took(small(10));
  reach(keeper, 11);
  await settle(files);
  expect(results).toEqual([{ sequence: 10, problem: "statfs failed" }]);
  files.free = undefined;
  keeper.took(small(20));
  reach(keeper, 21);
  await settle(files);
  expect([...files.names]).toEqual([snapshotName(20)]);
  expect(await keeper.close()).toBe(true);
});
