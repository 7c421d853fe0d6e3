/**
 * Reads the usage of OpenAI's dialects, with the variants of hosts: cache fields of DeepSeek, Mistral and Moonshot,
 * reasoning inside or outside the completion, and Groq's different location.
 * @module
 */
import { asList, asObject, type Json } from "../wire/stream-sights.ts";
import { Counts, NO_USAGE, partOf, textOf, type UsageRecord } from "./usage-record.ts";

/** The usage object of a chat completion, a chunk or an embedding, in any host's location. */
export function openaiUsageOf(json: Json): Json | undefined {
  return asObject(json["usage"]) ?? asObject(asObject(json["x_groq"])?.["usage"]);
}

/** `undefined` if there is no input count. */
export function readOpenaiUsage(usage: Json, tier: string, isFinal: boolean): UsageRecord | undefined {
  const doubts: string[] = [];
  const counts = new Counts(usage, doubts);
  const inputTokens = counts.get("prompt_tokens");
  if (inputTokens === undefined) return undefined;
  const input = counts.inner("prompt_tokens_details", "prompt_token_details");
  const output = counts.inner("completion_tokens_details");
  const reasoningTokens = output.of("reasoning_tokens");
  const cached =
    counts.get("prompt_cache_hit_tokens") ??
    input.get("cached_tokens") ??
    counts.of("num_cached_tokens", "cached_tokens");
  return {
    ...NO_USAGE,
    inputTokens,
    cacheReadTokens: partOf(inputTokens, cached, "cached_tokens", doubts),
    cacheWriteTokens: partOf(inputTokens, input.of("cache_write_tokens"), "cache_write_tokens", doubts),
    audioInputTokens: partOf(inputTokens, input.of("audio_tokens"), "audio_tokens", doubts),
    imageInputTokens: partOf(inputTokens, input.of("image_tokens"), "image_tokens", doubts),
    outputTokens: outputOf(
      inputTokens,
      counts.of("completion_tokens"),
      reasoningTokens,
      counts.get("total_tokens"),
      doubts,
    ),
    reasoningTokens,
    audioOutputTokens: output.of("audio_tokens"),
    imageOutputTokens: output.of("image_tokens"),
    ...(counts.of("prompt_audio_seconds") > 0 ? { unknownUnits: ["prompt_audio_seconds"] } : {}),
    tier: tier === "" ? textOf(usage["service_tier"]) : tier,
    isFinal,
    doubts,
  };
}

/** Usage of a response object; hosted tools are counted separately, in `tool_usage`. */
export function readResponseUsage(response: Json): UsageRecord | undefined {
  const usage = asObject(response["usage"]);
  const doubts: string[] = [];
  const counts = new Counts(usage, doubts);
  const inputTokens = counts.get("input_tokens");
  if (usage === undefined || inputTokens === undefined) return undefined;
  const input = counts.inner("input_tokens_details");
  const reasoningTokens = counts.inner("output_tokens_details").of("reasoning_tokens");
  const written = partOf(inputTokens, input.of("cache_write_tokens"), "cache_write_tokens", doubts);
  const longer = input.inner("cache_write_tokens_details").of("ttl_12h_tokens");
  const cacheWrite12hTokens = partOf(written, longer, "ttl_12h_tokens", doubts);
  const tools = asObject(response["tool_usage"]) ?? {};
  return {
    ...NO_USAGE,
    inputTokens,
    cacheReadTokens: partOf(inputTokens, input.of("cached_tokens"), "cached_tokens", doubts),
    cacheWriteTokens: written - cacheWrite12hTokens,
    cacheWrite12hTokens,
    outputTokens: outputOf(
      inputTokens,
      counts.of("output_tokens"),
      reasoningTokens,
      counts.get("total_tokens"),
      doubts,
    ),
    reasoningTokens,
    webSearches: new Counts(tools["web_search"], doubts).of("num_requests"),
    unknownUnits: Object.entries(tools)
      .filter(([name, tool]) => name !== "web_search" && hasCount(tool))
      .map(([name]) => name),
    tier: textOf(response["service_tier"]),
    doubts,
  };
}

/**
 * Most hosts include reasoning in the completion, some do not; the total shows which. If neither matches, the larger count
 * is used and reported as a doubt.
 */
function outputOf(
  input: number,
  completion: number,
  reasoning: number,
  total: number | undefined,
  doubts: string[],
): number {
  const beyond = total === undefined ? 0 : total - input - completion;
  if (beyond === 0) return completion;
  if (beyond !== reasoning) doubts.push("total_tokens is not the sum of its parts");
  return completion + Math.max(0, beyond);
}

function hasCount(value: unknown): boolean {
  if (typeof value === "number") return value > 0;
  return [...asList(value), ...Object.values(asObject(value) ?? {})].some(hasCount);
}
