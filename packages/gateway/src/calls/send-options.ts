/**
 * Options shared by all requests to providers.
 * @module
 */
import type { Config } from "../config/config.ts";
import type { RequestHeaders } from "../http/exchange.ts";
import type { CallTimeouts } from "../providers/call-deadlines.ts";
import { REQUEST_HEADERS } from "../wire/header-lists.ts";

export function timeoutsOf({ calls }: Pick<Config, "calls">): CallTimeouts {
  const { connectMs, headMs, firstTokenMs, streamIdleMs, totalMs } = calls;
  return { connectMs, headMs, firstTokenMs, idleMs: streamIdleMs, totalMs };
}

/** Headers that some provider is sent. */
const SENT_NAMES: readonly string[] = [...new Set(Object.values(REQUEST_HEADERS).flatMap(({ names }) => names))];

/** The client's headers that may be sent to a provider, names and values alternating. Repeated headers are left out. */
export function pairsOf(headers: RequestHeaders): readonly string[] {
  const pairs: string[] = [];
  for (const name of SENT_NAMES) {
    const value = headers[name];
    if (typeof value === "string") pairs.push(name, value);
  }
  return pairs;
}
