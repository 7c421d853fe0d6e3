/**
 * One request to a provider and its answer, as undici reports them. The handler interface of `dispatch` is used, and not
 * `request`: no stream is made of an answer that is mostly one piece, and no signal for a call that mostly nobody ends.
 *
 *     waiting for a connection ─▶ sent ─▶ head ─▶ pieces, held until they are taken ─▶ complete
 *              └─────────────────────┴─────┴── failed: the connection is closed, and its callers get the reason
 *
 * @module
 */
import type { Dispatcher } from "undici";
import { failureOf, UpstreamFailure } from "./upstream-failure.ts";

/** Of an answer, between the socket and the client: one piece of undici's parser beside it. */
export const HELD_BYTES_MAX: number = 64 * 1024;

/** The head of an answer; names and values in turns, as the provider wrote them. */
export interface UpstreamHead {
  readonly status: number;
  readonly headers: readonly string[];
}

const STATUS_FINAL_MIN = 200;
const END: IteratorReturnResult<undefined> = { done: true, value: undefined };

export class UpstreamExchange implements Dispatcher.DispatchHandler {
  readonly head: Promise<UpstreamHead>;
  readonly #resolve: (head: UpstreamHead) => void;
  readonly #reject: (failure: UpstreamFailure) => void;
  #abort: ((error?: Error) => void) | undefined;
  #resume: (() => void) | undefined;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #isPaused = false;
  #isComplete = false;
  #failure: UpstreamFailure | undefined;
  /** Called when a piece, the end or a failure came. */
  #wake: (() => void) | undefined;

  constructor() {
    const { promise, resolve, reject } = Promise.withResolvers<UpstreamHead>();
    this.head = promise;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Whether a byte of the request may have left. */
  get isSent(): boolean {
    return this.#abort !== undefined;
  }

  /** Bytes that came and were not taken yet. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** The answer came to its end, and all of it was taken. */
  get isTaken(): boolean {
    return this.#isComplete && this.#held.length === 0;
  }

  /** Ends the exchange. A request that still waits for its connection is never sent; else the connection is closed. */
  fail(failure: UpstreamFailure): void {
    if (this.#failure !== undefined || this.#isComplete) return;
    this.#failure = failure;
    this.#drop();
    this.#abort?.(failure);
    this.#reject(failure);
    this.#wakeUp();
  }

  /** Nobody takes the rest of the answer. */
  drop(): void {
    if (!this.#isComplete) this.fail(new UpstreamFailure("reset", true));
    this.#drop();
  }

  /** What {@link next} would give without a wait; `undefined` where it would wait, or throw. */
  ready(): IteratorResult<Buffer, undefined> | undefined {
    if (this.#held.length > 0) return { done: false, value: this.#takeHeld() };
    return this.#isComplete && this.#failure === undefined ? END : undefined;
  }

  /**
   * What has come, as one piece: undici reports every chunk by itself, and a provider sends several in one packet, each of which
   * would be written by itself. Who waits goes on once undici has read the packet.
   *
   * @throws UpstreamFailure
   */
  async next(): Promise<IteratorResult<Buffer, undefined>> {
    while (this.#held.length === 0) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#isComplete) return END;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return { done: false, value: this.#takeHeld() };
  }

  onConnect(abort: (error?: Error) => void): void {
    if (this.#failure !== undefined) abort(this.#failure);
    else this.#abort = abort;
  }

  onHeaders(status: number, headers: Buffer[], resume: () => void): boolean {
    if (status < STATUS_FINAL_MIN) return true;
    this.#resume = resume;
    this.#resolve({ status, headers: headers.map((part) => part.toString("latin1")) });
    return true;
  }

  onData(piece: Buffer): boolean {
    if (this.#failure !== undefined) return true;
    this.#held.push(piece);
    this.#heldBytes += piece.byteLength;
    this.#wakeUp();
    this.#isPaused = this.#heldBytes >= HELD_BYTES_MAX;
    return !this.#isPaused;
  }

  onComplete(): void {
    this.#isComplete = true;
    this.#wakeUp();
  }

  onError(error: unknown): void {
    if (this.#failure !== undefined || this.#isComplete) return;
    this.#failure = failureOf(error);
    this.#reject(this.#failure);
    this.#wakeUp();
  }

  #takeHeld(): Buffer {
    const held = this.#held;
    const value = held.length === 1 ? (held[0] as Buffer) : Buffer.concat(held, this.#heldBytes);
    this.#drop();
    if (this.#isPaused) {
      this.#isPaused = false;
      this.#resume?.();
    }
    return value;
  }

  #drop(): void {
    this.#held = [];
    this.#heldBytes = 0;
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
