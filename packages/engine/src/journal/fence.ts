/**
 * The fence: before anything is written, and again before it is acknowledged, the journal must still be ours. A lock
 * protects a file, not a name: a process that removes the journal or its lock under a running engine opens the way for a second
 * one, and an engine that wrote on would acknowledge entries that nobody can read.
 *
 * What remains is the instant between a check and the write after it. The blank check narrows it: a second writer that was
 * faster has left its entries in our place.
 * @module
 */
import { join } from "node:path";
import type { DiskFile } from "./disk.ts";
import { type FileIdentity, identify, isSameFile } from "./file-identity.ts";
import { LOCK_FILE } from "./lock.ts";

const NEWLINE = 0x0a;
/** An entry begins where the last one ended, so the first bytes decide. */
const CHECKED_BYTES = 64;

export class Fence {
  readonly #lockPath: string;
  readonly #lock: FileIdentity | undefined;
  readonly #place: Uint8Array = new Uint8Array(CHECKED_BYTES);

  /** @param lock - the file that is locked; without one (a disk of a test) the lock is not checked. */
  constructor(directory: string, lock: FileIdentity | undefined) {
    this.#lockPath = join(directory, LOCK_FILE);
    this.#lock = lock;
  }

  /** @throws Error when another process may own the directory. */
  assertLocked(): void {
    if (this.#lock === undefined || isSameFile(this.#lock, identify(this.#lockPath))) return;
    throw new Error(`${LOCK_FILE} was removed or replaced while the journal was open`);
  }

  /** @throws Error when the lock is not ours any more, or a name leads to another file than the one that is open. */
  assertOurs(files: Readonly<Record<string, DiskFile>>): void {
    this.assertLocked();
    for (const [name, file] of Object.entries(files)) {
      if (file.isInPlace?.() === false) throw new Error(`${name} was removed or replaced while the journal was open`);
    }
  }

  /** @throws Error when something is where the next entry goes. */
  assertBlank(file: DiskFile, position: number, bytes: number): void {
    const place = this.#place.subarray(0, Math.min(bytes, CHECKED_BYTES));
    const count = file.read(place, position);
    if (place.subarray(0, count).every((byte) => byte === NEWLINE)) return;
    throw new Error("another writer has written to the journal");
  }
}
