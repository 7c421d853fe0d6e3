/**
 * Writes a usage record in each dialect. Totals are equal; dialects differ in which counts include which.
 * @module
 */
import type { UsageRecord } from "../usage/usage-record.ts";
import type { Json } from "../wire/stream-sights.ts";

export function chatUsage(usage: UsageRecord): Json {
  const { inputTokens, outputTokens, cacheReadTokens, reasoningTokens } = usage;
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: cacheReadTokens },
    completion_tokens_details: { reasoning_tokens: reasoningTokens },
  };
}

/** Input excludes tokens read from a cache or written to one. */
export function messagesUsage(usage: UsageRecord): Json {
  const written = usage.cacheWriteTokens + usage.cacheWrite1hTokens + usage.cacheWrite12hTokens;
  return {
    input_tokens: usage.inputTokens - usage.cacheReadTokens - written,
    cache_creation_input_tokens: written,
    cache_read_input_tokens: usage.cacheReadTokens,
    output_tokens: usage.outputTokens,
  };
}
