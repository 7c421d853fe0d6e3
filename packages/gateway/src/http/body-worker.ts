/**
 * A thread that reads policies and long bodies. It starts with the first of them. A body that takes too much time or memory
 * ends the thread, not the service: the body is refused, and the next one gets a new thread.
 * @module
 */
import { Worker } from "node:worker_threads";
import { errorOfThread } from "@calybris/engine/internal";
import type { CalybrisError } from "@calybris/kernel";
import { GATEWAY_ERRORS, GatewayError, type GatewayErrorCode } from "../gateway-errors.ts";
import type { Principal } from "../keys/keyring.ts";
import type { BodyTask, BodyTaskResult } from "./body-worker-thread.ts";

/** A valid policy of 2 MiB takes a quarter of a second. A longer time means an attack or an overloaded machine. */
const TASK_MS_MAX = 5_000;
const START_MS_MAX = 60_000;
const TASKS_MAX = 1_024;
const COPIED_BYTES_MAX = 64 * 1024;
/** The thread ends after this time without a task, to release its memory. */
const IDLE_MS = 30_000;
/** Heap limit of the thread, enough for a policy of 2 MiB. It grows in proportion for longer bodies. */
const HEAP_MIB = 128;
const HEAP_PER_BODY = 16;
const YOUNG_MIB = 16;
const MIB = 2 ** 20;

/** A task for the thread. Its bytes are transferred, not copied. */
export interface WorkerTask {
  readonly bytes: Uint8Array;
}

interface WaitingTask<Task> {
  readonly task: Task;
  readonly principal: Principal;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export class BodyWorker<Task extends WorkerTask = BodyTask> {
  readonly #heapMiB: number;
  readonly #taskMsMax: number;
  readonly #program: URL;
  #thread: Worker | undefined;
  #isReady = false;
  readonly #waiting: WaitingTask<Task>[] = [];
  /** The thread's current task, or its last one. */
  #task: WaitingTask<Task> | undefined;
  #isBusy = false;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param bounds - `program`: the thread's program, by default the reader of policies and long JSON. It posts
   *   `{ isReady: true }`, and then one {@link BodyTaskResult} for each task.
   */
  constructor(
    bodyBytesMax: number,
    bounds: { readonly taskMs?: number; readonly heapMiB?: number; readonly program?: URL } = {},
  ) {
    this.#heapMiB = bounds.heapMiB ?? Math.max(HEAP_MIB, Math.ceil((HEAP_PER_BODY * bodyBytesMax) / MIB));
    this.#taskMsMax = bounds.taskMs ?? TASK_MS_MAX;
    this.#program = bounds.program ?? new URL("./body-worker-thread.ts", import.meta.url);
  }

  /**
   * Tasks run one at a time, in rotation among keys, so that one key cannot delay the others for long.
   *
   * @throws CalybrisError the errors of reading a body, `CAL_GATEWAY_BODY_TOO_COSTLY`, `CAL_GATEWAY_OVERLOADED`.
   */
  run(task: Task, principal: Principal): Promise<unknown> {
    if (this.#waiting.length >= TASKS_MAX)
      return Promise.reject(new GatewayError("CAL_GATEWAY_OVERLOADED", { problem: "too many bodies wait to be read" }));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ task, principal, resolve, reject });
      if (!this.#isBusy) this.#next();
    });
  }

  async close(): Promise<void> {
    const thread = this.#drop();
    const open = this.#waiting.splice(0);
    if (this.#isBusy && this.#task !== undefined) open.push(this.#task);
    this.#task = undefined;
    this.#isBusy = false;
    for (const { reject } of open) reject(new GatewayError("CAL_GATEWAY_STOPPING", {}));
    await thread?.terminate();
  }

  #next(): void {
    const last = this.#task?.principal;
    const other = this.#waiting.findIndex(({ principal }) => principal !== last);
    [this.#task] = this.#waiting.splice(Math.max(other, 0), 1);
    this.#isBusy = this.#task !== undefined;
    if (!this.#isBusy) {
      this.#timer = setTimeout(() => void this.#drop()?.terminate(), IDLE_MS).unref();
      return;
    }
    clearTimeout(this.#timer);
    this.#thread ??= this.#start();
    if (this.#isReady) this.#give();
    else this.#within(START_MS_MAX);
  }

  /** Posts the current task to the thread. */
  #give(): void {
    if (this.#task === undefined) return;
    const { task } = this.#task;
    const bytes = ownBytes(task.bytes);
    this.#thread?.postMessage({ ...task, bytes }, [bytes.buffer]);
    this.#within(this.#taskMsMax);
  }

  #start(): Worker {
    const thread = new Worker(this.#program, {
      resourceLimits: { maxOldGenerationSizeMb: this.#heapMiB, maxYoungGenerationSizeMb: YOUNG_MIB },
    });
    thread.unref();
    thread.on("message", (result: BodyTaskResult) => {
      if (thread !== this.#thread) return;
      if ("isReady" in result) {
        this.#isReady = true;
        this.#give();
      } else this.#finish(result);
    });
    thread.on("error", (error: NodeJS.ErrnoException) => {
      if (thread !== this.#thread) return;
      this.#drop();
      if (error.code === "ERR_WORKER_OUT_OF_MEMORY") this.#refuse("it takes too much memory");
      else this.#finish({ bug: error.stack ?? String(error) });
    });
    return thread;
  }

  #within(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      void this.#drop()?.terminate();
      this.#refuse(`it takes more than ${milliseconds} ms`);
    }, milliseconds);
  }

  /** Detaches the thread; the next task starts another. */
  #drop(): Worker | undefined {
    clearTimeout(this.#timer);
    const thread = this.#thread;
    this.#thread = undefined;
    this.#isReady = false;
    return thread;
  }

  #refuse(problem: string): void {
    this.#settle(({ reject }) => reject(new GatewayError("CAL_GATEWAY_BODY_TOO_COSTLY", { problem })));
  }

  #finish(result: Exclude<BodyTaskResult, { readonly isReady: true }>): void {
    this.#settle(({ resolve, reject }) => {
      if ("value" in result) resolve(result.value);
      else if ("code" in result) reject(codedError(result.code, result.details));
      else reject(new Error(result.bug));
    });
  }

  #settle(settle: (task: WaitingTask<Task>) => void): void {
    clearTimeout(this.#timer);
    if (this.#isBusy && this.#task !== undefined) settle(this.#task);
    this.#next();
  }
}

/** Bytes that can be transferred. Short bodies and parts of a buffer are copied, because their buffer may be shared. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const isWhole = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength;
  return isWhole && bytes.byteLength > COPIED_BYTES_MAX ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}

/** Restores a coded error from the thread. */
function codedError(code: string, details: object): CalybrisError {
  return Object.hasOwn(GATEWAY_ERRORS, code)
    ? new GatewayError(code as GatewayErrorCode, details as never)
    : errorOfThread(code, details);
}
