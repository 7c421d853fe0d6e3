/**
 * When a call may be sent again, and what an answer says about its deployment. A call is sent again only where the first send
 * costs nothing: it never left, or the provider refused it. One whose answer was lost may be billed; sending it again could pay
 * twice, so that the client decides.
 * @module
 */
import type { ErrorFault } from "../wire/provider-errors.ts";
import type { CallHealth } from "./deployment-guard.ts";
import type { UpstreamAnswer } from "./upstream.ts";

/** What a provider's refusal says of its deployment. */
export const HEALTH_OF_FAULT: { readonly [Fault in ErrorFault]: CallHealth } = {
  operator: "account",
  caller: "neutral",
  rate: "neutral",
  provider: "fault",
};

/** Whether a refused call may be sent again: to the same deployment, or to another only. */
export const RETRY_OF_FAULT: { readonly [Fault in ErrorFault]: "same" | "other" | "never" } = {
  operator: "other",
  caller: "never",
  rate: "same",
  provider: "same",
};

export interface RetryRules {
  /** Sends of one call, the first included. */
  readonly attemptsMax: number;
  /** Before the second send to one deployment; it doubles with each further one, and half of it is drawn. */
  readonly waitMs: number;
  /** A provider that asks for a longer wait is not waited for. */
  readonly waitMaxMs: number;
}

/**
 * How long to wait before the same deployment is called again; `undefined`: longer than the rules allow.
 *
 * @param number - of the attempt that failed, from 1.
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

/** What the provider asks for, in milliseconds; 0 where it says nothing that can be read. */
export function retryAfterMs(answer: Pick<UpstreamAnswer, "header">, nowMs: number): number {
  const milliseconds = Number(answer.header("retry-after-ms") ?? "");
  if (milliseconds > 0) return Math.ceil(milliseconds);
  const after = answer.header("retry-after") ?? "";
  if (/^\d+(?:\.\d+)?$/.test(after)) return Math.ceil(Number(after) * 1_000);
  const date = Date.parse(after);
  return Number.isNaN(date) ? 0 : Math.max(0, date - nowMs);
}
