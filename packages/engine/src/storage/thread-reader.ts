/**
 * A reader of entries in a thread of its own. The thread starts with the first question: most engines never read an entry.
 * @module
 */
import { Worker } from "node:worker_threads";
import type { CalybrisError } from "@calybris/kernel";
import { EngineError, errorOfThread } from "../engine-errors.ts";
import { compileNoWrappers } from "../thread-wrappers.ts";
import type { ReaderAnswer, ReaderQuestion, ReaderThreadData } from "./reader-thread.ts";
import type { Ask, AsyncReader } from "./stored-entries.ts";

interface Asked {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: CalybrisError) => void;
}

export class ThreadReader implements AsyncReader {
  readonly #data: ReaderThreadData;
  readonly #asked = new Map<number, Asked>();
  #thread: Worker | undefined;
  #last = 0;
  #isClosed = false;

  constructor(data: ReaderThreadData) {
    this.#data = data;
  }

  /**
   * @throws CalybrisError as the reader does; `CAL_JOURNAL_UNREADABLE` when the thread ends, and the next question starts
   *   another; `CAL_ENGINE_CLOSED`.
   */
  answer(ask: Ask): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) throw new EngineError("CAL_ENGINE_CLOSED", {});
      this.#thread ??= this.#start();
      const id = ++this.#last;
      this.#asked.set(id, { resolve, reject });
      // Keeps the process alive while it waits for an answer.
      this.#thread.ref();
      this.#thread.postMessage({ id, ask } satisfies ReaderQuestion);
    });
  }

  /** Rejects pending reads with `CAL_ENGINE_CLOSED`, so that an unresponsive disk does not keep the engine open. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const thread = this.#thread;
    this.#thread = undefined;
    this.#refuse(new EngineError("CAL_ENGINE_CLOSED", {}));
    await thread?.terminate();
  }

  #start(): Worker {
    compileNoWrappers();
    const thread = new Worker(new URL("./reader-thread.ts", import.meta.url), { workerData: this.#data });
    thread.unref();
    thread.on("message", (answer: ReaderAnswer) => this.#take(answer));
    thread.on("error", (error) => this.#ended(thread, error instanceof Error ? error.message : String(error)));
    thread.on("exit", () => this.#ended(thread, "the thread that reads it ended"));
    return thread;
  }

  #take(answer: ReaderAnswer): void {
    const asked = this.#asked.get(answer.id);
    this.#asked.delete(answer.id);
    if (this.#asked.size === 0) this.#thread?.unref();
    if ("answer" in answer) asked?.resolve(answer.answer);
    else if ("code" in answer) asked?.reject(errorOfThread(answer.code, answer.details));
    else asked?.reject(this.#unreadable(answer.problem));
  }

  #ended(thread: Worker, problem: string): void {
    if (thread !== this.#thread) return;
    this.#thread = undefined;
    this.#refuse(this.#unreadable(problem));
  }

  #refuse(error: CalybrisError): void {
    const asked = [...this.#asked.values()];
    this.#asked.clear();
    for (const { reject } of asked) reject(error);
  }

  #unreadable(problem: string): CalybrisError {
    return new EngineError("CAL_JOURNAL_UNREADABLE", { path: this.#data.readsEntriesOf, problem });
  }
}
