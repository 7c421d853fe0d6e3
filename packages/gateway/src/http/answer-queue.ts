/**
 * What was written to one connection and not yet taken by the client. The system buffers some megabytes of it; the rest
 * waits here, is counted, and must be taken in time.
 * @module
 */
import type { Socket } from "node:net";
import type { TrafficBudget } from "./traffic-budget.ts";

export class AnswerQueue {
  readonly #socket: Socket;
  readonly #budget: TrafficBudget;
  readonly #answerMs: number;
  #written = 0;
  #taken = 0;
  #isGathering = false;
  /** What was written by then has to be taken within `answerMs`. */
  #mark: { readonly written: number; readonly atMs: number } | undefined;

  constructor(socket: Socket, budget: TrafficBudget, answerMs: number) {
    this.#socket = socket;
    this.#budget = budget;
    this.#answerMs = answerMs;
  }

  get bytes(): number {
    return this.#written - this.#taken;
  }

  /** @param taken - called once, when the bytes have left or never will. */
  write(
    data: string | Uint8Array,
    encoding: BufferEncoding,
    bytes: number,
    taken: (error?: Error | null) => void,
  ): void {
    this.#written += bytes;
    this.#budget.takeAnswer(bytes);
    this.#socket.write(data, encoding, (error) => {
      this.#taken += bytes;
      this.#budget.releaseAnswer(bytes);
      taken(error);
    });
  }

  /** Several writes become one. */
  together(write: () => void): void {
    this.#socket.cork();
    write();
    this.#socket.uncork();
  }

  /** What is written until the end of this turn becomes one write. */
  gather(): void {
    if (this.#isGathering) return;
    this.#isGathering = true;
    this.#socket.cork();
    process.nextTick(this.#release);
  }

  readonly #release = (): void => {
    this.#isGathering = false;
    this.#socket.uncork();
  };

  /** Whether something was written longer than `answerMs` ago and has not been taken. */
  isLate(nowMs: number): boolean {
    if (this.bytes === 0) this.#mark = undefined;
    else if (this.#mark === undefined || this.#taken >= this.#mark.written)
      this.#mark = { written: this.#written, atMs: nowMs };
    else return nowMs - this.#mark.atMs > this.#answerMs;
    return false;
  }
}
