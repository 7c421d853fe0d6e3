/**
 * Drives the writer in a thread of its own, so that a sync never blocks the thread that decides. Entries are passed
 * through a ring in shared memory and results come back the same way, so that under load no message is sent.
 *
 *     ordering thread ─▶ ring ─▶ writer: chain, write, sync ─▶ file
 *            ▲                             │
 *            └────────── results ◀─────────┘
 * @module
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import type { MerkleFrontier } from "@calybris/kernel";
import { EntryFeed } from "./entry-feed.ts";
import { ResultWatch } from "./result-watch.ts";
import type { Result } from "./results.ts";
import type { WriterStart } from "./segment-writer.ts";
import { type SharedMemory, sharedBytes, sharedMemory, WORD, wake } from "./shared-memory.ts";
import type { Batch, WriterDriver, Written } from "./writer-driver.ts";
import type { FromWriter, WriterThreadData } from "./writer-thread.ts";

export { InlineDriver, writeInThisThread } from "./inline-driver.ts";

/** If the thread cannot be started, its port is closed. */
function startWriter(workerData: WriterThreadData): Worker {
  const { port } = workerData;
  try {
    return new Worker(new URL("./writer-thread.ts", import.meta.url), { workerData, transferList: [port] });
  } catch (error) {
    port.close();
    throw error;
  }
}

export class ThreadDriver implements WriterDriver {
  onWritten: (written: Written) => void = () => undefined;
  onFailed: (problem: string) => void = () => undefined;
  readonly #shared: SharedArrayBuffer = sharedBytes();
  readonly #memory: SharedMemory = sharedMemory(this.#shared);
  readonly #feed: EntryFeed;
  readonly #watch: ResultWatch;
  readonly #port: MessagePort;
  readonly #writer: Worker;
  readonly #ended: Promise<void>;
  readonly #tree = (): MerkleFrontier => this.#memory.frontiers.current();
  #closed = false;
  #failed = false;

  constructor(start: WriterStart, key: Uint8Array | undefined) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#feed = new EntryFeed(this.#memory, start.sequence, (tail) => port1.postMessage(tail));
    const workerData: WriterThreadData = { start, key, shared: this.#shared, port: port2 };
    this.#writer = startWriter(workerData);
    this.#watch = new ResultWatch(this.#memory, this.#writer, (result) => this.#written(result));
    this.#port.on("message", (message: FromWriter) => this.#receive(message));
    this.#port.unref();
    this.#ended = this.#adopt(this.#writer);
  }

  submit(batch: Batch): void {
    this.#feed.push(batch);
    this.#wakeWriter();
  }

  async close(): Promise<void> {
    this.#closed = true;
    Atomics.store(this.#memory.words, WORD.closing, 1);
    this.#writer.ref();
    wake(this.#memory.words, WORD.writerAsleep);
    await this.#ended;
    this.#port.close();
  }

  #wakeWriter(): void {
    this.#watch.until(this.#feed.laid, wake(this.#memory.words, WORD.writerAsleep));
  }

  /** A thread that ends on its own has failed. */
  #adopt(worker: Worker): Promise<void> {
    worker.unref();
    worker.on("error", (error) => this.#fail(error instanceof Error ? error.message : String(error)));
    return new Promise((resolve) => {
      worker.on("exit", () => {
        const last = receiveMessageOnPort(this.#port)?.message as FromWriter | undefined;
        if (last !== undefined) this.#receive(last);
        if (!this.#closed) this.#fail("the writer thread ended");
        resolve();
      });
    });
  }

  #written({ first, durable, segment, offset, bytes, fsyncs }: Result): void {
    const { proofs } = this.#memory;
    const tree = this.#tree;
    const hash = proofs.hashOf(durable);
    if (!this.#failed) this.onWritten({ first, durable, hash, proofs, tree, segment, offset, bytes, fsyncs });
    // Only now: the places of the proofs must not be reused while waiters are called.
    if (this.#feed.free(durable)) this.#wakeWriter();
  }

  #receive(message: FromWriter): void {
    if (message === "written") this.#watch.look();
    else this.#fail(message.problem);
  }

  /** Earlier results are still reported; nothing after them. */
  #fail(problem: string): void {
    if (this.#failed) return;
    this.#feed.discard();
    this.#watch.stop();
    this.#failed = true;
    Atomics.store(this.#memory.words, WORD.closing, 1);
    void this.#writer.terminate();
    this.onFailed(problem);
  }
}
