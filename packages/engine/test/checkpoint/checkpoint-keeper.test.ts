import {
  type CheckpointEntry,
  openNote,
  parseCheckpoint,
  parseEntryBody,
  parseEntryHead,
  type Signer,
  toHex,
  type VerifierKey,
  verifierKey,
} from "@calybris/kernel";
import { describe, expect, test } from "vitest";
import type { CheckpointResult, CheckpointSettings } from "../../src/checkpoint/checkpoint-keeper.ts";
import { pooledSigner } from "../../src/checkpoint/log-signer.ts";
import { nodeSigner, nodeVerifyEd25519 } from "../../src/ed25519.ts";
import type { EngineOptions } from "../../src/engine.ts";
import { JournalTree } from "../../src/journal/journal-tree.ts";
import { segmentNumber } from "../../src/journal/segment.ts";
import { CommandWorld } from "../support/command-world.ts";
import { MemoryDisk } from "../support/memory-disk.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";
import { pass, withTimersHeld } from "../support/virtual-timers.ts";

// Goal: whatever the signer does and wherever a process ends, a checkpoint that can be read is of durable entries, in order, and
// no decision waits for it.
// Method: a signer at the port that answers when the test says so; every journal is read back, and each root computed anew.

const SEED = new Uint8Array(32).fill(5);
const KEY: VerifierKey = verifierKey("example.org/log", "ed25519", nodeSigner(SEED).publicKey);

/** A signer that answers on command. */
class HeldSigner implements Signer {
  readonly publicKey: Uint8Array = KEY.publicKey;
  readonly asked: { readonly message: Uint8Array; readonly answer: (signature: Uint8Array | Error) => void }[] = [];

  readonly sign = (message: Uint8Array): Promise<Uint8Array> =>
    new Promise((resolve, reject) => {
      const answer = (signature: Uint8Array | Error): void =>
        signature instanceof Error ? reject(signature) : resolve(signature);
      this.asked.push({ message: message.slice(), answer });
    });

  /** Signs what was asked for last. */
  async go(): Promise<void> {
    const { message, answer } = this.asked.at(-1) as (typeof this.asked)[number];
    answer(await nodeSigner(SEED).sign(message));
    await turns();
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 12; turn++) await new Promise((resolve) => setImmediate(resolve));
}

interface Opened {
  readonly world: CommandWorld;
  readonly results: CheckpointResult[];
}

async function opened(
  checkpoint: Partial<CheckpointSettings> & { readonly by: Signer },
  disk: MemoryDisk = new MemoryDisk(),
  options: Partial<EngineOptions> = {},
): Promise<Opened> {
  const results: CheckpointResult[] = [];
  const { by, ...settings } = checkpoint;
  const policy = disk.files.size === 0 ? { policy: sampleSnapshot(1n) } : {};
  const world = await CommandWorld.open(
    {
      ...policy,
      segmentBytesMax: 1_000_000,
      checkpoint: { everyEntries: 1_000_000, ...settings, signer: { key: KEY, signer: by } },
      onCheckpoint: (result) => results.push(result),
      ...options,
    },
    disk,
  );
  return { world, results };
}

async function decide(world: CommandWorld, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    await world.engine.decide({ inputTokens: 100 + index, requestId: `${count}-${index}` });
    if (index % 10 === 9) await turns();
  }
}

interface Read {
  readonly sequence: number;
  readonly treeSize: number;
  readonly note: string;
}

/** The checkpoint entries of a disk; each is verified: signature, root, place. */
async function checkpointsOf(disk: MemoryDisk): Promise<readonly Read[]> {
  const tree = new JournalTree();
  const roots = [tree.digest()];
  const found: Read[] = [];
  let segmentFrom = 0;
  const names = [...disk.files.keys()].filter((name) => segmentNumber(name) !== undefined).sort();
  for (const name of names)
    for (const line of Buffer.from(disk.files.get(name) ?? [])
      .toString()
      .match(/[^\n]+/g) ?? []) {
      const data = line.slice(line.indexOf(',"data":') + 8, -1);
      const head = parseEntryHead(data);
      if (head?.kind === "state") segmentFrom = head.sequence - 1;
      if (head?.kind === "checkpoint") {
        const { note } = parseEntryBody(head, data, () => expect.fail()) as CheckpointEntry;
        const { text } = (await openNote(note, [KEY], nodeVerifyEd25519)).note;
        const { treeSize, root } = parseCheckpoint(text);
        expect(toHex(root)).toBe(roots[Number(treeSize)]);
        expect(Number(treeSize)).toBeGreaterThanOrEqual(Math.max(segmentFrom, found.at(-1)?.treeSize ?? 0));
        found.push({ sequence: head.sequence, treeSize: Number(treeSize), note });
      }
      tree.apply(tree.treeSize + 1, /"entry_hash":"([0-9a-f]{64})"/.exec(line)?.[1] as string);
      roots.push(tree.digest());
    }
  return found;
}

function fileOf(disk: MemoryDisk, name: string): string | undefined {
  const bytes = disk.files.get(name);
  return bytes === undefined ? undefined : Buffer.from(bytes).toString();
}

describe("a checkpoint", () => {
  test("is signed after so many entries, and is an entry, the file and part of the history", () =>
    withTimersHeld(async () => {
      const { world, results } = await opened({ by: nodeSigner(SEED), everyEntries: 20 });
      await decide(world, 120);
      await turns();
      await world.engine.close();
      const all = await checkpointsOf(world.disk);
      expect(all.length).toBeGreaterThan(2);
      expect(results.map(({ problem }) => problem)).toEqual(all.map(() => undefined));
      expect(results.map(({ treeSize }) => treeSize)).toEqual(all.map(({ treeSize }) => treeSize));
      expect(fileOf(world.disk, "checkpoint")).toBe(all.at(-1)?.note);
      for (const { treeSize, note } of all)
        expect(fileOf(world.disk, `${String(treeSize).padStart(16, "0")}.note`)).toBe(note);
    }));

  test("is signed after so many seconds if there is anything new, and never because of its own entry", () =>
    withTimersHeld(async () => {
      const { world, results } = await opened({ by: nodeSigner(SEED), everySeconds: 10 });
      await decide(world, 5);
      for (let minute = 0; minute < 6; minute++) {
        pass(10_000);
        await turns();
      }
      expect(results).toHaveLength(1);
      await decide(world, 7);
      pass(10_000);
      await turns();
      expect(results).toHaveLength(2);
      await world.engine.close();
      const again = await opened({ by: nodeSigner(SEED), everySeconds: 10 }, world.disk);
      await turns();
      const opening = again.world.engine.reading.head.sequence;
      for (let minute = 0; minute < 3; minute++) {
        pass(10_000);
        await turns();
      }
      expect(again.results.length).toBeLessThanOrEqual(1);
      expect(again.world.engine.reading.head.sequence).toBeLessThanOrEqual(opening + 2);
      await again.world.engine.close();
      expect(await checkpointsOf(world.disk)).toHaveLength(2 + again.results.length);
    }));

  test("does not hold up decisions while the signer takes its time, and is of what was durable when it was asked for", () =>
    withTimersHeld(async () => {
      const signer = new HeldSigner();
      const { world, results } = await opened({ by: signer, everyEntries: 10 });
      await decide(world, 40);
      expect(signer.asked).toHaveLength(1);
      const before = world.engine.reading.head.sequence;
      await decide(world, 41);
      expect(world.engine.reading.head.sequence).toBeGreaterThan(before);
      expect(results).toEqual([]);
      await signer.go();
      expect(results).toHaveLength(1);
      const [first] = await checkpointsOf(world.disk);
      expect(first?.treeSize).toBeLessThanOrEqual(before);
      expect(first?.sequence).toBeGreaterThan(before);
      await world.engine.close();
    }));
});

describe("a signer", () => {
  test.each([
    ["throws", (): never => expect.fail("no card in the reader")],
    ["rejects", (): Promise<never> => Promise.reject(new Error("503"))],
    ["answers with another length", (): Uint8Array => new Uint8Array(63)],
    ["signs something else", (): Promise<Uint8Array> | Uint8Array => nodeSigner(SEED).sign(new Uint8Array(9))],
    ["signs with another key", (message: Uint8Array) => nodeSigner(new Uint8Array(32)).sign(message)],
  ])("that %s is a problem that is reported, and nothing is written; later it is asked again", (_, sign) =>
    withTimersHeld(async () => {
      let isBroken = true;
      const signer: Signer = {
        publicKey: KEY.publicKey,
        sign: (message) => (isBroken ? sign(message) : nodeSigner(SEED).sign(message)),
      };
      const { world, results } = await opened({ by: signer, everyEntries: 5 });
      await decide(world, 30);
      await turns();
      expect(results).toEqual([{ treeSize: expect.any(Number), problem: expect.any(String) }]);
      expect(world.engine.checkpoints.status).toMatchObject({ failedCount: 1, signedCount: 0 });
      expect(await checkpointsOf(world.disk)).toEqual([]);
      await decide(world, 31);
      expect(world.engine.reading.failure).toBeUndefined();
      isBroken = false;
      pass(10_000);
      await turns();
      expect(results.at(-1)?.problem).toBeUndefined();
      expect(world.engine.checkpoints.status).toEqual({
        isSigning: true,
        failedCount: 1,
        signedCount: 1,
        problem: undefined,
      });
      await world.engine.close();
      expect(await checkpointsOf(world.disk)).toHaveLength(1);
    }),
  );

  test("that hangs is given up after its time; its late answer counts for nothing", () =>
    withTimersHeld(async () => {
      const signer = new HeldSigner();
      const { world, results } = await opened({ by: signer, everyEntries: 5, signMsMax: 3_000 });
      await decide(world, 30);
      pass(2_999);
      await turns();
      expect(results).toEqual([]);
      pass(1);
      await turns();
      expect(results.map(({ problem }) => problem)).toEqual(["the signer has not answered for 3000 ms"]);
      await signer.go();
      expect(await checkpointsOf(world.disk)).toEqual([]);
      pass(10_000);
      await turns();
      expect(signer.asked).toHaveLength(2);
      await signer.go();
      expect(await checkpointsOf(world.disk)).toHaveLength(1);
      await world.engine.close();
    }));

  test("that hangs does not hold up a close", () =>
    withTimersHeld(async () => {
      const { world, results } = await opened({ by: new HeldSigner(), everyEntries: 5 });
      await decide(world, 30);
      await world.engine.close();
      expect(results).toEqual([]);
    }));

  test("that answers after its segment has ended is asked again, so that a checkpoint is in the segment of its tree", () =>
    withTimersHeld(async () => {
      const signer = new HeldSigner();
      const { world, results } = await opened({ by: signer, everyEntries: 5 }, new MemoryDisk(), {
        segmentBytesMax: 8_000,
      });
      await decide(world, 60);
      await signer.go();
      expect(results).toEqual([]);
      expect(signer.asked).toHaveLength(2);
      await signer.go();
      expect(results).toEqual([{ treeSize: expect.any(Number), problem: undefined }]);
      await world.engine.close();
      expect(await checkpointsOf(world.disk)).toHaveLength(1);
    }));
});

describe("a new process", () => {
  test("writes the file of a checkpoint whose entry was all that its predecessor wrote", () =>
    withTimersHeld(async () => {
      const { world } = await opened({ by: nodeSigner(SEED), everyEntries: 20 });
      await decide(world, 60);
      await turns();
      await world.engine.close();
      const whole = fileOf(world.disk, "checkpoint") as string;
      const older = [...world.disk.files.keys()].filter((name) => name.endsWith(".note")).sort()[0] as string;
      for (const left of [undefined, older]) {
        const disk = world.disk.copy();
        disk.files.delete("checkpoint");
        if (left !== undefined) disk.files.set("checkpoint", disk.files.get(left) as Uint8Array);
        const again = await opened({ by: nodeSigner(SEED) }, disk);
        expect(fileOf(disk, "checkpoint")).toBe(whole);
        await again.world.engine.close();
      }
    }));

  test("signs nothing for a journal that is shorter than what was signed, because that would fork the log", () =>
    withTimersHeld(async () => {
      const { world } = await opened({ by: nodeSigner(SEED), everyEntries: 20 });
      await decide(world, 30);
      const before = world.disk.copy();
      await decide(world, 60);
      await turns();
      await world.engine.close();
      before.files.set("checkpoint", world.disk.files.get("checkpoint") as Uint8Array);
      const again = await opened({ by: nodeSigner(SEED), everyEntries: 1 }, before);
      await decide(again.world, 5);
      await turns();
      expect(again.results.every(({ problem }) => problem?.includes("would fork the log"))).toBe(true);
      expect(again.results.length).toBeGreaterThan(0);
      await expect(again.world.engine.checkpoints.sign()).rejects.toMatchObject({ code: "CAL_CHECKPOINT_UNSIGNED" });
      expect(again.world.engine.reading.failure).toBeUndefined();
      await again.world.engine.close();
    }));

  test("has the newest checkpoint from a snapshot", () =>
    withTimersHeld(async () => {
      const { world } = await opened({ by: nodeSigner(SEED), everyEntries: 20 }, new MemoryDisk(), {
        segmentBytesMax: 12_000,
      });
      await decide(world, 150);
      await turns();
      const latest = world.engine.checkpoints.latest;
      await world.engine.close();
      const again = await CommandWorld.open({}, world.disk.copy());
      expect(again.engine.recovery.fromSequence).toBeGreaterThan(0);
      expect(again.engine.checkpoints.latest).toEqual(latest);
      expect(again.engine.checkpoints.status.isSigning).toBe(false);
      await again.engine.close();
    }));
});

test("files that the disk refuses are a problem, not a failure of the journal, and are written later", () =>
  withTimersHeld(async () => {
    const { world, results } = await opened({ by: nodeSigner(SEED), everyEntries: 20 });
    let isFull = true;
    world.disk.fault = (call) => (call === "rename" && isFull ? "fail" : undefined);
    await decide(world, 40);
    await turns();
    expect(results.some(({ problem }) => problem !== undefined)).toBe(true);
    expect(fileOf(world.disk, "checkpoint")).toBeUndefined();
    expect(world.engine.reading.failure).toBeUndefined();
    isFull = false;
    pass(10_000);
    await turns();
    expect(fileOf(world.disk, "checkpoint")).toBe((await checkpointsOf(world.disk)).at(-1)?.note);
    await world.engine.close();
  }));

test("a checkpoint whose entry the disk refuses has no file", () =>
  withTimersHeld(async () => {
    const { world } = await opened({ by: nodeSigner(SEED) });
    await decide(world, 10);
    world.disk.fault = (call) => (call === "syncData" ? "fail" : undefined);
    await expect(world.engine.checkpoints.sign()).rejects.toThrow();
    await turns();
    expect(fileOf(world.disk, "checkpoint")).toBeUndefined();
    await expect(world.engine.close()).rejects.toThrow();
  }));

test("a note with more signatures replaces the file of the newest checkpoint, and that of no other", () =>
  withTimersHeld(async () => {
    const { world } = await opened({ by: nodeSigner(SEED) });
    await decide(world, 10);
    const first = await world.engine.checkpoints.sign();
    await decide(world, 11);
    const second = await world.engine.checkpoints.sign();
    const cosigned = `${second.note}— witness.example AAAAAQAB\n`;
    await world.engine.checkpoints.replace(cosigned);
    expect(fileOf(world.disk, "checkpoint")).toBe(cosigned);
    await expect(world.engine.checkpoints.replace(first.note)).rejects.toMatchObject({ code: "CAL_PROOF_REJECTED" });
    expect(world.engine.checkpoints.latest?.note).toBe(second.note);
    await world.engine.close();
  }));

test("a signer on a thread of the pool signs as one on the caller's does", async () => {
  const message = new Uint8Array(300).fill(1);
  const pooled = pooledSigner(SEED);
  expect(pooled.publicKey).toEqual(nodeSigner(SEED).publicKey);
  expect(await pooled.sign(message)).toEqual(await nodeSigner(SEED).sign(message));
});
