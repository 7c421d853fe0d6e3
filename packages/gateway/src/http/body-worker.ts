/**
 * A thread that reads bodies which take long: policies, and whatever is long. It starts with the first of them. A body
 * that takes too much time or memory ends the thread, not the service: that body is refused, and the next one gets a new
 * thread.
 * @module
 */
import { Worker } from "node:worker_threads";
import { CalybrisError, type ErrorCode } from "@calybris/kernel";
import { GATEWAY_ERRORS, GatewayError, type GatewayErrorCode } from "../gateway-errors.ts";
import type { Principal } from "../keys/keyring.ts";
import type { BodyTask, BodyTaskResult } from "./body-worker-thread.ts";

/** A legal policy of 2 MiB takes a quarter of a second; a longer time is an attack, or a machine that stands still. */
const TASK_MS_MAX = 5_000;
const START_MS_MAX = 60_000;
/** One key cannot keep others waiting for long. */
const TASKS_PER_KEY_MAX = 4;
const TASKS_MAX = 64;
const HEAP_MIB_MAX = 256;

interface WaitingTask {
  readonly task: BodyTask;
  readonly principal: Principal;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export class BodyWorker {
  readonly #taskMsMax: number;
  #thread: Worker | undefined;
  #isReady = false;
  /** The first is being done. */
  readonly #tasks: WaitingTask[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(taskMsMax: number = TASK_MS_MAX) {
    this.#taskMsMax = taskMsMax;
  }

  /**
   * Tasks are done one at a time, in order.
   *
   * @throws CalybrisError what reading the body throws, `CAL_GATEWAY_BODY_TOO_COSTLY`, `CAL_GATEWAY_OVERLOADED`.
   */
  run(task: BodyTask, principal: Principal): Promise<unknown> {
    const own = this.#tasks.filter((other) => other.principal === principal).length;
    if (own >= TASKS_PER_KEY_MAX || this.#tasks.length >= TASKS_MAX)
      return Promise.reject(new GatewayError("CAL_GATEWAY_OVERLOADED", { problem: "too many bodies wait to be read" }));
    return new Promise((resolve, reject) => {
      this.#tasks.push({ task, principal, resolve, reject });
      if (this.#tasks.length === 1) this.#next();
    });
  }

  async close(): Promise<void> {
    const thread = this.#drop();
    for (const { reject } of this.#tasks.splice(0)) reject(new GatewayError("CAL_GATEWAY_STOPPING", {}));
    await thread?.terminate();
  }

  #next(): void {
    const [first] = this.#tasks;
    if (first === undefined) return;
    this.#thread ??= this.#start();
    if (!this.#isReady) {
      this.#within(START_MS_MAX);
      return;
    }
    const bytes = ownBytes(first.task.bytes);
    this.#thread.postMessage({ ...first.task, bytes }, [bytes.buffer]);
    this.#within(this.#taskMsMax);
  }

  #start(): Worker {
    const thread = new Worker(new URL("./body-worker-thread.ts", import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB_MAX },
    });
    thread.unref();
    thread.on("message", (result: BodyTaskResult) => {
      if (thread !== this.#thread) return;
      if ("isReady" in result) {
        this.#isReady = true;
        this.#next();
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

  /** Lets the thread go; the next task starts another. */
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

  #settle(settle: (task: WaitingTask) => void): void {
    clearTimeout(this.#timer);
    const task = this.#tasks.shift();
    if (task !== undefined) settle(task);
    this.#next();
  }
}

/** Bytes that may be given away: a part of a larger buffer is copied out of it. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const isWhole = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength;
  return isWhole ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}

/** An error of a table as it was in the thread. */
function codedError(code: string, details: object): CalybrisError {
  return Object.hasOwn(GATEWAY_ERRORS, code)
    ? new GatewayError(code as GatewayErrorCode, details as never)
    : new CalybrisError(code as ErrorCode, details as never);
}
