/**
 * Usage as Google counts it: thoughts are beside the candidates, what hosted tools read is beside the prompt, and what was
 * cached is inside it. In a stream each chunk has all counts so far.
 * @module
 */
import { asList, asObject, type Json } from "../wire/stream-sights.ts";
import { Counts, NO_USAGE, partOf, textOf, type UsageRecord } from "./usage-record.ts";

/** @param webSearches - as {@link billableQueries} counts them over all chunks. */
export function readGeminiUsage(usage: Json, webSearches: number, isFinal: boolean): UsageRecord | undefined {
  const doubts: string[] = [];
  const counts = new Counts(usage, doubts);
  const prompt = counts.get("promptTokenCount");
  if (prompt === undefined) return undefined;
  const inputTokens = prompt + counts.of("toolUsePromptTokenCount");
  const reasoningTokens = counts.of("thoughtsTokenCount");
  const counted = counts.of("candidatesTokenCount") + reasoningTokens;
  const beyond = (counts.get("totalTokenCount") ?? inputTokens + counted) - inputTokens - counted;
  if (beyond !== 0) doubts.push("totalTokenCount is not the sum of its parts");
  const audio = (...lists: readonly string[]): number =>
    lists.flatMap((name) => asList(usage[name])).reduce<number>((total, one) => total + audioOf(one, doubts), 0);
  return {
    ...NO_USAGE,
    inputTokens,
    cacheReadTokens: partOf(prompt, counts.of("cachedContentTokenCount"), "cachedContentTokenCount", doubts),
    audioInputTokens: audio("promptTokensDetails", "promptTokenDetails", "toolUsePromptTokensDetails"),
    audioCacheReadTokens: audio("cacheTokensDetails"),
    outputTokens: counted + Math.max(0, beyond),
    reasoningTokens,
    audioOutputTokens: audio("candidatesTokensDetails"),
    imageOutputTokens: asList(usage["candidatesTokensDetails"]).reduce<number>(
      (total, one) => total + modalityOf(one, "IMAGE", doubts),
      0,
    ),
    webSearches,
    tier: tierOf(usage),
    isFinal,
    doubts,
  };
}

/** Queries that grounding ran, of one chunk. */
export function queriesOf(json: Json): readonly string[] {
  return asList(json["candidates"]).flatMap((candidate) => {
    const { webSearchQueries } = asObject(asObject(candidate)?.["groundingMetadata"]) ?? {};
    return asList(webSearchQueries).map(textOf);
  });
}

/** Gemini 3 bills each distinct query; models before it bill a prompt that searched. */
export function billableQueries(modelVersion: string, queries: ReadonlySet<string>): number {
  return /^gemini-[12]\b/.test(modelVersion) ? Math.min(1, queries.size) : queries.size;
}

const TIERS: ReadonlyMap<string, string> = new Map([
  ["ON_DEMAND", "standard"],
  ["ON_DEMAND_PRIORITY", "priority"],
  ["ON_DEMAND_FLEX", "flex"],
  ["ON_DEMAND_OFFPEAK", "offpeak"],
  ["PROVISIONED_THROUGHPUT", "provisioned"],
]);

function tierOf(usage: Json): string {
  const traffic = textOf(usage["trafficType"]);
  return TIERS.get(traffic) ?? (traffic === "" ? textOf(usage["serviceTier"]) : traffic.toLowerCase());
}

function audioOf(detail: unknown, doubts: string[]): number {
  return modalityOf(detail, "AUDIO", doubts);
}

function modalityOf(detail: unknown, wanted: string, doubts: string[]): number {
  return asObject(detail)?.["modality"] === wanted ? new Counts(detail, doubts).of("tokenCount") : 0;
}
