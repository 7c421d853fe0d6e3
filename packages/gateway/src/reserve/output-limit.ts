/**
 * The output limit of a call: the client's limit, capped by policy and by the model's maximum.
 * @module
 */
import type { RequestedOutput } from "../wire/request-edits.ts";

export interface OutputPolicy {
  /** Maximum output of a call; `undefined` leaves the limit of the client or the model. */
  readonly outputTokensMax: number | undefined;
  /** The minimum to which a limit may be lowered if money is short; `undefined` if it may not be lowered. */
  readonly outputTokensMin: number | undefined;
}

export interface OutputLimit {
  readonly outputTokensMax: number;
  /** At most `outputTokensMax`. */
  readonly outputTokensMin: number;
}

/**
 * @param modelTokensMax - the model's maximum output, or its context window.
 * @returns `undefined` if nothing limits the output, so that the cost has no bound.
 *
 * @example
 * ```ts
 * const policy = { outputTokensMax: 8_192, outputTokensMin: 1_024 };
 * outputLimit({ limitTokens: 128_000, thinkingTokens: 0 }, policy, 64_000); // { outputTokensMax: 8192, outputTokensMin: 1024 }
 * ```
 */
export function outputLimit(
  { limitTokens, thinkingTokens }: RequestedOutput,
  policy: OutputPolicy,
  modelTokensMax: number | undefined,
): OutputLimit | undefined {
  const limits = [limitTokens, policy.outputTokensMax, modelTokensMax].filter((limit) => limit !== undefined);
  if (limits.length === 0) return undefined;
  // Thinking counts toward the limit, and providers refuse a limit without room beside it. The client's limit then applies.
  const lowest = Math.min(...limits);
  const outputTokensMax =
    thinkingTokens > 0 && limitTokens !== undefined
      ? Math.max(lowest, Math.min(limitTokens, thinkingTokens + 1))
      : lowest;
  const outputTokensMin = Math.max(policy.outputTokensMin ?? outputTokensMax, thinkingTokens + 1);
  return { outputTokensMax, outputTokensMin: Math.min(outputTokensMin, outputTokensMax) };
}
