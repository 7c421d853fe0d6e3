/**
 * Drives a writer in the caller's thread, as the thread of its own does: it opens the files when the first batch comes,
 * answers every batch, and may hang with it. Beside `process.ts` the only file here that knows writer and driver.
 * @module
 */
import { CalybrisError } from "@calybris/kernel";
import { nodeChain } from "../../../src/journal/chain-hash.ts";
import type { Disk } from "../../../src/journal/disk.ts";
import type { WriterDriver } from "../../../src/journal/journal.ts";
import { type Batch, Writer, type WriterStart, type Written } from "../../../src/journal/writer.ts";

/** Thrown by a disk in place of never coming back. */
export class Hung extends Error {}

export interface HandOptions {
  readonly disk: Disk;
  readonly start: WriterStart;
  readonly key: Uint8Array | undefined;
  readonly nowMs: () => number;
  /** Hears of each batch the moment it is answered. */
  readonly acknowledged: ((sequence: number, isSealed: boolean) => void) | undefined;
}

export class HandDriver implements WriterDriver {
  onWritten: (written: Written) => void = () => undefined;
  onFailed: (problem: string) => void = () => undefined;
  readonly #open: () => Writer;
  readonly #acknowledged: HandOptions["acknowledged"];
  #writer: Writer | undefined;
  #isDead = false;

  constructor({ disk, start, key, nowMs, acknowledged }: HandOptions) {
    this.#open = () => new Writer(disk, start, key === undefined ? undefined : nodeChain(key), nowMs);
    this.#acknowledged = acknowledged;
  }

  submit(batch: Batch): void {
    // A turn later, as a thread would be: whoever is answered too early is answered before it.
    setImmediate(() => this.#attempt(() => this.#write(batch)));
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#attempt(() => {
        if (!this.#isDead) {
          this.#writer ??= this.#open();
          this.#writer.close();
        }
        resolve();
      }, resolve);
    });
  }

  #write(batch: Batch): void {
    if (this.#isDead) return;
    this.#writer ??= this.#open();
    const written = this.#writer.write(batch);
    this.#acknowledged?.(written.durable, batch.sealed);
    this.onWritten(written);
  }

  #attempt(work: () => void, failed: () => void = () => undefined): void {
    try {
      work();
    } catch (error) {
      // A writer that failed refuses by itself; one that could not be made, or hangs, cannot.
      this.#isDead = this.#writer === undefined || isHung(error);
      if (isHung(error)) return;
      this.onFailed(problemOf(error));
      failed();
    }
  }
}

export function isHung(error: unknown): boolean {
  return error instanceof Hung || (error instanceof Error && error.cause !== undefined && isHung(error.cause));
}

function problemOf(error: unknown): string {
  if (error instanceof CalybrisError && error.code === "CAL_JOURNAL_FAILED")
    return (error.details as { readonly problem: string }).problem;
  return error instanceof Error ? error.message : String(error);
}
