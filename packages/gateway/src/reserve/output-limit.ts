/**
 * The output limit of a call: what the client sets, capped by policy and by what the model can write.
 * @module
 */
import type { RequestedOutput } from "../wire/request-edits.ts";

export interface OutputPolicy {
  /** The most output of a call; `undefined`: what the client or the model allows. */
  readonly outputTokensMax: number | undefined;
  /** Down to here a limit may be lowered when money is short; `undefined`: not at all. */
  readonly outputTokensMin: number | undefined;
}

export interface OutputLimit {
  readonly outputTokensMax: number;
  /** Never above `outputTokensMax`. */
  readonly outputTokensMin: number;
}

/**
 * @param modelTokensMax - what the model can write, or reads and writes together.
 * @returns `undefined` where nothing limits the output: what the call may cost has no bound.
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
  // Thinking is part of the limit, and providers refuse one that leaves nothing beside it: the client's own limit then holds.
  const lowest = Math.min(...limits);
  const outputTokensMax =
    thinkingTokens > 0 && limitTokens !== undefined
      ? Math.max(lowest, Math.min(limitTokens, thinkingTokens + 1))
      : lowest;
  const outputTokensMin = Math.max(policy.outputTokensMin ?? outputTokensMax, thinkingTokens + 1);
  return { outputTokensMax, outputTokensMin: Math.min(outputTokensMin, outputTokensMax) };
}
