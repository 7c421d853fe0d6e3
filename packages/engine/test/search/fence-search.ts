/**
 * Ways in which a journal stops being ours while it is open, on a real disk. After each, nothing more may be acknowledged.
 * @module
 */
import { CalybrisError, GENESIS_HASH } from "@calybris/kernel";
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Engine } from "../../src/engine.ts";
import { EMPTY_TREE } from "../../src/journal/chain-start.ts";
import { type Disk, nodeDisk } from "../../src/journal/disk.ts";
import { acquireLock, LOCK_FILE } from "../../src/journal/lock.ts";
import { Writer } from "../../src/journal/writer.ts";
import type { Batch } from "../../src/journal/writer-driver.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";

const SEGMENT = "segment-000001.jsonl";

/** Each does something to the directory of an open journal. */
export const LOSSES: Readonly<Record<string, (directory: string) => void>> = {
  "the directory is removed": (directory) => rmSync(directory, { recursive: true }),
  "the directory is removed and made again": (directory) => {
    rmSync(directory, { recursive: true });
    mkdirSync(directory);
  },
  "the directory is moved away": (directory) => renameSync(directory, `${directory}-moved`),
  "the directory is replaced by a copy": (directory) => {
    renameSync(directory, `${directory}-moved`);
    cpSync(`${directory}-moved`, directory, { recursive: true });
  },
  "the segment is removed": (directory) => rmSync(join(directory, SEGMENT)),
  "the segment is replaced by a copy": (directory) => replaceByCopy(join(directory, SEGMENT)),
  "the head is removed": (directory) => rmSync(join(directory, "head.json")),
  "the head is replaced by a copy": (directory) => replaceByCopy(join(directory, "head.json")),
  "the lock is removed": (directory) => rmSync(join(directory, LOCK_FILE)),
  "the lock is replaced": (directory) => {
    rmSync(join(directory, LOCK_FILE));
    writeFileSync(join(directory, LOCK_FILE), "");
  },
};

/** @returns how many ways were tried. */
export async function searchFences(): Promise<number> {
  for (const [name, lose] of Object.entries(LOSSES)) await inDirectory((directory) => tryLoss(name, lose, directory));
  await inDirectory(tryOtherWriter);
  await inDirectory(tryLossWhileWriting);
  await inDirectory(tryCutSegment);
  return Object.keys(LOSSES).length + 3;
}

async function tryLoss(name: string, lose: (directory: string) => void, directory: string): Promise<void> {
  const engine = await Engine.open({ directory, policy: sampleSnapshot() });
  await decide(engine, "before");
  lose(directory);
  for (const id of ["first", "second"]) await requireRefused(name, () => decide(engine, id));
  await requireRefused(`${name}, then a close`, () => engine.close());
}

/** Somebody removed the lock, and another engine took the directory and wrote before we did. */
async function tryOtherWriter(directory: string): Promise<void> {
  const { writer, lock, batch } = await started(nodeDisk, directory);
  written(writer, batch);
  const { size } = statSync(join(directory, SEGMENT));
  // At the end of what was written, where the prepared space begins.
  const other = nodeDisk.open(directory, SEGMENT, false);
  other?.write(Buffer.from('{"sequence":2'), endOfEntries(size, other));
  await requireRefused("another writer's bytes are in the place", () => written(writer, { ...batch, first: 2 }));
  other?.close();
  await lock.release();
}

/** The lock is lost between the check and the acknowledgement. */
async function tryLossWhileWriting(directory: string): Promise<void> {
  const losing: Disk = {
    ...nodeDisk,
    open: (...name) => {
      const file = nodeDisk.open(...name);
      if (file === undefined) return undefined;
      return Object.assign(Object.create(file), {
        write: file.write.bind(file),
        read: file.read.bind(file),
        sync: file.sync.bind(file),
        size: file.size.bind(file),
        isInPlace: () => file.isInPlace?.() ?? true,
        close: file.close.bind(file),
        truncate: file.truncate.bind(file),
        syncData: () => {
          rmSync(join(directory, LOCK_FILE));
          file.syncData();
        },
      });
    },
  };
  const { writer, lock, batch } = await started(losing, directory);
  await requireRefused("the lock is removed while a batch is synced", () => written(writer, batch));
  await lock.release();
}

/** Between recovery and the writer's start, the segment became shorter. */
async function tryCutSegment(directory: string): Promise<void> {
  const start = { directory, segment: 1, end: 10, sequence: 0, hash: GENESIS_HASH, tree: EMPTY_TREE };
  appendFileSync(join(directory, SEGMENT), "shorter");
  let writer: Writer | undefined;
  try {
    writer = new Writer(nodeDisk, start);
  } catch {
    return;
  }
  throw new Error(`a segment that was cut is continued: ${writer}`);
}

function written(writer: Writer, batch: Batch): void {
  writer.submit(batch);
  writer.step(() => undefined);
}

async function started(disk: Disk, directory: string) {
  const lock = await acquireLock(directory);
  const writer = new Writer(disk, {
    directory,
    segment: 1,
    end: 0,
    sequence: 0,
    hash: GENESIS_HASH,
    tree: EMPTY_TREE,
    lock: lock.file,
  });
  const tails = [',"at":1,"kind":"seal","cause":"idle"}'];
  return { lock, writer, batch: { first: 1, tails, rotate: false, sealed: false } };
}

function endOfEntries(size: number, file: { read(bytes: Uint8Array, position: number): number }): number {
  const bytes = Buffer.alloc(size);
  file.read(bytes, 0);
  return bytes.indexOf("\n\n") + 1;
}

const decide = (engine: Engine, requestId: string): Promise<unknown> =>
  engine.decide({ requestId, inputTokens: 1, requested: "better" });

async function requireRefused(name: string, work: () => unknown): Promise<void> {
  let problem: unknown;
  try {
    await work();
  } catch (error) {
    problem = error;
  }
  if (problem instanceof CalybrisError && problem.code === "CAL_JOURNAL_FAILED") return;
  throw new Error(`${name}: expected CAL_JOURNAL_FAILED, got ${problem ?? "an acknowledgement"}`);
}

async function inDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const parent = mkdtempSync(join(tmpdir(), "fence-"));
  const directory = join(parent, "journal");
  mkdirSync(directory);
  try {
    await work(directory);
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
}

function replaceByCopy(path: string): void {
  cpSync(path, `${path}.copy`);
  renameSync(`${path}.copy`, path);
}
