/**
 * Drives a writer in the caller's own thread; for tests, and where no thread can be had.
 * @module
 */
import type { WriterDriver } from "./journal.ts";
import type { Batch, Written } from "./writer.ts";

export class InlineDriver implements WriterDriver {
  onWritten: (written: Written) => void = () => undefined;
  onFailed: (problem: string) => void = () => undefined;
  readonly #writer: { write(batch: Batch): Written; close(): void };

  constructor(writer: { write(batch: Batch): Written; close(): void }) {
    this.#writer = writer;
  }

  submit(batch: Batch): void {
    queueMicrotask(() => {
      try {
        this.onWritten(this.#writer.write(batch));
      } catch (error) {
        this.onFailed(error instanceof Error ? error.message : String(error));
      }
    });
  }

  close(): Promise<void> {
    this.#writer.close();
    return Promise.resolve();
  }
}
