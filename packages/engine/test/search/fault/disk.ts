/**
 * A disk of which one call goes wrong: the nth, in one of the ways a system has. All others are served by a recorded disk.
 * @module
 */
import type { Disk, DiskFile } from "../../../src/journal/disk.ts";
import { RecordingDisk } from "../crash/disk.ts";
import { Hung } from "../crash/driver.ts";
import type { DiskModel } from "../crash/model.ts";

/** `short` takes or gives part of the bytes and says so with no error; `hang` never comes back. */
export type Fault = "EIO" | "ENOSPC" | "EINTR" | "short" | "hang";
export const FAULTS: readonly Fault[] = ["EIO", "ENOSPC", "EINTR", "short", "hang"];

/** A call as it was made. */
export interface DiskCall {
  readonly kind: string;
  readonly name: string;
}

const CHANGES = ["create", "write", "syncData", "sync", "truncate", "syncDirectory", "replace", "rename", "remove"];

export class FaultDisk implements Disk {
  readonly inner: RecordingDisk;
  readonly calls: DiskCall[] = [];
  readonly #at: number;
  readonly #fault: Fault | undefined;

  /** @param at - the index of the call that goes wrong. */
  constructor(model: DiskModel, at = -1, fault?: Fault) {
    this.inner = new RecordingDisk(model);
    this.#at = at;
    this.#fault = fault;
  }

  get isReached(): boolean {
    return this.calls.length > this.#at;
  }

  /** The call that went wrong. */
  get broken(): DiskCall | undefined {
    return this.calls[this.#at];
  }

  /** Calls after the one that went wrong that change anything: there may be none. */
  get changesAfter(): readonly DiskCall[] {
    return this.calls.slice(this.#at + 1).filter(({ kind }) => CHANGES.includes(kind));
  }

  list(): readonly string[] {
    this.enter("list", "");
    return this.inner.list();
  }

  makeDirectory(): void {
    this.enter("makeDirectory", "");
  }

  open(directory: string, name: string, create: boolean): DiskFile | undefined {
    this.enter(create && !this.inner.model.names.has(name) ? "create" : "open", name);
    const file = this.inner.open(directory, name, create);
    return file === undefined ? undefined : this.#wrap(file, name);
  }

  syncDirectory(): void {
    this.enter("syncDirectory", "");
    this.inner.syncDirectory();
  }

  rename(directory: string, from: string, to: string): void {
    this.enter("rename", to);
    this.inner.rename(directory, from, to);
  }

  remove(directory: string, name: string): void {
    this.enter("remove", name);
    this.inner.remove(directory, name);
  }

  replace(directory: string, name: string, contents: string): void {
    this.enter("replace", name);
    this.inner.replace(directory, name, contents);
  }

  /** Notes a call; throws, or says that it is to be short. */
  enter(kind: string, name: string, failed: () => void = () => undefined): boolean {
    const isBroken = this.calls.push({ kind, name }) - 1 === this.#at;
    if (!isBroken || this.#fault === undefined) return false;
    if (this.#fault === "short") return kind === "write" || kind === "read";
    failed();
    if (this.#fault === "hang") throw new Hung(`${kind} ${name} hangs`);
    throw Object.assign(new Error(`${this.#fault}: injected, ${kind} ${name}`), { code: this.#fault, syscall: kind });
  }

  #wrap(file: DiskFile, name: string): DiskFile {
    const inode = this.inner.model.names.get(name) as number;
    const forget = (): void => this.inner.record({ kind: "failedSync", inode });
    const half = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, Math.ceil(bytes.byteLength / 2));
    return {
      ...(file.preparedBytes === undefined ? {} : { preparedBytes: file.preparedBytes }),
      write: (bytes, position) => file.write(this.enter("write", name) ? half(bytes) : bytes, position),
      read: (bytes, position) => file.read(this.enter("read", name) ? half(bytes) : bytes, position),
      syncData: () => {
        this.enter("syncData", name, forget);
        file.syncData();
      },
      sync: () => {
        this.enter("sync", name, forget);
        file.sync();
      },
      truncate: (length) => {
        this.enter("truncate", name);
        file.truncate(length);
      },
      size: () => {
        this.enter("size", name);
        return file.size();
      },
      close: () => {
        this.enter("close", name);
      },
    };
  }
}
