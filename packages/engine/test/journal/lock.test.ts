import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { acquireLock, LOCK_FILE, refuseNetwork } from "../../src/journal/lock.ts";

let directory: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lock-"));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(directory, { recursive: true, force: true });
});

const PROCESS = fileURLToPath(new URL("lock-process.ts", import.meta.url));

interface Contender {
  readonly child: ChildProcess;
  /** It waits for its start. */
  readonly ready: Promise<unknown>;
  /** What came of its attempt. */
  readonly result: Promise<string>;
}

/** A process that tries once, when the file `start` exists, and holds on until it is killed. */
function contend(start?: string): Contender {
  const words = [PROCESS, directory, ...(start === undefined ? [] : [start])];
  const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ready = lines.next();
  return { child, ready, result: ready.then(async () => String((await lines.next()).value)) };
}

const killed = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });

test("of processes that start in the same instant one gets the lock; killed, it leaves it free", async () => {
  for (let round = 0; round < 3; round++) {
    const start = join(directory, `start-${round}`);
    const contenders = [contend(start), contend(start), contend(start)];
    await Promise.all(contenders.map(({ ready }) => ready));
    writeFileSync(start, "");
    const results = await Promise.all(contenders.map(({ result }) => result));
    expect(results.toSorted()).toEqual(["CAL_JOURNAL_LOCKED", "CAL_JOURNAL_LOCKED", "locked"]);
    await expect(acquireLock(directory)).rejects.toMatchObject({ code: "CAL_JOURNAL_LOCKED" });
    await Promise.all(contenders.map(({ child }) => killed(child)));
    const lock = await acquireLock(directory);
    await lock.release();
  }
});

test("within one process too, a directory has one owner, and each after the other", async () => {
  const lock = await acquireLock(directory);
  await expect(acquireLock(directory)).rejects.toMatchObject({ code: "CAL_JOURNAL_LOCKED" });
  // What the refused attempt opened and closed again must not have let go of the lock.
  expect(await contend().result).toBe("CAL_JOURNAL_LOCKED");
  await lock.release();
  expect(await contend().result).toBe("locked");
});

test("the lock names the file that is locked, is empty, and stays when it is released", async () => {
  const lock = await acquireLock(directory);
  const { dev, ino, size } = statSync(join(directory, LOCK_FILE), { bigint: true });
  expect(lock.file).toEqual({ device: dev, inode: ino });
  expect(size).toBe(0n);
  await lock.release();
  expect(existsSync(join(directory, LOCK_FILE))).toBe(true);
});

test("a lock that was moved away frees its name, and is distinguished from the new one by its identity", async () => {
  const first = await acquireLock(directory);
  renameSync(join(directory, LOCK_FILE), join(directory, "moved"));
  const second = await acquireLock(directory);
  expect(second.file).not.toEqual(first.file);
  await first.release();
  await second.release();
});

test("no directory, a file that is no lock, a socket in its place: coded errors", async () => {
  const unusable = { code: "CAL_JOURNAL_UNREADABLE" };
  await expect(acquireLock(join(directory, "none"))).rejects.toMatchObject(unusable);
  writeFileSync(join(directory, LOCK_FILE), "not a lock, but long enough to be looked at ".repeat(40));
  await expect(acquireLock(directory)).rejects.toMatchObject(unusable);
  rmSync(join(directory, LOCK_FILE));
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(join(directory, LOCK_FILE), resolve));
  await expect(acquireLock(directory)).rejects.toMatchObject(unusable);
  await new Promise((resolve) => server.close(resolve));
});

test("network file systems are refused by name, others are taken", () => {
  for (const [type, name] of [
    [0x6969, "NFS"],
    [0xff534d42, "CIFS"],
    [0xfe534d42, "SMB"],
  ] as const)
    expect(() => refuseNetwork(type)).toThrow(name);
  for (const local of [0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630])
    expect(() => refuseNetwork(local)).not.toThrow();
});
