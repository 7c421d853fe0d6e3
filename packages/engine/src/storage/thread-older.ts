/**
 * Verifies the older entries of a directory in a thread of its own: decisions are decided again, which would take an eighth
 * of the ordering thread's time.
 * @module
 */
import { Worker } from "node:worker_threads";
import { errorOfThread } from "../engine-errors.ts";
import { compileNoWrappers } from "../thread-wrappers.ts";
import type { OlderReport, OlderThreadData } from "./older-thread.ts";
import type { OlderVerification, OlderVerifier, VerifyOlder } from "./storage.ts";

export class ThreadOlder implements OlderVerifier {
  readonly #data: OlderThreadData;
  readonly #onEnd: VerifyOlder["onEnd"];
  #status: OlderVerification;
  #thread: Worker | undefined;

  constructor(data: OlderThreadData, onEnd: VerifyOlder["onEnd"]) {
    this.#data = data;
    this.#onEnd = onEnd;
    this.#status = { state: "running", verifiedSequence: 0, untilSequence: data.until.sequence, problem: undefined };
  }

  get status(): OlderVerification {
    return this.#status;
  }

  start(): void {
    compileNoWrappers();
    const thread = new Worker(new URL("./older-thread.ts", import.meta.url), { workerData: this.#data });
    this.#thread = thread;
    thread.unref();
    thread.on("message", (report: OlderReport) => this.#take(thread, report));
    thread.on("error", (error) => this.#ended(thread, error instanceof Error ? error.message : String(error)));
    thread.on("exit", () => this.#ended(thread, "the thread that verifies ended"));
  }

  async close(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.terminate();
  }

  #take(thread: Worker, { status, broken }: OlderReport): void {
    if (thread !== this.#thread) return;
    this.#status = status;
    if (status.state === "running") return;
    this.#thread = undefined;
    void thread.terminate();
    this.#onEnd(status, broken && errorOfThread(broken.code, broken.details));
  }

  #ended(thread: Worker, problem: string): void {
    if (thread !== this.#thread) return;
    this.#thread = undefined;
    this.#status = { ...this.#status, state: "incomplete", problem };
    this.#onEnd(this.#status, undefined);
  }
}
