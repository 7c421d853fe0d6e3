/**
 * What the journal asks of a disk, as a port: synchronous, and no more than it needs. Tests give it one that tears,
 * fails and fills up; `nodeDisk` is the real one.
 *
 * A write may be short without an error (a file size limit does it, a full disk may): the caller must check the
 * count. After a failed sync nothing may be retried: the system has already forgotten which pages were dirty.
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
  /** How much space is worth preparing at a time, when it is not what suits a real disk; a small disk in memory says so. */
  readonly preparedBytes?: number;
  /** Writes at a position; returns how many bytes were taken, which may be fewer than given. */
  write(bytes: Uint8Array, position: number): number;
  /** Reads into `bytes` from a position; returns the count, 0 at the end. */
  read(bytes: Uint8Array, position: number): number;
  /** Makes the data durable (fdatasync). */
  syncData(): void;
  /** Makes data and metadata durable (fsync). */
  sync(): void;
  truncate(length: number): void;
  size(): number;
  /** Whether the name that it was opened under still leads to it; left out by a disk on which names do not change. */
  isInPlace?(): boolean;
  close(): void;
}

export interface Disk {
  /** Names in a directory, sorted; empty when there is none. */
  list(directory: string): readonly string[];
  /** Creates a directory and its parents, durably; when it exists, its name is made durable. */
  makeDirectory(directory: string): void;
  /** Opens for reading and writing; creates the file when asked to. `undefined` when it does not exist. */
  open(directory: string, name: string, create: boolean): DiskFile | undefined;
  /** Makes created, renamed and removed names durable. */
  syncDirectory(directory: string): void;
  /** Gives a file another name, in place of the file that had it, if any; {@link syncDirectory} makes that durable. */
  rename(directory: string, from: string, to: string): void;
  /** Removes a file; one that is not there is no error. */
  remove(directory: string, name: string): void;
  /** Gives a small file other contents, durably: at no moment does a reader find anything but the old or the new ones. */
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
    // A name that is not durable may take the whole journal with it, whatever was synced below it.
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
 * Makes a directory and those above it; the first that was new, if any was. By hand, because `recursive` asks for ever where a
 * directory says that it is there and takes no names (`/proc`).
 */
function makeAll(directory: string): string | undefined {
  if (isDirectory(directory)) return undefined;
  const above = dirname(directory);
  const first = above === directory ? undefined : makeAll(above);
  try {
    fs.mkdirSync(directory);
  } catch (error) {
    // Another process may have been faster.
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

/** Somebody else's directory above an old journal may not be ours to read; then its name is as durable as it was. */
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

/** A file that is packed is an archived segment: it is read as what it holds, and never written. */
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

/** Writes all of it or throws: a short count is a failure of the disk, whatever the system said. */
export function writeWhole(file: DiskFile, bytes: Uint8Array, position: number): void {
  const taken = file.write(bytes, position);
  if (taken === bytes.byteLength) return;
  throw Object.assign(new Error(`the disk took ${taken} of ${bytes.byteLength} bytes`), { syscall: "write" });
}

/** Reads from the beginning until `bytes` are full or the file ends, because one read may give less than there is. Returns the count. */
export function readWhole(file: DiskFile, bytes: Uint8Array): number {
  let length = 0;
  for (let count = -1; count !== 0 && length < bytes.byteLength; length += count)
    count = file.read(bytes.subarray(length), length);
  return length;
}

/**
 * Does something with the disk outside the writer. An error of the system, which names the call that failed, becomes one
 * of ours; any other passes.
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
