import { describe, expect, test } from "vitest";
import { NO_TOKENS, NO_USAGE, type UsageRecord } from "../../src/usage/usage-record.ts";
import { usageOfAnswer, usageReader } from "../../src/usage/usage-reader.ts";
import type { AnswerDialect } from "../../src/wire/dialect.ts";
import { StreamPass } from "../../src/wire/stream-pass.ts";
import type { Json } from "../../src/wire/stream-sights.ts";
import { asSse, hasRecordings, recordedAnswers, recordedFiles, recordedStreams } from "../wire/recorded-wire.ts";
import { RECORDED_USAGES, shortName } from "./recorded-usages.ts";

const read = (dialect: AnswerDialect, ...events: readonly Json[]): UsageRecord | undefined => {
  const reader = usageReader(dialect);
  for (const event of events) reader.see(event);
  return reader.record();
};
const chat = (usage: Json, rest: Json = {}): UsageRecord | undefined =>
  usageOfAnswer("openai-chat", { usage, ...rest });
const message = (usage: Json): UsageRecord | undefined =>
  usageOfAnswer("anthropic-messages", { type: "message", usage });
const gemini = (usageMetadata: Json, rest: Json = {}): UsageRecord | undefined =>
  usageOfAnswer("gemini", { usageMetadata, ...rest });

describe("a chat completion's usage", () => {
  test("is what the host counts, its details as parts", () => {
    const details = { cached_tokens: 256, cache_write_tokens: 20, audio_tokens: 3, image_tokens: 9, text_tokens: 1 };
    const usage = { prompt_tokens: 287, completion_tokens: 8, total_tokens: 295, prompt_tokens_details: details };
    expect(chat(usage, { service_tier: "default" })).toEqual({
      ...NO_USAGE,
      inputTokens: 287,
      cacheReadTokens: 256,
      cacheWriteTokens: 20,
      audioInputTokens: 3,
      imageInputTokens: 9,
      outputTokens: 8,
      tier: "default",
    });
  });

  test.each([
    ["a part of the completion", { completion_tokens: 482, total_tokens: 500 }, 448, 482, 0],
    ["beside the completion", { completion_tokens: 1_499, total_tokens: 4_326 }, 2_809, 4_308, 1],
    ["a part, where no total is given", { completion_tokens: 482 }, 448, 482, 0],
    ["a part, where the total is too small", { completion_tokens: 482, total_tokens: 400 }, 448, 482, 1],
    ["the whole of it, and the total says more", { completion_tokens: 10, total_tokens: 128 }, 10, 110, 1],
    ["zero, and the total says more", { completion_tokens: 10, total_tokens: 128 }, 0, 110, 1],
  ])("counts reasoning that is %s", (name, counts, reasoning, output, doubts) => {
    const usage = { prompt_tokens: 18, ...counts, completion_tokens_details: { reasoning_tokens: reasoning } };
    const record = chat(usage);
    expect([record?.outputTokens, record?.reasoningTokens]).toEqual([output, reasoning]);
    expect(record?.doubts.length).toBe(name === "beside the completion" ? 0 : doubts);
  });

  test.each([
    ["DeepSeek", { prompt_cache_hit_tokens: 21_600, prompt_cache_miss_tokens: 14_500 }],
    ["Mistral", { num_cached_tokens: 21_600 }],
    ["Mistral, misspelt", { prompt_token_details: { cached_tokens: 21_600 } }],
    ["Moonshot", { cached_tokens: 21_600 }],
    ["OpenAI", { prompt_tokens_details: { cached_tokens: 21_600 } }],
  ])("is read from the cache fields of %s", (_host, fields) => {
    const usage = { prompt_tokens: 36_100, completion_tokens: 5, total_tokens: 36_105, ...fields };
    expect(chat(usage)).toMatchObject({ inputTokens: 36_100, cacheReadTokens: 21_600, outputTokens: 5, doubts: [] });
  });

  test("is found where Groq puts it, and in an embedding without completion tokens", () => {
    const usage = { prompt_tokens: 4, total_tokens: 4 };
    expect(read("openai-chat", { x_groq: { usage } })).toMatchObject({ inputTokens: 4, outputTokens: 0 });
    expect(usageOfAnswer("openai-embeddings", { object: "list", usage })).toMatchObject({
      inputTokens: 4,
      outputTokens: 0,
    });
  });

  test("is the last one, where a host counts on every chunk, and final once the answer has ended", () => {
    const chunk = (completion: number, reason: string | null): Json => ({
      choices: [{ index: 0, delta: {}, finish_reason: reason }],
      usage: { prompt_tokens: 9, completion_tokens: completion, total_tokens: 9 + completion },
    });
    expect(read("openai-chat", chunk(1, null), chunk(2, null))).toMatchObject({ outputTokens: 2, isFinal: false });
    expect(read("openai-chat", chunk(1, null), chunk(3, "stop"))).toMatchObject({ outputTokens: 3, isFinal: true });
  });

  test("says the tier that served it, and what it cannot count", () => {
    const usage = {
      prompt_tokens: 1,
      completion_tokens: 1,
      total_tokens: 2,
      service_tier: "flex",
      prompt_audio_seconds: 7,
    };
    expect(chat(usage)).toMatchObject({ tier: "flex", unknownUnits: ["prompt_audio_seconds"] });
    expect(chat(usage, { service_tier: "priority" })?.tier).toBe("priority");
  });

  test.each([
    [{}],
    [{ completion_tokens: 4 }],
    [{ prompt_tokens: -1 }],
    [{ prompt_tokens: "9" }],
    [{ prompt_tokens: 1.5 }],
  ])("that lacks a count of the input, as %j does, is no usage", (usage) => {
    expect(chat(usage)).toBeUndefined();
  });

  test("in which a part is larger than the whole takes the whole, and says so", () => {
    const usage = {
      prompt_tokens: 5,
      completion_tokens: 1,
      total_tokens: 6,
      prompt_tokens_details: { cached_tokens: 9 },
    };
    expect(chat(usage)).toMatchObject({ cacheReadTokens: 5, doubts: ["cached_tokens is larger than its total"] });
  });
});

describe("a response's usage", () => {
  test("holds writes to the cache by their time, billable searches, and tools that it has no count for", () => {
    const response = {
      usage: {
        input_tokens: 10_000,
        input_tokens_details: {
          cached_tokens: 1_000,
          cache_write_tokens: 7_000,
          cache_write_tokens_details: { ttl_30m_tokens: 5_000, ttl_12h_tokens: 2_000 },
        },
        output_tokens: 50,
        output_tokens_details: { reasoning_tokens: 20 },
        total_tokens: 10_050,
      },
      tool_usage: {
        web_search: { num_requests: 2 },
        image_gen: { input_tokens: 0, output_tokens: 272 },
        idle: { calls: 0 },
      },
      service_tier: "priority",
    };
    expect(read("openai-responses", { type: "response.completed", response })).toEqual({
      ...NO_USAGE,
      inputTokens: 10_000,
      cacheReadTokens: 1_000,
      cacheWriteTokens: 5_000,
      cacheWrite12hTokens: 2_000,
      outputTokens: 50,
      reasoningTokens: 20,
      webSearches: 2,
      unknownUnits: ["image_gen"],
      tier: "priority",
    });
  });
});

describe("a message's usage", () => {
  const start = (usage: Json): Json => ({ type: "message_start", message: { usage } });
  const delta = (usage: Json): Json => ({ type: "message_delta", delta: {}, usage });

  test("is cumulative in a stream: later counts replace those before, and what they do not say stays", () => {
    const split = { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 5 };
    const first = {
      input_tokens: 25,
      cache_creation_input_tokens: 15,
      cache_creation: split,
      output_tokens: 1,
      service_tier: "standard",
    };
    expect(read("anthropic-messages", start(first), delta({ output_tokens: 15, input_tokens: null }))).toMatchObject({
      inputTokens: 40,
      cacheWriteTokens: 10,
      cacheWrite1hTokens: 5,
      outputTokens: 15,
      tier: "standard",
      isFinal: true,
    });
    expect(
      read(
        "anthropic-messages",
        start({ input_tokens: 0, output_tokens: 0 }),
        delta({ input_tokens: 61, output_tokens: 2 }),
      ),
    ).toMatchObject({ inputTokens: 61, outputTokens: 2 });
  });

  test("of a stream that was cut has its input, and is not final", () => {
    expect(read("anthropic-messages", start({ input_tokens: 25, output_tokens: 1 }))).toMatchObject({
      inputTokens: 25,
      isFinal: false,
    });
  });

  test.each([
    [7_000, { ephemeral_5m_input_tokens: 1_000, ephemeral_1h_input_tokens: 6_000 }, 1_000, 6_000, 0],
    [5_000, { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 3_000 }, 2_000, 3_000, 0],
    [5_000, undefined, 5_000, 0, 0],
    [0, { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 20 }, 100, 20, 1],
  ])("of %i tokens written and split as %j bills all of them once", (total, split, short, long, doubts) => {
    const record = message({
      input_tokens: 10,
      cache_read_input_tokens: 7,
      cache_creation_input_tokens: total,
      cache_creation: split,
      output_tokens: 1,
    });
    expect(record).toMatchObject({
      inputTokens: 17 + short + long,
      cacheReadTokens: 7,
      cacheWriteTokens: short,
      cacheWrite1hTokens: long,
    });
    expect(record?.doubts.length).toBe(doubts);
  });

  test("sums the iterations of a compaction, which the top level leaves out, and keeps the advisor's apart", () => {
    const iterations = [
      { type: "compaction", input_tokens: 180_000, output_tokens: 3_500, cache_read_input_tokens: 5 },
      { type: "message", input_tokens: 23_000, output_tokens: 1_000 },
      { type: "advisor_message", model: "claude-opus-4-7", input_tokens: 2_728, output_tokens: 874 },
    ];
    expect(message({ input_tokens: 23_000, output_tokens: 1_000, iterations })).toMatchObject({
      inputTokens: 203_005,
      cacheReadTokens: 5,
      outputTokens: 4_500,
      others: [{ model: "claude-opus-4-7", usage: { ...NO_TOKENS, inputTokens: 2_728, outputTokens: 874 } }],
      doubts: [],
    });
  });

  test("takes the top level beside a fallback message, and counts an iteration of an unknown type with a doubt", () => {
    const iterations = [
      { type: "message", input_tokens: 5, output_tokens: 5 },
      { type: "fallback_message", input_tokens: 9, output_tokens: 9 },
    ];
    expect(message({ input_tokens: 9, output_tokens: 9, iterations })).toMatchObject({
      inputTokens: 9,
      outputTokens: 9,
    });
    const unknown = [
      { type: "message", input_tokens: 5, output_tokens: 5 },
      { type: "brand_new", input_tokens: 7, output_tokens: 1 },
    ];
    expect(message({ input_tokens: 5, output_tokens: 5, iterations: unknown })).toMatchObject({
      inputTokens: 12,
      doubts: ["iteration brand_new is unknown"],
    });
  });

  test("has searches, speed, region and thinking", () => {
    const usage = {
      input_tokens: 9_025,
      output_tokens: 40,
      output_tokens_details: { thinking_tokens: 30 },
      server_tool_use: { web_search_requests: 2, web_fetch_requests: 1 },
      speed: "fast",
      inference_geo: "us",
      service_tier: "priority",
    };
    expect(message(usage)).toMatchObject({
      webSearches: 2,
      reasoningTokens: 30,
      speed: "fast",
      region: "us",
      tier: "priority",
    });
  });
});

describe("Google's usage", () => {
  const usage = {
    promptTokenCount: 324,
    candidatesTokenCount: 1_364,
    thoughtsTokenCount: 495,
    toolUsePromptTokenCount: 100,
    cachedContentTokenCount: 24,
    totalTokenCount: 2_283,
  };

  test("adds thoughts to the output and what tools read to the input; the cached part is inside", () => {
    expect(gemini(usage)).toMatchObject({
      inputTokens: 424,
      cacheReadTokens: 24,
      outputTokens: 1_859,
      reasoningTokens: 495,
      doubts: [],
    });
  });

  test("bills what the total has and the parts lack, with a doubt", () => {
    expect(gemini({ ...usage, totalTokenCount: 2_300 })).toMatchObject({
      outputTokens: 1_876,
      doubts: [expect.stringContaining("totalTokenCount")],
    });
  });

  test("counts audio and images apart, and names the tier that served", () => {
    const details = {
      promptTokensDetails: [
        { modality: "TEXT", tokenCount: 24 },
        { modality: "AUDIO", tokenCount: 300 },
      ],
      cacheTokensDetails: [{ modality: "AUDIO", tokenCount: 20 }],
      candidatesTokensDetails: [{ modality: "IMAGE", tokenCount: 1_290 }],
      trafficType: "ON_DEMAND_FLEX",
    };
    expect(gemini({ ...usage, ...details })).toMatchObject({
      audioInputTokens: 300,
      audioCacheReadTokens: 20,
      imageOutputTokens: 1_290,
      tier: "flex",
    });
  });

  test.each([
    ["gemini-2.5-flash", 1],
    ["gemini-3-pro-preview", 2],
    ["gemini-3.5-pro", 2],
    ["gemini-4", 2],
  ])("of %s with two distinct queries bills %i", (modelVersion, searches) => {
    const candidates = (queries: readonly string[]): Json => ({
      candidates: [{ groundingMetadata: { webSearchQueries: queries } }],
    });
    const events = [
      { modelVersion, ...candidates(["a", "b"]) },
      { usageMetadata: usage, ...candidates(["a"]) },
    ];
    expect(read("gemini", ...events)?.webSearches).toBe(searches);
  });
});

// Skipped where the data sets are missing; CALYBRIS_DATA names their folder.
describe.skipIf(!hasRecordings)("the recordings", () => {
  const files = hasRecordings ? recordedFiles() : new Map<string, string>();

  test("have the usages of the table, read from the events as they pass", () => {
    const rows = recordedStreams(files).map((stream) => {
      const reader = usageReader(stream.dialect);
      if (stream.dialect === "gemini") for (const event of stream.events) reader.see(JSON.parse(event) as Json);
      else {
        const pass = new StreamPass({
          dialect: stream.dialect,
          isUsageHidden: false,
          see: ({ json }) => reader.see(json),
        });
        pass.push(asSse(stream));
      }
      const usage = reader.record();
      if (usage === undefined) return `${shortName(stream.name)} none`;
      expect([usage.doubts, usage.isFinal], stream.name).toEqual([[], true]);
      const {
        inputTokens,
        cacheReadTokens,
        cacheWriteTokens,
        cacheWrite1hTokens,
        outputTokens,
        reasoningTokens,
        webSearches,
        tier,
      } = usage;
      const counts = [
        inputTokens,
        cacheReadTokens,
        cacheWriteTokens,
        cacheWrite1hTokens,
        outputTokens,
        reasoningTokens,
        webSearches,
      ];
      return [shortName(stream.name), ...counts, tier].join(" ").trimEnd();
    });
    expect(rows.sort()).toEqual(RECORDED_USAGES.trim().split("\n").sort());
  });

  test("that were not streamed all have usage without a doubt, unless they are errors", () => {
    const answers = recordedAnswers(files).filter(({ json }) => !Array.isArray(json) && !("error" in (json as object)));
    expect(answers.length).toBeGreaterThan(150);
    for (const { name, dialect, json } of answers)
      expect(usageOfAnswer(dialect, json as Json)?.doubts, name).toEqual([]);
  });
});
