/**
 * The fence: before anything is written, and again before it is acknowledged, the journal must still be ours. A lock
 * protects a file, not a name: a process that removes the journal or its lock under a running engine lets a second engine
 * start, and the first would go on to acknowledge entries that can never be read.
 *
 * The instant between a check and the following write remains unprotected. The blank check narrows it: it finds entries that
 * a faster second writer has written in our place.
 * @module
 */
import { join } from "node:path";
import type { DiskFile } from "./disk.ts";
import { type FileIdentity, identify, isSameFile } from "./file-identity.ts";
import { LOCK_FILE } from "./lock.ts";

const NEWLINE = 0x0a;
/** An entry begins where the last one ended, so checking the first bytes is enough. */
const CHECKED_BYTES = 64;

export class Fence {
  readonly #lockPath: string;
  readonly #lock: FileIdentity | undefined;
  readonly #place: Uint8Array = new Uint8Array(CHECKED_BYTES);

  /** @param lock - the locked file; omitted on a test's disk, where the lock is not checked. */
  constructor(directory: string, lock: FileIdentity | undefined) {
    this.#lockPath = join(directory, LOCK_FILE);
    this.#lock = lock;
  }

  /** @throws Error when another process may own the directory. */
  assertLocked(): void {
    if (this.#lock === undefined || isSameFile(this.#lock, identify(this.#lockPath))) return;
    throw new Error(`${LOCK_FILE} was removed or replaced while the journal was open`);
  }

  /** @throws Error when the lock is no longer ours, or a name refers to a file other than the open one. */
  assertOurs(files: Readonly<Record<string, DiskFile>>): void {
    this.assertLocked();
    for (const [name, file] of Object.entries(files)) {
      if (file.isInPlace?.() === false) throw new Error(`${name} was removed or replaced while the journal was open`);
    }
  }

  /** @throws Error when the place of the next entry is not blank. */
  assertBlank(file: DiskFile, position: number, bytes: number): void {
    const place = this.#place.subarray(0, Math.min(bytes, CHECKED_BYTES));
    const count = file.read(place, position);
    if (place.subarray(0, count).every((byte) => byte === NEWLINE)) return;
    throw new Error("another writer has written to the journal");
  }
}
