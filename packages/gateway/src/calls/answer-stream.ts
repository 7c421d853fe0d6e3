/**
 * A streamed answer to the client. Pieces are read from the provider only as the client takes them. However the stream ends,
 * even if it is never read, the provider's connection is closed and the reservation is settled or held, exactly once.
 * @module
 */
import type { HoldCause } from "@calybris/kernel";
import type { CallResult } from "../providers/call-attempts.ts";
import type { LeaveSignal } from "../providers/leave-signal.ts";
import { UpstreamFailure } from "../providers/upstream-failure.ts";
import type { StreamOutcome } from "../wire/stream-pass.ts";
import type { StreamWriter } from "./stream-writer.ts";

export interface StreamEnding {
  readonly outcome: StreamOutcome;
  readonly cause: HoldCause;
  readonly firstByteMs: number | undefined;
}

export interface AnswerStreamOptions {
  readonly result: Extract<CallResult, { readonly kind: "answer" }>;
  readonly writer: StreamWriter;
  readonly left: LeaveSignal;
  readonly nowMs: () => number;
  /** Called once. An error that it throws is reported; the client's stream ends in the same way. */
  readonly settle: (ending: StreamEnding) => Promise<void>;
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

export class AnswerStream implements AsyncIterableIterator<Uint8Array> {
  readonly #options: AnswerStreamOptions;
  #firstByteMs: number | undefined;
  #ending: Promise<void> | undefined;
  #isOver = false;

  constructor(options: AnswerStreamOptions) {
    this.#options = options;
    // If the client leaves before it reads anything, no reader calls `return`.
    options.left.addEventListener("abort", () => void this.return(), { once: true });
    if (options.left.aborted) void this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const { result, writer, nowMs } = this.#options;
    while (!this.#isOver) {
      try {
        const piece = await result.pieces.next();
        if (piece.done === true) return await this.#last("stream_cut");
        this.#firstByteMs ??= nowMs();
        const bytes = writer.push(piece.value);
        if (bytes.byteLength > 0) return { done: false, value: bytes };
      } catch (error) {
        if (this.#isOver) break;
        return await this.#last(causeOf(error));
      }
    }
    await this.#ending;
    return DONE;
  }

  /** Ends the stream because the client has left. */
  async return(): Promise<IteratorReturnResult<undefined>> {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#options.result.answer.end("unknown");
      // If the provider's stream was complete, its cost is known, and settled in full.
      const { outcome } = this.#options.writer.end();
      this.#ending = this.#settle({ outcome, cause: "client_gone", firstByteMs: this.#firstByteMs });
    }
    await this.#ending;
    return DONE;
  }

  async #last(cause: HoldCause): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#isOver = true;
    const { outcome, bytes } = this.#options.writer.end();
    this.#options.result.answer.end(cause === "client_gone" ? "unknown" : outcome === "complete" ? "healthy" : "fault");
    this.#ending = this.#settle({ outcome, cause, firstByteMs: this.#firstByteMs });
    await this.#ending;
    return bytes.byteLength === 0 ? DONE : { done: false, value: bytes };
  }

  async #settle(ending: StreamEnding): Promise<void> {
    await this.#options.settle(ending);
  }
}

function causeOf(error: unknown): HoldCause {
  if (!(error instanceof UpstreamFailure)) return "stream_cut";
  if (error.kind === "left") return "client_gone";
  return error.kind.startsWith("timeout") ? "timeout" : "stream_cut";
}
