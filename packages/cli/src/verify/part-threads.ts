/**
 * The threads of `verify`. They are given copies of the lines in batches, in constant memory: when every batch is taken, the
 * reader waits for one.
 *
 *     reader ──▶ what depends on the order: numbers, balances, learning     (this thread)
 *        └─ batch ──▶ each entry by itself: hash, decision, digests         (any thread)
 *              └────▶ the tree over all entries                             (the first thread, in order)
 * @module
 */
import { Worker } from "node:worker_threads";
import type { PartResult, PartTask, PartThreadData } from "./part-thread.ts";

const BATCH_BYTES = 2 * 1024 * 1024;
const BATCHES_PER_THREAD = 2;
const NEWLINE = 0x0a;

interface Batch {
  readonly bytes: Uint8Array;
  length: number;
  policy: Uint8Array | undefined;
  /** Parts that are not answered yet. */
  open: number;
}

interface Thread {
  readonly worker: Worker;
  /** In the order in which they were sent, which is that of the answers. */
  readonly sent: Batch[];
}

export class PartThreads {
  /** False once a thread said no, or ended. */
  isGood = true;
  readonly #threads: readonly Thread[];
  readonly #free: Batch[] = [];
  #batch: Batch | undefined;
  #policy: Uint8Array | undefined;
  #openCount = 0;
  #wake: (() => void) | undefined;

  constructor(threadCount: number, { key, trees }: PartThreadData) {
    const workerData: PartThreadData = { key, trees };
    this.#threads = Array.from({ length: threadCount }, () => {
      const thread: Thread = {
        worker: new Worker(new URL("./part-thread.ts", import.meta.url), { workerData }),
        sent: [],
      };
      thread.worker.on("message", ({ isGood }: PartResult) => this.#answered(thread, isGood));
      // What a whole audit finds is the verdict: a thread that fails only costs time.
      thread.worker.on("error", () => this.#fail());
      return thread;
    });
    for (let count = 0; count < threadCount * BATCHES_PER_THREAD + 1; count++) this.#free.push(batchOf(BATCH_BYTES));
  }

  /** Takes a line, without its newline. To be awaited before the next one, where there is something to await. */
  add(line: Uint8Array): Promise<void> | undefined {
    const batch = this.#batch;
    if (batch !== undefined && batch.length + line.byteLength < batch.bytes.byteLength) {
      put(batch, line);
      return undefined;
    }
    return this.#addToNext(line);
  }

  /** The line that was added last is the entry of a policy. */
  policy(line: Uint8Array): void {
    this.#policy = new Uint8Array(line);
  }

  /** Whether every part of every batch was good. */
  async finish(): Promise<boolean> {
    this.#send();
    while (this.isGood && this.#openCount > 0) await this.#woken();
    return this.isGood;
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  async #addToNext(line: Uint8Array): Promise<void> {
    const { length } = line;
    // The reader overwrites its line while this waits for a batch.
    const copy = this.#free.length > 0 ? line : new Uint8Array(line);
    this.#send();
    while (this.isGood && this.#free.length === 0) await this.#woken();
    const free = this.#free.pop();
    if (!this.isGood || free === undefined) return;
    this.#batch = length < free.bytes.byteLength ? free : batchOf(length + 1);
    this.#batch.policy = this.#policy;
    put(this.#batch, copy);
  }

  #send(): void {
    const batch = this.#batch;
    this.#batch = undefined;
    const [first] = this.#threads;
    if (batch === undefined || first === undefined || !this.isGood) return;
    const lines = batch.bytes.subarray(0, batch.length);
    const idlest = this.#threads.reduce((best, thread) => (thread.sent.length < best.sent.length ? thread : best));
    batch.open = 2;
    this.#openCount += 1;
    for (const [thread, part] of [
      [first, "tree"],
      [idlest, "entries"],
    ] as const) {
      thread.sent.push(batch);
      thread.worker.postMessage({ part, lines, policy: batch.policy } satisfies PartTask);
    }
  }

  #answered(thread: Thread, isGood: boolean): void {
    const batch = thread.sent.shift();
    if (batch === undefined || !isGood) {
      this.#fail();
      return;
    }
    batch.open -= 1;
    if (batch.open > 0) return;
    this.#openCount -= 1;
    batch.length = 0;
    this.#free.push(batch.bytes.byteLength === BATCH_BYTES ? batch : batchOf(BATCH_BYTES));
    this.#wake?.();
  }

  #fail(): void {
    this.isGood = false;
    this.#wake?.();
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

function batchOf(bytes: number): Batch {
  return { bytes: new Uint8Array(new SharedArrayBuffer(bytes)), length: 0, policy: undefined, open: 0 };
}

function put(batch: Batch, line: Uint8Array): void {
  batch.bytes.set(line, batch.length);
  batch.bytes[batch.length + line.byteLength] = NEWLINE;
  batch.length += line.byteLength + 1;
}
