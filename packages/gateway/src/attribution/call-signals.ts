/**
 * The five signals from which quality is inferred where no outcome is reported: `slow`, `error`, `retried`, `aborted`,
 * `truncated`. They come from how a call ended, and are reported with its outcome.
 * @module
 */
import { type Signal, SIGNALS } from "@calybris/kernel";

export interface CallEnd {
  /** From the request to the end of the answer. */
  readonly latencyMs: number;
  /** Beyond it a call is slow: the request's own limit, or twice what is usual for the candidate. */
  readonly latencyMaxMs: number;
  /** The provider refused, failed, or cut the answer, and no attempt was answered. */
  readonly isFailed: boolean;
  /** The same prompt was sent in the minute before: of {@link Repeats}. */
  readonly isRepeat: boolean;
  /** The client left before the end. */
  readonly isAborted: boolean;
  /** Why the answer ended, in the provider's word. */
  readonly finishReason: string | undefined;
}

/** Reasons that say that the limit ended the answer. */
const TRUNCATED: ReadonlySet<string> = new Set([
  "length",
  "max_tokens",
  "max_output_tokens",
  "model_context_window_exceeded",
  "MAX_TOKENS",
]);

/**
 * In the kernel's order. A call that the client left is not slow as well: it has no end that could be late.
 *
 * @example
 * ```ts
 * const end = { latencyMs: 900, latencyMaxMs: 10_000, isFailed: false, isRepeat: false, isAborted: false, finishReason: "length" };
 * signalsOf(end); // ["truncated"]
 * ```
 */
export function signalsOf(end: CallEnd): readonly Signal[] {
  const holds: { readonly [Name in Signal]: boolean } = {
    slow: !end.isAborted && end.latencyMaxMs > 0 && end.latencyMs > end.latencyMaxMs,
    error: end.isFailed && !end.isAborted,
    retried: end.isRepeat,
    aborted: end.isAborted,
    truncated: end.finishReason !== undefined && TRUNCATED.has(end.finishReason),
  };
  return SIGNALS.filter((signal) => holds[signal]);
}
