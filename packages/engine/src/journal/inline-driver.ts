/**
 * Drives a writer in the caller's own thread; for tests, and where no thread can be had.
 * @module
 */
import type { StepWriter } from "./writer.ts";
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
