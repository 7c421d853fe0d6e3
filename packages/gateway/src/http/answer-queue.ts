/**
 * Bytes written to one connection that the client has not taken yet. The operating system buffers a few megabytes; the rest
 * waits here, counts toward the budget, and must be taken within `answerMs`.
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
  /** A position in the output and its time: the client must take everything up to it within `answerMs`. */
  #mark: { readonly written: number; readonly atMs: number } | undefined;

  constructor(socket: Socket, budget: TrafficBudget, answerMs: number) {
    this.#socket = socket;
    this.#budget = budget;
    this.#answerMs = answerMs;
  }

  get bytes(): number {
    return this.#written - this.#taken;
  }

  /** @param taken - called once, when the bytes were sent or the connection failed. */
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

  /** Combines the writes made by `write` into one. */
  together(write: () => void): void {
    this.#socket.cork();
    write();
    this.#socket.uncork();
  }

  /** Combines all writes until the end of this turn of the event loop into one. */
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

  /** Whether bytes written more than `answerMs` ago have not been taken. */
  isLate(nowMs: number): boolean {
    if (this.bytes === 0) this.#mark = undefined;
    else if (this.#mark === undefined || this.#taken >= this.#mark.written)
      this.#mark = { written: this.#written, atMs: nowMs };
    else return nowMs - this.#mark.atMs > this.#answerMs;
    return false;
  }
}
