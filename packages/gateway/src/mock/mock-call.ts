/**
 * One call to the mock provider, planned completely before anything is sent: the answer's text and all counts depend only on
 * the seed and the request, streamed or not.
 * @module
 */
import { hash } from "node:crypto";
import { textOf } from "../usage/usage-record.ts";
import type { AnswerDialect } from "../wire/dialect.ts";
import { asList, asObject, type Json } from "../wire/stream-sights.ts";
import type { MockFaults } from "./faults.ts";
import { type MockPrompt, readPrompt, tokenPieces, tokensOf } from "./prompt.ts";
import { schemaInstance } from "./schema-instance.ts";

/** The billed counts. Input includes its parts, output includes reasoning. */
export interface MockCounts {
  readonly inputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  /** The part of the input that hosted tools have read; only Google counts it separately. */
  readonly hostedTokens?: number;
}

export interface MockCall {
  readonly dialect: AnswerDialect;
  readonly model: string;
  readonly isStreamed: boolean;
  /** Whether a chat stream has a usage chunk. */
  readonly isUsageAsked: boolean;
  readonly body: Json;
  /** One per choice; the arguments for a tool call. */
  readonly texts: readonly string[];
  readonly tool: string | undefined;
  readonly isTruncated: boolean;
  /** The part that Google refused for safety. */
  readonly safety?: "prompt" | "answer";
  readonly counts: MockCounts;
  /** Draws from the call's own random sequence: 0 to `limit` - 1. */
  readonly random: (limit: number) => number;
}

/** The ID and the time of an answer. */
export interface MockIdentity {
  readonly requestId: string;
  readonly createdSeconds: number;
}

/** An event of a stream, with the output generated up to it. */
export interface MockEvent {
  readonly text: string;
  /** `finish` ends the output, with its reason and usage; `end` only ends the stream. */
  readonly stage: "start" | "piece" | "finish" | "end";
  readonly outputTokens: number;
}

const CHOICES_MAX = 8;
const CACHE_STEP_TOKENS = 128;
const CACHED_TOKENS_MIN = 1_024;
const HOSTED_TOKENS_MAX = 500;

/** A digest of the members that determine an answer. Members that a gateway adds do not change it. */
export function promptDigest(seed: number, body: Json): string {
  const { model, messages, system, input, instructions, tools } = body;
  return hash("sha256", JSON.stringify([seed, model, messages, system, input, instructions, tools]), "hex");
}

/** @param isHosted - whether the request includes a hosted tool. */
export function planCall(
  dialect: AnswerDialect,
  body: Json,
  faults: MockFaults,
  digest: string,
  isHosted = false,
): MockCall {
  const random = generator(Number.parseInt(digest.slice(0, 8), 16));
  const read = readPrompt(dialect, body);
  const prompt = faults.input === undefined ? read : { ...read, inputTokens: faults.input, prefixTokens: 0 };
  const model = textOf(body["model"]);
  const base = { dialect, model, body, random, isStreamed: body["stream"] === true, isUsageAsked: isUsageAsked(body) };
  const hostedTokens = isHosted ? 1 + random(HOSTED_TOKENS_MAX) : 0;
  const input = {
    ...cacheCounts(dialect, prompt),
    inputTokens: prompt.inputTokens + hostedTokens,
    ...(hostedTokens === 0 ? {} : { hostedTokens }),
  };
  if (dialect === "openai-embeddings") {
    const counts = {
      inputTokens: prompt.inputTokens,
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
      outputTokens: 0,
      reasoningTokens: 0,
    };
    return { ...base, isStreamed: false, texts: [], tool: undefined, isTruncated: false, counts };
  }
  const limit = outputLimit(dialect, body);
  const reasoning =
    dialect !== "anthropic-messages" && /^(?:o\d|gpt-[5-9]|gemini-(?:2\.5|[3-9]))/.test(model) ? random(192) : 0;
  const reasoningTokens = Math.min(reasoning, limit - 1);
  const tool = toolCalled(body, faults);
  const choiceCount = dialect === "openai-chat" ? Math.min(Math.max(Number(body["n"] ?? 1), 1), CHOICES_MAX) : 1;
  const wanted = Array.from({ length: choiceCount }, () => wantedText(body, tool, faults, random));
  const texts = wanted.map((text) =>
    tokenPieces(text)
      .slice(0, limit - reasoningTokens)
      .join(""),
  );
  const outputTokens = reasoningTokens + texts.reduce((sum, text) => sum + tokensOf(text), 0);
  const isTruncated = texts.some((text, at) => text !== wanted[at]);
  const whole = {
    ...base,
    texts,
    tool: textOf(tool?.["name"]) || undefined,
    isTruncated,
    counts: { ...input, outputTokens, reasoningTokens },
  };
  const { safety } = faults;
  if (safety === undefined) return whole;
  const isBlocked = safety === "prompt";
  return { ...whole, safety, ...(isBlocked ? { counts: { ...input, outputTokens: 0, reasoningTokens: 0 } } : {}) };
}

/** A small seeded generator (mulberry32). */
function generator(seed: number): (limit: number) => number {
  let state = seed | 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

function isUsageAsked(body: Json): boolean {
  return asObject(body["stream_options"])?.["include_usage"] === true;
}

/**
 * Anthropic caches marked prefixes: the first turn writes them, later ones read them. OpenAI caches long prefixes that it
 * has seen, in steps. Here both follow from the conversation itself, so that no call depends on earlier ones.
 */
function cacheCounts(
  dialect: AnswerDialect,
  { inputTokens, prefixTokens, isContinued, hasCacheMarks }: MockPrompt,
): Pick<MockCounts, "cacheReadTokens" | "cacheWriteTokens"> {
  if (dialect === "anthropic-messages") {
    if (!hasCacheMarks) return { cacheReadTokens: 0, cacheWriteTokens: 0 };
    const cacheReadTokens = isContinued ? prefixTokens : 0;
    return { cacheReadTokens, cacheWriteTokens: Math.max(0, inputTokens - cacheReadTokens - 1) };
  }
  const isCached = isContinued && prefixTokens >= CACHED_TOKENS_MIN;
  return { cacheReadTokens: isCached ? prefixTokens - (prefixTokens % CACHE_STEP_TOKENS) : 0, cacheWriteTokens: 0 };
}

function outputLimit(dialect: AnswerDialect, body: Json): number {
  const name = dialect === "openai-responses" ? "max_output_tokens" : "max_tokens";
  const limit = Number(body["max_completion_tokens"] ?? body[name] ?? Number.MAX_SAFE_INTEGER);
  return Number.isSafeInteger(limit) && limit > 0 ? limit : Number.MAX_SAFE_INTEGER;
}

/** The tool to call, if the request forces one or asks the mock for it. */
function toolCalled(body: Json, { tool: isAsked }: MockFaults): Json | undefined {
  const choice = body["tool_choice"];
  const chosen = asObject(choice);
  const isForced = choice === "required" || ["any", "tool", "function"].includes(textOf(chosen?.["type"]));
  if (!isForced && isAsked !== true) return undefined;
  const tools = asList(body["tools"]).map((tool) => asObject(asObject(tool)?.["function"]) ?? asObject(tool) ?? {});
  const named = textOf(asObject(chosen?.["function"])?.["name"]) || textOf(chosen?.["name"]);
  return tools.find(({ name }) => (named === "" ? textOf(name) !== "" : name === named));
}

function wantedText(body: Json, tool: Json | undefined, faults: MockFaults, random: (limit: number) => number): string {
  if (tool !== undefined) return JSON.stringify(schemaInstance(tool["parameters"] ?? tool["input_schema"], "mock"));
  const format = asObject(body["response_format"]) ?? asObject(asObject(body["text"])?.["format"]);
  const wanted = format ?? asObject(asObject(body["output_config"])?.["format"]);
  const schema = asObject(wanted?.["json_schema"])?.["schema"] ?? wanted?.["schema"];
  if (schema !== undefined) return JSON.stringify(schemaInstance(schema, "mock"));
  if (wanted?.["type"] === "json_object") return JSON.stringify({ answer: "mock" });
  return prose(faults.output ?? 24 + random(176), random);
}

const WORDS =
  "the answer of a mock is text with no meaning but its length which is what tests count and bills are made of".split(
    " ",
  );

/** Text of exactly this many tokens. */
function prose(tokens: number, random: (limit: number) => number): string {
  if (tokens === 0) return "";
  let text = "Mock";
  while (text.length < tokens * 4) text += ` ${WORDS[random(WORDS.length)] ?? ""}`;
  return `${text.slice(0, tokens * 4 - 1)}.`;
}
