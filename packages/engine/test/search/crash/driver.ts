/**
 * Drives the production chain (ring, lines, files) in the caller's thread, as the writer thread does: it opens the files when
 * the first batch comes, reports every write, prepares space when there is no traffic, and may hang. Only this file and
 * `process.ts` depend on writer and driver.
 * @module
 */
import { CalybrisError } from "@calybris/kernel";
import { nodeChain } from "../../../src/journal/chain-hash.ts";
import type { Disk } from "../../../src/journal/disk.ts";
import { Writer, type WriterStart } from "../../../src/journal/writer.ts";
import type { Batch, WriterDriver, Written } from "../../../src/journal/writer-driver.ts";

/** Thrown by a disk in place of never coming back. */
export class Hung extends Error {}

export interface HandOptions {
  readonly disk: Disk;
  readonly start: WriterStart;
  readonly key: Uint8Array | undefined;
  readonly nowMs: () => number;
  /** Called with each write the moment it is reported, and with a seal again when its head is durable. */
  readonly acknowledged: ((sequence: number, isSealed: boolean) => void) | undefined;
}

export class HandDriver implements WriterDriver {
  onWritten: (written: Written) => void = () => undefined;
  onFailed: (problem: string) => void = () => undefined;
  readonly #open: () => Writer;
  readonly #acknowledged: HandOptions["acknowledged"];
  #writer: Writer | undefined;
  #durable = 0;
  #isDead = false;
  #isHung = false;

  constructor({ disk, start, key, nowMs, acknowledged }: HandOptions) {
    this.#open = () => new Writer(disk, start, key === undefined ? undefined : nodeChain(key), nowMs);
    this.#acknowledged = acknowledged;
  }

  submit(batch: Batch): void {
    // A turn later, as a thread would be: an answer that comes too early comes before it.
    setImmediate(() => this.#attempt(() => this.#write(batch)));
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#attempt(() => {
        if (this.#isHung) return;
        if (!this.#isDead) {
          this.#writer ??= this.#open();
          this.#writer.close();
        }
        resolve();
      }, resolve);
    });
  }

  #write(batch: Batch): void {
    if (this.#isDead || this.#isHung) return;
    this.#writer ??= this.#open();
    this.#writer.submit(batch);
    while (this.#writer.step(this.#report));
    if (!batch.sealed) return;
    // Only now is the head of a seal durable: the report comes before it.
    this.#acknowledged?.(this.#durable, true);
    // After a seal there is no traffic, so the thread would prepare space.
    this.#writer.prepareAhead();
  }

  readonly #report = (written: Written): void => {
    this.#durable = written.durable;
    this.#acknowledged?.(written.durable, false);
    this.onWritten(written);
  };

  #attempt(work: () => void, failed: () => void = () => undefined): void {
    try {
      work();
    } catch (error) {
      // A writer that failed refuses by itself; one that could not be made, or hangs, cannot.
      this.#isHung = isHung(error);
      this.#isDead = this.#writer === undefined;
      if (this.#isHung) return;
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
