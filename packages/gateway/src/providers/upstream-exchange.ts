/**
 * One request to a provider and its answer, as reported by undici. It uses the handler interface of `dispatch` and not
 * `request`, which would create a stream for an answer that is usually one piece, and a signal for a call that is rarely
 * aborted.
 *
 *     waiting for a connection ─▶ sent ─▶ head ─▶ pieces, held until they are taken ─▶ complete
 *              └─────────────────────┴─────┴── failed: the connection is closed, and its callers get the reason
 *
 * @module
 */
import type { Dispatcher } from "undici";
import { failureOf, UpstreamFailure } from "./upstream-failure.ts";

/** Maximum number of bytes of an answer held for the client, in addition to one piece of undici's parser. */
export const HELD_BYTES_MAX: number = 64 * 1024;

/** The head of an answer. Names and values of headers alternate, as the provider wrote them. */
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
  /** Called on a piece, the end or a failure. */
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

  /** Bytes received and not taken yet. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Whether the answer is complete, and all of it was taken. */
  get isTaken(): boolean {
    return this.#isComplete && this.#held.length === 0;
  }

  /** Ends the exchange. A request that still waits for a connection is not sent; otherwise the connection is closed. */
  fail(failure: UpstreamFailure): void {
    if (this.#failure !== undefined || this.#isComplete) return;
    this.#failure = failure;
    this.#drop();
    this.#abort?.(failure);
    this.#reject(failure);
    this.#wakeUp();
  }

  /** Discards the rest of the answer. */
  drop(): void {
    if (!this.#isComplete) this.fail(new UpstreamFailure("reset", true));
    this.#drop();
  }

  /** The result of {@link next} if it is available at once; `undefined` if `next` would wait or throw. */
  ready(): IteratorResult<Buffer, undefined> | undefined {
    if (this.#held.length > 0) return { done: false, value: this.#takeHeld() };
    return this.#isComplete && this.#failure === undefined ? END : undefined;
  }

  /**
   * All received bytes as one piece. undici reports chunks one by one, and a provider sends several in one packet; each
   * would be a separate write. A waiting caller continues after undici has read the whole packet.
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
