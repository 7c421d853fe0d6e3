/**
 * Drives a writer in the caller's own thread: for commands of a few entries, for which starting a thread takes too long; for
 * tests; and where threads are not available.
 * @module
 */
import { nodeChain } from "./chain-hash.ts";
import { nodeDisk } from "./disk.ts";
import type { WriterStart } from "./segment-writer.ts";
import { type StepWriter, Writer } from "./writer.ts";
import type { Batch, WriterDriver, Written } from "./writer-driver.ts";

export class InlineDriver implements WriterDriver {
  onWritten: (written: Written) => void = () => undefined;
  onFailed: (problem: string) => void = () => undefined;
  readonly #writer: StepWriter;

  constructor(writer: StepWriter) {
    this.#writer = writer;
  }

  submit(batch: Batch): void {
    this.#writer.submit(batch);
    queueMicrotask(() => this.#writeAll());
  }

  #writeAll(): void {
    try {
      while (this.#writer.step((written) => this.onWritten(written)));
    } catch (error) {
      this.onFailed(error instanceof Error ? error.message : String(error));
    }
  }

  close(): Promise<void> {
    this.#writer.close();
    return Promise.resolve();
  }
}

/** A `driver` for `Engine.open`: each sync blocks the caller's thread. */
export function writeInThisThread(start: WriterStart, key: Uint8Array | undefined): WriterDriver {
  return new InlineDriver(new Writer(nodeDisk, start, key === undefined ? undefined : nodeChain(key)));
}
