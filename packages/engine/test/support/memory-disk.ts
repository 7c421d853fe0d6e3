/**
 * A disk in memory: files as byte arrays, with faults on demand and a count of every call. What was written but never
 * synced is remembered, so that a power loss can be played.
 * @module
 */
import type { Disk, DiskFile } from "../../src/journal/disk.ts";

export type DiskCall =
  | "write"
  | "syncData"
  | "sync"
  | "truncate"
  | "syncDirectory"
  | "open"
  | "replace"
  | "rename"
  | "remove";

/** Decides what a call does: nothing special, an error, or (for writes) a short count. */
export type Fault = (call: DiskCall, index: number) => "fail" | "short" | undefined;

export class MemoryDisk implements Disk {
  readonly files: Map<string, Uint8Array> = new Map();
  readonly calls: DiskCall[] = [];
  fault: Fault = (): undefined => undefined;
  #names = new Map<string, MemoryFile>();

  /** A copy of the files as they are, without faults. */
  copy(): MemoryDisk {
    const disk = new MemoryDisk();
    for (const [name, bytes] of this.files) disk.files.set(name, bytes.slice());
    return disk;
  }

  list(): readonly string[] {
    return [...this.files.keys()].sort();
  }

  makeDirectory(): void {
    // Every directory exists.
  }

  open(_directory: string, name: string, create: boolean): DiskFile | undefined {
    if (!this.files.has(name)) {
      if (!create) return undefined;
      this.enter("open");
      this.files.set(name, new Uint8Array());
    }
    const file = this.#names.get(name) ?? new MemoryFile(this, name);
    this.#names.set(name, file);
    return file;
  }

  syncDirectory(): void {
    this.enter("syncDirectory");
  }

  rename(_directory: string, from: string, to: string): void {
    this.enter("rename");
    this.files.set(to, this.files.get(from) ?? new Uint8Array());
    this.files.delete(from);
  }

  remove(_directory: string, name: string): void {
    this.enter("remove");
    this.files.delete(name);
  }

  replace(_directory: string, name: string, contents: string): void {
    this.enter("replace");
    this.files.set(name, Buffer.from(contents));
  }

  /** Counts a call and applies its fault. */
  enter(call: DiskCall): "short" | undefined {
    const fault = this.fault(call, this.calls.push(call) - 1);
    if (fault === "fail") throw new Error(`injected failure of ${call}`);
    return fault;
  }
}

/** Every write that makes a file longer copies it. */
const PREPARED_BYTES = 64 * 1024;

class MemoryFile implements DiskFile {
  readonly preparedBytes: number = PREPARED_BYTES;
  readonly #disk: MemoryDisk;
  readonly #name: string;

  constructor(disk: MemoryDisk, name: string) {
    this.#disk = disk;
    this.#name = name;
  }

  get #bytes(): Uint8Array {
    return this.#disk.files.get(this.#name) ?? new Uint8Array();
  }

  write(bytes: Uint8Array, position: number): number {
    const taken = this.#disk.enter("write") === "short" ? bytes.subarray(0, bytes.byteLength >> 1) : bytes;
    const before = this.#bytes;
    const end = position + taken.byteLength;
    if (end > before.byteLength) {
      const grown = new Uint8Array(end);
      grown.set(before);
      grown.set(taken, position);
      this.#disk.files.set(this.#name, grown);
    } else before.set(taken, position);
    return taken.byteLength;
  }

  read(bytes: Uint8Array, position: number): number {
    const part = this.#bytes.subarray(position, position + bytes.byteLength);
    bytes.set(part);
    return part.byteLength;
  }

  syncData(): void {
    this.#disk.enter("syncData");
  }

  sync(): void {
    this.#disk.enter("sync");
  }

  truncate(length: number): void {
    this.#disk.enter("truncate");
    this.#disk.files.set(this.#name, this.#bytes.slice(0, length));
  }

  size(): number {
    return this.#bytes.byteLength;
  }

  close(): void {
    // Nothing is held.
  }
}
