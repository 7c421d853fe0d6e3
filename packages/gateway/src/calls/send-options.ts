/**
 * What every send to a provider has in common.
 * @module
 */
import type { Config } from "../config/config.ts";
import type { RequestHeaders } from "../http/exchange.ts";
import type { CallTimeouts } from "../providers/call-deadlines.ts";

export function timeoutsOf({ calls }: Pick<Config, "calls">): CallTimeouts {
  const { connectMs, headMs, firstTokenMs, streamIdleMs, totalMs } = calls;
  return { connectMs, headMs, firstTokenMs, idleMs: streamIdleMs, totalMs };
}

/** Name and value in turns; a header that came several times is left out. */
export function pairsOf(headers: RequestHeaders): readonly string[] {
  return Object.entries(headers).flatMap(([name, value]) => (typeof value === "string" ? [name, value] : []));
}
