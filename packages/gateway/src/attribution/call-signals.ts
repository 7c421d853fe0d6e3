/**
 * The five signals from which quality is inferred if no outcome is reported: `slow`, `error`, `retried`, `aborted`,
 * `truncated`. They follow from the end of a call, and are reported with its outcome.
 * @module
 */
import { type Signal, SIGNALS } from "@calybris/kernel";

export interface CallEnd {
  /** From the request to the end of the answer. */
  readonly latencyMs: number;
  /** A longer call is slow: the request's own limit, or twice the usual latency of the candidate. */
  readonly latencyMaxMs: number;
  /** The provider refused, failed, or cut the answer off, and no attempt was answered. */
  readonly isFailed: boolean;
  /** The same prompt was sent within the minute before, see {@link Repeats}. */
  readonly isRepeat: boolean;
  /** The client disconnected before the end. */
  readonly isAborted: boolean;
  /** The provider's reason for the end of the answer. */
  readonly finishReason: string | undefined;
}

/** Finish reasons for an answer that reached its limit. */
const TRUNCATED: ReadonlySet<string> = new Set([
  "length",
  "max_tokens",
  "max_output_tokens",
  "model_context_window_exceeded",
  "MAX_TOKENS",
]);

/**
 * The signals of a call, in the kernel's order. An aborted call is never slow as well: it has no end that could be late.
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
