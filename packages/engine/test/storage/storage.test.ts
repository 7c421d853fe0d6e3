import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { segmentNumber } from "../../src/journal/segment.ts";
import type { WriterDriver } from "../../src/journal/writer-driver.ts";
import { snapshotSequence } from "../../src/snapshot/snapshot-name.ts";
import { DirectoryStorage } from "../../src/storage/directory-storage.ts";
import type { Storage, StorageLock } from "../../src/storage/storage.ts";
import { MemoryMedium, MemoryStorage } from "../support/memory-storage.ts";
import { linesOfEngine, type Medium, storageContract } from "./contract.ts";

// Goal: whatever holds a journal keeps the same promises. Method: one suite, run against each implementation.

/** A directory; the lock of each storage is kept, because a process that is killed cannot release it. */
class DirectoryMedium implements Medium {
  readonly #directory: string;
  readonly #locks = new Map<Storage, StorageLock>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  storage(): Storage {
    const storage = new DirectoryStorage({ directory: this.#directory });
    const lock = storage.lock.bind(storage);
    storage.lock = async () => {
      const taken = await lock();
      this.#locks.set(storage, taken);
      return taken;
    };
    return storage;
  }

  /** The thread ends as it does with its process: nothing is sealed, no space is cut. */
  async kill(storage: Storage, driver: WriterDriver | undefined): Promise<void> {
    await driver?.close();
    await this.#locks.get(storage)?.release();
  }

  alter(sequence: number): void {
    for (const [path, text] of this.#segments())
      writeFileSync(
        path,
        text.replace(`"data":{"sequence":${sequence},"durable":`, `"data":{"sequence":${sequence}0,"durable":`),
        "latin1",
      );
  }

  cut(count: number): void {
    const [path, text] = this.#segments().at(-1) as [string, string];
    writeFileSync(path, `${text.trimEnd().split("\n").slice(0, -count).join("\n")}\n`, "latin1");
  }

  alterSnapshot(): void {
    const newest = readdirSync(this.#directory)
      .filter((name) => snapshotSequence(name) !== undefined)
      .sort()
      .at(-1);
    const path = join(this.#directory, newest as string);
    writeFileSync(
      path,
      readFileSync(path, "utf8").replace(/[0-9]/, (digit) => String((Number(digit) + 1) % 10)),
    );
  }

  #segments(): (readonly [path: string, text: string])[] {
    const names = readdirSync(this.#directory).filter((name) => segmentNumber(name) !== undefined);
    return names
      .sort()
      .map((name) => [join(this.#directory, name), readFileSync(join(this.#directory, name), "latin1")]);
  }
}

class InMemory implements Medium {
  readonly medium: MemoryMedium = new MemoryMedium();

  storage(): Storage {
    return new MemoryStorage(this.medium);
  }

  async kill(): Promise<void> {
    this.medium.owner = undefined;
  }

  alter(sequence: number): void {
    const line = this.medium.lines[sequence - 1] as { bytes: Buffer };
    line.bytes = Buffer.from(line.bytes.toString("utf8").replace('"durable"', '"Durable"'));
  }

  cut(count: number): void {
    this.medium.lines.splice(-count);
  }

  alterSnapshot(): void {
    const newest = [...this.medium.snapshots.keys()]
      .filter((name) => snapshotSequence(name) !== undefined)
      .sort()
      .at(-1);
    const text = this.medium.snapshots.get(newest as string)?.toString("utf8") ?? "";
    const altered = text.replace(/[0-9]/, (digit) => String((Number(digit) + 1) % 10));
    this.medium.snapshots.set(newest as string, Buffer.from(altered));
  }
}

async function inDirectory(work: (medium: Medium) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "storage-"));
  try {
    await work(new DirectoryMedium(directory));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

storageContract("a directory", inDirectory);
storageContract("memory", (work) => work(new InMemory()));

test("an engine leaves the same entries on every storage", async () => {
  const inMemory = await linesOfEngine(new MemoryStorage(new MemoryMedium()));
  expect(inMemory.length).toBeGreaterThan(12);
  await inDirectory(async (medium) => {
    const durable = /"durable":[0-9]+/;
    const bodies = (lines: readonly string[]): string[] =>
      lines.map((line) => line.slice(line.indexOf('"data":')).replace(durable, ""));
    expect(bodies(await linesOfEngine(medium.storage()))).toEqual(bodies(inMemory));
  });
});
