/**
 * The disk operations of the snapshot writer, as a port: the calls of `journal/disk.ts`, but asynchronous. On a real disk
 * they run on Node's thread pool, so that the ordering thread waits for none of them.
 * @module
 */
import { constants } from "node:fs";
import { type FileHandle, open, readdir, rename, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { type Disk, type DiskFile, writeWhole } from "../journal/disk.ts";

export interface SnapshotFile {
  /** Appends all bytes, or rejects. */
  write(bytes: Uint8Array): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface SnapshotFiles {
  list(): Promise<readonly string[]>;
  /** Creates an empty file. */
  create(name: string): Promise<SnapshotFile>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; a missing file is not an error. */
  remove(name: string): Promise<void>;
  /** Makes created, renamed and removed names durable. */
  syncNames(): Promise<void>;
  /** Free bytes available to this user; `undefined` if unknown. */
  freeBytes(): Promise<number | undefined>;
}

/** The real disk. */
export class NodeSnapshotFiles implements SnapshotFiles {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  list(): Promise<readonly string[]> {
    return readdir(this.#directory);
  }

  async create(name: string): Promise<SnapshotFile> {
    const { O_CREAT, O_TRUNC, O_WRONLY } = constants;
    return new NodeSnapshotFile(await open(join(this.#directory, name), O_CREAT | O_TRUNC | O_WRONLY, 0o640));
  }

  rename(from: string, to: string): Promise<void> {
    return rename(join(this.#directory, from), join(this.#directory, to));
  }

  remove(name: string): Promise<void> {
    return rm(join(this.#directory, name), { force: true });
  }

  async syncNames(): Promise<void> {
    const directory = await open(this.#directory, "r");
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#directory);
    return bavail * bsize;
  }
}

class NodeSnapshotFile implements SnapshotFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let written = 0; written < bytes.byteLength; ) {
      const { bytesWritten } = await this.#handle.write(bytes, written, bytes.byteLength - written);
      if (bytesWritten === 0) throw new Error("the disk takes nothing more");
      written += bytesWritten;
    }
  }

  sync(): Promise<void> {
    return this.#handle.sync();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** A test's disk, or one in memory: each call runs synchronously. */
export class DiskSnapshotFiles implements SnapshotFiles {
  readonly #disk: Disk;
  readonly #directory: string;

  constructor(disk: Disk, directory: string) {
    this.#disk = disk;
    this.#directory = directory;
  }

  async list(): Promise<readonly string[]> {
    return this.#disk.list(this.#directory);
  }

  async create(name: string): Promise<SnapshotFile> {
    const file = this.#disk.open(this.#directory, name, true);
    if (file === undefined) throw new Error(`${name} cannot be created`);
    if (file.size() > 0) file.truncate(0);
    return new DiskSnapshotFile(file);
  }

  async rename(from: string, to: string): Promise<void> {
    this.#disk.rename(this.#directory, from, to);
  }

  async remove(name: string): Promise<void> {
    this.#disk.remove(this.#directory, name);
  }

  async syncNames(): Promise<void> {
    this.#disk.syncDirectory(this.#directory);
  }

  async freeBytes(): Promise<undefined> {
    return undefined;
  }
}

class DiskSnapshotFile implements SnapshotFile {
  readonly #file: DiskFile;
  #end = 0;

  constructor(file: DiskFile) {
    this.#file = file;
  }

  async write(bytes: Uint8Array): Promise<void> {
    writeWhole(this.#file, bytes, this.#end);
    this.#end += bytes.byteLength;
  }

  async sync(): Promise<void> {
    this.#file.sync();
  }

  async close(): Promise<void> {
    this.#file.close();
  }
}
