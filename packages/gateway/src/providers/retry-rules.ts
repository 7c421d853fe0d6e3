/**
 * Retry rules, and the effect of an answer on its deployment's health. A call is retried only if the previous attempt costs
 * nothing: it was never sent, or the provider refused it. A call whose answer was lost may be billed, and a retry could cost
 * twice, so the decision is left to the client.
 * @module
 */
import type { ErrorFault } from "../wire/provider-errors.ts";
import type { CallHealth } from "./deployment-guard.ts";
import type { UpstreamAnswer } from "./upstream.ts";

/** The effect of a provider's refusal on its deployment's health. */
export const HEALTH_OF_FAULT: { readonly [Fault in ErrorFault]: CallHealth } = {
  operator: "account",
  caller: "neutral",
  rate: "neutral",
  provider: "fault",
};

/** Whether a refused call may be retried: on the same deployment, or only on another. */
export const RETRY_OF_FAULT: { readonly [Fault in ErrorFault]: "same" | "other" | "never" } = {
  operator: "other",
  caller: "never",
  rate: "same",
  provider: "same",
};

export interface RetryRules {
  /** Maximum number of attempts of one call, including the first. */
  readonly attemptsMax: number;
  /** Wait before the second attempt on one deployment. It doubles with each further attempt, and half of it is random. */
  readonly waitMs: number;
  /** Maximum wait. If a provider asks for more, the call is not retried there. */
  readonly waitMaxMs: number;
}

/**
 * The wait before the same deployment is called again; `undefined` if it exceeds the rules' maximum.
 *
 * @param number - number of the failed attempt, from 1.
 */
export function waitBefore(
  { waitMs, waitMaxMs }: RetryRules,
  number: number,
  askedMs: number,
  random: (limit: number) => number,
): number | undefined {
  if (askedMs > waitMaxMs) return undefined;
  const backoffMs = Math.min(waitMs * 2 ** (number - 1), waitMaxMs);
  const half = Math.ceil(backoffMs / 2);
  return Math.max(askedMs, half + random(half + 1));
}

/** The wait that the provider asks for, in milliseconds; 0 if there is no readable value. */
export function retryAfterMs(answer: Pick<UpstreamAnswer, "header">, nowMs: number): number {
  const milliseconds = Number(answer.header("retry-after-ms") ?? "");
  if (milliseconds > 0) return Math.ceil(milliseconds);
  const after = answer.header("retry-after") ?? "";
  if (/^\d+(?:\.\d+)?$/.test(after)) return Math.ceil(Number(after) * 1_000);
  const date = Date.parse(after);
  return Number.isNaN(date) ? 0 : Math.max(0, date - nowMs);
}
