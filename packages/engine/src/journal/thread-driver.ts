/**
 * Drives the writer in a thread of its own, so that a sync never holds up the thread that decides.
 * @module
 */
import { Worker } from "node:worker_threads";
import type { WriterDriver } from "./journal.ts";
import type { Batch, WriterStart, Written } from "./writer.ts";
import type { FromWriter, ToWriter, WriterThreadData } from "./writer-thread.ts";

export class ThreadDriver implements WriterDriver {
  onWritten: (written: Written) => void = () => undefined;
  onFailed: (problem: string) => void = () => undefined;
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  #inFlight = 0;

  constructor(start: WriterStart, key: Uint8Array | undefined) {
    const workerData: WriterThreadData = { start, key };
    this.#worker = new Worker(new URL("./writer-thread.ts", import.meta.url), { workerData });
    this.#worker.unref();
    this.#worker.on("message", (message: FromWriter) => this.#receive(message));
    this.#worker.on("error", (error) => this.onFailed(error instanceof Error ? error.message : String(error)));
    this.#ended = new Promise((resolve) => {
      this.#worker.on("exit", () => resolve());
    });
  }

  submit(batch: Batch): void {
    this.#inFlight += 1;
    this.#worker.ref();
    this.#worker.postMessage({ kind: "batch", batch } satisfies ToWriter);
  }

  async close(): Promise<void> {
    this.#worker.ref();
    this.#worker.postMessage({ kind: "close" } satisfies ToWriter);
    await this.#ended;
  }

  #receive(message: FromWriter): void {
    if (message.kind === "closed") return;
    this.#inFlight -= 1;
    if (this.#inFlight === 0) this.#worker.unref();
    if (message.kind === "written") this.onWritten(message.written);
    else this.onFailed(message.problem);
  }
}

/** Drives the writer in the caller's own thread; for tests, and where no thread can be had. */
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
