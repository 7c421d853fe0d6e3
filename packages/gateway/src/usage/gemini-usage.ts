/**
 * Reads Google's usage. Thoughts are counted apart from candidates, tokens that hosted tools read apart from the prompt; the
 * prompt includes cached tokens. In a stream, each chunk has cumulative counts.
 * @module
 */
import { asList, asObject, type Json } from "../wire/stream-sights.ts";
import { Counts, NO_USAGE, partOf, textOf, type UsageRecord } from "./usage-record.ts";

/** @param webSearches - from {@link billableQueries}, over all chunks. */
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
  const ofModality = (modality: string, ...lists: readonly string[]): number =>
    lists.flatMap((name) => asList(usage[name])).reduce<number>((sum, one) => sum + countOf(one, modality, doubts), 0);
  return {
    ...NO_USAGE,
    inputTokens,
    cacheReadTokens: partOf(prompt, counts.of("cachedContentTokenCount"), "cachedContentTokenCount", doubts),
    audioInputTokens: ofModality("AUDIO", ...INPUT_DETAILS),
    audioCacheReadTokens: ofModality("AUDIO", "cacheTokensDetails"),
    // Document pages are billed as images.
    imageInputTokens: ofModality("IMAGE", ...INPUT_DETAILS) + ofModality("DOCUMENT", ...INPUT_DETAILS),
    videoInputTokens: ofModality("VIDEO", ...INPUT_DETAILS),
    outputTokens: counted + Math.max(0, beyond),
    reasoningTokens,
    audioOutputTokens: ofModality("AUDIO", "candidatesTokensDetails"),
    imageOutputTokens: ofModality("IMAGE", "candidatesTokensDetails"),
    webSearches,
    tier: tierOf(usage),
    isFinal,
    doubts,
  };
}

/** The reason that a prompt was refused before it reached the model; empty if it was not. */
export function blockReasonOf(json: Json): string {
  const reason = textOf(asObject(json["promptFeedback"])?.["blockReason"]);
  return reason.endsWith("_UNSPECIFIED") ? "" : reason;
}

/** Whether this chunk ends the answer. A refused prompt has no candidate, and is billed. */
export function isFinished(json: Json): boolean {
  const isBlocked = blockReasonOf(json) !== "";
  return isBlocked || asList(json["candidates"]).some((one) => typeof asObject(one)?.["finishReason"] === "string");
}

/** The queries of grounding in one chunk. */
export function queriesOf(json: Json): readonly string[] {
  return asList(json["candidates"]).flatMap((candidate) => {
    const { webSearchQueries } = asObject(asObject(candidate)?.["groundingMetadata"]) ?? {};
    return asList(webSearchQueries).map(textOf);
  });
}

/** Gemini 3 bills each distinct query; earlier models bill each prompt with a search once. */
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

/** Vertex has been seen to send the second form, without the plural. */
const INPUT_DETAILS = ["promptTokensDetails", "promptTokenDetails", "toolUsePromptTokensDetails"];

function countOf(detail: unknown, modality: string, doubts: string[]): number {
  return asObject(detail)?.["modality"] === modality ? new Counts(detail, doubts).of("tokenCount") : 0;
}
