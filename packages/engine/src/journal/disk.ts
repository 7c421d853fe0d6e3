/**
 * The disk operations of the journal, as a port: synchronous and minimal. Tests pass a disk that tears writes, fails and
 * fills up; `nodeDisk` is the real one.
 *
 * A write may be short without an error (because of a file size limit or a full disk), so the caller must check the count.
 * After a failed sync nothing may be retried: the system no longer knows which pages were dirty.
 * @module
 */

import * as fs from "node:fs";
import { dirname, join, resolve } from "node:path";

import { EngineError } from "../engine-errors.ts";
import { brokenLink } from "./broken-link.ts";
import { type FileIdentity, identify, identityOf, isSameFile } from "./file-identity.ts";
import { isPacked, PackedSegment } from "./packed-segment.ts";

/** An open file. */
export interface DiskFile {
  /** Bytes of space to prepare at a time; default: suitable for a real disk. Set by small disks in memory. */
  readonly preparedBytes?: number;
  /** Writes at a position; returns the number of bytes written, which may be fewer than given. */
  write(bytes: Uint8Array, position: number): number;
  /** Reads into `bytes` from a position; returns the count, 0 at the end. */
  read(bytes: Uint8Array, position: number): number;
  /** Makes the data durable (fdatasync). */
  syncData(): void;
  /** Makes data and metadata durable (fsync). */
  sync(): void;
  truncate(length: number): void;
  size(): number;
  /** Whether the name it was opened under still refers to it; omitted by a disk on which names do not change. */
  isInPlace?(): boolean;
  close(): void;
}

export interface Disk {
  /** Names in a directory, sorted; empty if the directory does not exist. */
  list(directory: string): readonly string[];
  /** Creates a directory and its parents, durably; if it exists, its name is made durable. */
  makeDirectory(directory: string): void;
  /** Opens for reading and writing; creates the file if `create` is true. `undefined` if it does not exist. */
  open(directory: string, name: string, create: boolean): DiskFile | undefined;
  /** Makes created, renamed and removed names durable. */
  syncDirectory(directory: string): void;
  /** Renames a file, replacing any file of that name; {@link syncDirectory} makes the change durable. */
  rename(directory: string, from: string, to: string): void;
  /** Removes a file; a missing file is not an error. */
  remove(directory: string, name: string): void;
  /** Replaces the contents of a small file, atomically and durably: a reader sees either the old or the new contents. */
  replace(directory: string, name: string, contents: string): void;
}

export const nodeDisk: Disk = {
  list: (directory) => {
    try {
      return fs.readdirSync(directory).sort();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  },
  makeDirectory: (directory) => {
    const first = makeAll(directory);
    const path = resolve(directory);
    const top = first === undefined ? path : resolve(first);
    // Losing a name that is not durable may lose the whole journal, whatever was synced below it.
    for (let made = path; ; made = dirname(made)) {
      syncNameOf(made, first !== undefined);
      if (made === top) return;
    }
  },
  open: (directory, name, create) => {
    const flags = fs.constants.O_RDWR | (create ? fs.constants.O_CREAT : 0);
    try {
      const path = join(directory, name);
      const descriptor = fs.openSync(path, flags, 0o640);
      if (fs.fstatSync(descriptor).isFile()) return opened(path, descriptor);
      fs.closeSync(descriptor);
      throw Object.assign(new Error(`${name} is not a regular file`), { syscall: "open" });
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
      if (!create && isMissing && brokenLink(join(directory, name)) === undefined) return undefined;
      throw error;
    }
  },
  syncDirectory: syncNames,
  rename: (directory, from, to) => fs.renameSync(join(directory, from), join(directory, to)),
  remove: (directory, name) => fs.rmSync(join(directory, name), { force: true }),
  replace: (directory, name, contents) => {
    const next = join(directory, `${name}.next`);
    fs.writeFileSync(next, contents, { mode: 0o640, flush: true });
    fs.renameSync(next, join(directory, name));
    syncNames(directory);
  },
};

/**
 * Creates a directory and its parents; returns the topmost new one, if any. Not with `recursive`, which loops forever where
 * a directory exists but accepts no names (`/proc`).
 */
function makeAll(directory: string): string | undefined {
  if (isDirectory(directory)) return undefined;
  const above = dirname(directory);
  const first = above === directory ? undefined : makeAll(above);
  try {
    fs.mkdirSync(directory);
  } catch (error) {
    // Another process may have created it first.
    if (!isDirectory(directory)) throw error;
  }
  return first ?? directory;
}

function isDirectory(path: string): boolean {
  return fs.statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function syncNames(directory: string): void {
  const descriptor = fs.openSync(directory, "r");
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

/** A directory of another user above an existing journal may be unreadable; then its name stays as durable as it was. */
function syncNameOf(directory: string, isNew: boolean): void {
  try {
    syncNames(dirname(directory));
  } catch (error) {
    if (isNew || (error as NodeJS.ErrnoException).code !== "EACCES") throw error;
  }
}

class NodeFile implements DiskFile {
  readonly #path: string;
  readonly #descriptor: number;
  #identity: FileIdentity | undefined;

  constructor(path: string, descriptor: number) {
    this.#path = path;
    this.#descriptor = descriptor;
  }

  write(bytes: Uint8Array, position: number): number {
    return fs.writeSync(this.#descriptor, bytes, 0, bytes.byteLength, position);
  }

  read(bytes: Uint8Array, position: number): number {
    return fs.readSync(this.#descriptor, bytes, 0, bytes.byteLength, position);
  }

  syncData(): void {
    fs.fdatasyncSync(this.#descriptor);
  }

  sync(): void {
    fs.fsyncSync(this.#descriptor);
  }

  truncate(length: number): void {
    fs.ftruncateSync(this.#descriptor, length);
  }

  size(): number {
    return fs.fstatSync(this.#descriptor).size;
  }

  isInPlace(): boolean {
    this.#identity ??= identityOf(fs.fstatSync(this.#descriptor, { bigint: true }));
    return isSameFile(this.#identity, identify(this.#path));
  }

  close(): void {
    fs.closeSync(this.#descriptor);
  }
}

/** A packed file is an archived segment: its unpacked content is read, and it is never written. */
function opened(path: string, descriptor: number): DiskFile {
  const file = new NodeFile(path, descriptor);
  const segment = packedIn(path, file);
  if (segment === undefined) return file;
  const refuse = (): never => {
    throw new EngineError("CAL_JOURNAL_UNREADABLE", { path, problem: "it is archived, and would be written" });
  };
  return {
    write: refuse,
    truncate: refuse,
    read: (bytes, position) => segment.read(bytes, position),
    size: () => segment.size,
    syncData: () => file.syncData(),
    sync: () => file.sync(),
    isInPlace: () => file.isInPlace(),
    close: () => file.close(),
  };
}

function packedIn(path: string, file: NodeFile): PackedSegment | undefined {
  const read = (bytes: Uint8Array, position: number): number => file.read(bytes, position);
  try {
    return isPacked(read) ? new PackedSegment(path, file.size(), read) : undefined;
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Writes all bytes or throws: a short count is a disk failure, even if the system reported none. */
export function writeWhole(file: DiskFile, bytes: Uint8Array, position: number): void {
  const taken = file.write(bytes, position);
  if (taken === bytes.byteLength) return;
  throw Object.assign(new Error(`the disk took ${taken} of ${bytes.byteLength} bytes`), { syscall: "write" });
}

/** Reads from the beginning until `bytes` is full or the file ends, because one read may return less. Returns the count. */
export function readWhole(file: DiskFile, bytes: Uint8Array): number {
  let length = 0;
  for (let count = -1; count !== 0 && length < bytes.byteLength; length += count)
    count = file.read(bytes.subarray(length), length);
  return length;
}

/**
 * Uses the disk outside the writer. A system error, which names the failed call, is converted; any other error is passed
 * on.
 *
 * @throws CalybrisError `CAL_JOURNAL_UNREADABLE`.
 */
export function withDisk<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof Error) || !("syscall" in cause)) throw cause;
    const named = "path" in cause && typeof cause.path === "string" ? cause.path : path;
    const problem = brokenLink(named) ?? cause.message;
    throw new EngineError(
      "CAL_JOURNAL_UNREADABLE",
      { path: problem === cause.message ? path : named, problem },
      { cause },
    );
  }
}
