/**
 * Reads Anthropic's usage. Input excludes cached tokens, so the total is a sum. A stream's counts are cumulative, and
 * replace earlier ones. Cache writes have two prices, by lifetime. Compaction is counted only in iterations.
 * @module
 */
import { asList, asObject, type Json } from "../wire/stream-sights.ts";
import { Counts, NO_TOKENS, NO_USAGE, partOf, textOf, type TokenUsage, type UsageRecord } from "./usage-record.ts";

/** `undefined` if there is no input count. */
export function readAnthropicUsage(usage: Json, isFinal: boolean): UsageRecord | undefined {
  const doubts: string[] = [];
  if (new Counts(usage, doubts).get("input_tokens") === undefined) return undefined;
  const iterations = asList(usage["iterations"]).flatMap((one): readonly Json[] => {
    const iteration = asObject(one);
    return iteration === undefined ? [] : [iteration];
  });
  const typed = (type: string): readonly Json[] => iterations.filter((one) => one["type"] === type);
  const own = iterations.filter((one) => one["type"] !== "advisor_message");
  for (const { type } of own)
    if (!KNOWN_ITERATIONS.has(textOf(type))) doubts.push(`iteration ${textOf(type)} is unknown`);
  // The top level excludes compaction; with a fallback message, however, it is authoritative.
  const isSummed = own.length > 0 && typed("fallback_message").length === 0;
  const tokens = isSummed ? own.map((one) => tokensOf(one, doubts)).reduce(sum) : tokensOf(usage, doubts);
  const { web_search_requests: searches } = asObject(usage["server_tool_use"]) ?? {};
  return {
    ...NO_USAGE,
    ...tokens,
    webSearches: new Counts({ searches }, doubts).of("searches"),
    others: typed("advisor_message").map((one) => ({ model: textOf(one["model"]), usage: tokensOf(one, doubts) })),
    tier: textOf(usage["service_tier"]),
    speed: textOf(usage["speed"]),
    region: textOf(usage["inference_geo"]),
    isFinal,
    doubts,
  };
}

/** Merges a later event's counts into those of a stream so far; members that it lacks remain. */
export function withLaterUsage(before: Json, later: Json): Json {
  const said = Object.entries(later).filter(([, value]) => (value ?? null) !== null);
  return { ...before, ...Object.fromEntries(said) };
}

const KNOWN_ITERATIONS = new Set(["message", "compaction", "fallback_message"]);

function tokensOf(usage: Json, doubts: string[]): TokenUsage {
  const counts = new Counts(usage, doubts);
  const written = counts.of("cache_creation_input_tokens");
  const read = counts.of("cache_read_input_tokens");
  const split = counts.inner("cache_creation");
  const long = split.of("ephemeral_1h_input_tokens");
  const short = split.of("ephemeral_5m_input_tokens");
  if (short + long > written) doubts.push("cache_creation is larger than its total");
  // Writes beyond the split are billed too, at the price of the short lifetime.
  const cacheWriteTokens = Math.max(short, written - long);
  const outputTokens = counts.of("output_tokens");
  const reasoning = counts.inner("output_tokens_details").of("thinking_tokens");
  return {
    ...NO_TOKENS,
    inputTokens: counts.of("input_tokens") + read + cacheWriteTokens + long,
    cacheReadTokens: read,
    cacheWriteTokens,
    cacheWrite1hTokens: long,
    outputTokens,
    reasoningTokens: partOf(outputTokens, reasoning, "thinking_tokens", doubts),
  };
}

function sum(one: TokenUsage, other: TokenUsage): TokenUsage {
  const added = Object.entries(one).map(([name, count]) => [name, count + other[name as keyof TokenUsage]]);
  return Object.fromEntries(added) as TokenUsage;
}
