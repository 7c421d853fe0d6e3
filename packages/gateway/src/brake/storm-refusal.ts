/**
 * The refusal of a client in a storm. It reads like an exhausted budget, because that is the only answer after which Claude
 * Code, Codex, opencode and both SDKs stop sending.
 * @module
 */
import type { Refusal } from "../wire/refusals.ts";
import type { StormState } from "./storm-brake.ts";

/**
 * @example
 * ```ts
 * const refusal = stormRefusal({ failedCount: 5, isStorm: true, retryAfterMs: 41_200 });
 * refusal.message; // "The same prompt was sent 5 times within a minute and never answered. It is refused for 42 s, so that repeating it costs nothing."
 * ```
 */
export function stormRefusal({ failedCount, retryAfterMs }: StormState): Refusal {
  const seconds = Math.ceil(retryAfterMs / 1_000);
  const message = `The same prompt was sent ${failedCount} times within a minute and never answered. It is refused for ${seconds} s, so that repeating it costs nothing.`;
  return { kind: "budget", reason: "storm", message };
}
