/**
 * Two disks for crash searches: one that records what is done to a {@link DiskModel}, and one that is only fast.
 * @module
 */
import type { Disk, DiskFile } from "../../../src/journal/disk.ts";
import type { DiskModel, Operation } from "./model.ts";

/** So little space is prepared at a time that a crash during it leaves few sectors to distinguish. */
export const PREPARED_BYTES = 2_048;

/** Records every operation, and keeps the model up to date. */
export class RecordingDisk implements Disk {
  readonly model: DiskModel;
  readonly operations: Operation[] = [];
  #stopped = false;

  constructor(model: DiskModel) {
    this.model = model;
  }

  list(): readonly string[] {
    return [...this.model.names.keys()].sort();
  }

  makeDirectory(): void {
    // The directory is there, and durable: that is the port's promise.
  }

  open(_directory: string, name: string, create: boolean): DiskFile | undefined {
    if (!this.model.names.has(name)) {
      if (!create) return undefined;
      this.record({ kind: "create", name });
    }
    return this.#file(this.model.names.get(name) as number);
  }

  syncDirectory(): void {
    this.record({ kind: "syncDirectory" });
  }

  rename(_directory: string, from: string, to: string): void {
    this.record({ kind: "rename", from, to });
  }

  remove(_directory: string, name: string): void {
    if (this.model.names.has(name)) this.record({ kind: "remove", name });
  }

  replace(_directory: string, name: string, contents: string): void {
    this.record({ kind: "replace", name, bytes: Buffer.from(contents) });
  }

  /** From now on the process is gone: what it left running finds no disk. */
  stop(): void {
    this.#stopped = true;
  }

  record(operation: Operation): void {
    if (this.#stopped) throw new Error("the process has ended");
    this.operations.push(operation);
    this.model.apply(operation);
  }

  #file(inode: number): DiskFile {
    const file = this.model.file(inode);
    return {
      preparedBytes: PREPARED_BYTES,
      write: (bytes, position) => {
        this.record({ kind: "write", inode, position, bytes: Uint8Array.from(bytes) });
        return bytes.byteLength;
      },
      read: (bytes, position) => file.live.copy(bytes, 0, Math.min(position, file.size), file.size),
      syncData: () => this.record({ kind: "syncData", inode }),
      sync: () => this.record({ kind: "sync", inode }),
      truncate: (length) => this.record({ kind: "truncate", inode, length }),
      size: () => file.size,
      close: () => undefined,
    };
  }
}

/** Files in memory, nothing recorded. */
export class PlainDisk implements Disk {
  readonly contents: Map<string, Buffer>;
  /** Whether any byte, size or name is another than at first; writing the same bytes again changes nothing. */
  isChanged = false;

  constructor(contents: Map<string, Buffer>) {
    this.contents = contents;
  }

  list(): readonly string[] {
    return [...this.contents.keys()].sort();
  }

  makeDirectory(): void {
    // The directory is there.
  }

  open(_directory: string, name: string, create: boolean): DiskFile | undefined {
    if (!this.contents.has(name)) {
      if (!create) return undefined;
      this.isChanged = true;
      this.contents.set(name, Buffer.alloc(0));
    }
    return new PlainFile(this, name);
  }

  syncDirectory(): void {
    // Nothing is ever lost here.
  }

  rename(_directory: string, from: string, to: string): void {
    this.contents.set(to, this.contents.get(from) as Buffer);
    this.contents.delete(from);
    this.isChanged = true;
  }

  remove(_directory: string, name: string): void {
    this.isChanged = this.contents.delete(name) || this.isChanged;
  }

  replace(_directory: string, name: string, contents: string): void {
    const bytes = Buffer.from(contents);
    this.isChanged ||= this.contents.get(name)?.equals(bytes) !== true;
    this.contents.set(name, bytes);
  }
}

class PlainFile implements DiskFile {
  readonly preparedBytes: number = PREPARED_BYTES;
  readonly #disk: PlainDisk;
  readonly #name: string;

  constructor(disk: PlainDisk, name: string) {
    this.#disk = disk;
    this.#name = name;
  }

  get #bytes(): Buffer {
    return this.#disk.contents.get(this.#name) as Buffer;
  }

  write(bytes: Uint8Array, position: number): number {
    const end = position + bytes.byteLength;
    if (end > this.#bytes.byteLength) this.truncate(end);
    this.#disk.isChanged ||= this.#bytes.compare(bytes, 0, bytes.byteLength, position, end) !== 0;
    this.#bytes.set(bytes, position);
    return bytes.byteLength;
  }

  read(bytes: Uint8Array, position: number): number {
    return this.#bytes.copy(bytes, 0, Math.min(position, this.#bytes.byteLength));
  }

  truncate(length: number): void {
    if (length === this.#bytes.byteLength) return;
    const resized = Buffer.alloc(length);
    this.#bytes.copy(resized);
    this.#disk.isChanged = true;
    this.#disk.contents.set(this.#name, resized);
  }

  size(): number {
    return this.#bytes.byteLength;
  }

  syncData(): void {
    // Nothing is ever lost here.
  }

  sync(): void {
    // Nor here.
  }

  close(): void {
    // Nothing is held.
  }
}
