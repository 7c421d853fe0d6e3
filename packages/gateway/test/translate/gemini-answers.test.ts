import { describe, expect, test } from "vitest";
import { type AnswerRoute, answerIn, streamIn } from "../../src/translate/answer-routes.ts";
import { parseExact } from "../../src/translate/exact-parse.ts";
import { responseBase } from "../../src/translate/response-parts.ts";
import type { StreamTranslation, TranslationEnd } from "../../src/translate/stream-translation.ts";
import { usageOfAnswer, usageReader } from "../../src/usage/usage-reader.ts";
import type { WireDialect } from "../../src/wire/dialect.ts";
import { SseScanner } from "../../src/wire/sse-scanner.ts";
import { asList, type Json } from "../../src/wire/stream-sights.ts";
import { asSse, hasRecordings, recordedAnswers, recordedFiles, recordedStreams } from "../wire/recorded-wire.ts";
import { bytewise } from "../wire/sdk-decoders.ts";
import { chatOf, dataOf, faultsOf, messageOf } from "./assembled.ts";
import { hasSchema, openaiSchema } from "./openai-schema.ts";

const USAGE = { promptTokenCount: 10, candidatesTokenCount: 4, thoughtsTokenCount: 6, totalTokenCount: 20 };
const answer = (parts: readonly Json[], finishReason: string | undefined, more: Json = {}): Json => ({
  candidates: [
    { content: { role: "model", parts }, ...(finishReason === undefined ? {} : { finishReason }), index: 0 },
  ],
  usageMetadata: USAGE,
  modelVersion: "gemini-2.5-pro",
  responseId: "r1",
  ...more,
});
const calls = [
  { functionCall: { name: "f", args: { a: 1 } }, thoughtSignature: "c2ln" },
  { functionCall: { name: "f", args: { a: 1 } } },
  { functionCall: { name: "g", id: "own" } },
];

const route = (to: WireDialect): AnswerRoute => ({
  from: "gemini",
  to,
  createdSeconds: 7,
  base: () => responseBase({ model: "m" }),
});
interface Streamed extends TranslationEnd {
  readonly all: string;
}
const streamed = (to: WireDialect): StreamTranslation =>
  streamIn({ ...route(to), isUsageAsked: true, inputTokensEstimate: 9 });
function run(to: WireDialect, events: readonly Json[]): Streamed {
  const translation = streamed(to);
  const texts = events.map((event) => translation.push(event));
  const end = translation.end();
  return { ...end, all: texts.join("") + end.text };
}
const chat = (one: Json): unknown => {
  const said = answerIn(route("openai-chat"), one);
  return "problem" in said ? said.problem : asList(said.answer["choices"])[0];
};

describe("an answer of Google's", () => {
  test("is a chat completion whose reasoning is inside its output", () => {
    expect(answerIn(route("openai-chat"), answer([{ text: "a" }, { text: "b" }], "STOP"))).toEqual({
      answer: {
        id: "chatcmpl-r1",
        object: "chat.completion",
        created: 7,
        model: "gemini-2.5-pro",
        choices: [
          {
            index: 0,
            message: { role: "assistant", content: "ab", refusal: null },
            logprobs: null,
            finish_reason: "stop",
          },
        ],
        usage: {
          prompt_tokens: 10,
          completion_tokens: 10,
          total_tokens: 20,
          prompt_tokens_details: { cached_tokens: 0 },
          completion_tokens_details: { reasoning_tokens: 6 },
        },
      },
      doubts: [],
    });
  });

  test("gives equal calls ids of their own, the same whether it is streamed or not", async () => {
    const whole = chat(answer(calls, "STOP")) as { readonly finish_reason: string; readonly message: Json };
    const ids = (list: unknown): readonly unknown[] => asList(list).map((one) => (one as Json)["id"]);
    const first = ids(whole.message["tool_calls"]);
    expect([whole.finish_reason, new Set(first).size, first[2]]).toEqual(["tool_calls", 3, "own"]);
    expect(first.every((id) => /^[a-zA-Z0-9_-]{1,40}$/.test(String(id)))).toBe(true);
    const { all, outcome } = run("openai-chat", [answer(calls.slice(0, 1), undefined), answer(calls.slice(1), "STOP")]);
    const { choices, usage } = await chatOf(all);
    expect([outcome, ids(choices[0]?.message.tool_calls), choices[0]?.finish_reason]).toEqual([
      "complete",
      first,
      "tool_calls",
    ]);
    expect(choices[0]?.message.tool_calls?.map((one) => "function" in one && one.function.arguments)).toEqual([
      '{"a":1}',
      '{"a":1}',
      "{}",
    ]);
    expect(usage?.completion_tokens).toBe(10);
    const other = chat(answer(calls, "STOP", { responseId: "r2" })) as { readonly message: Json };
    expect(ids(other.message["tool_calls"]).slice(0, 2)).not.toEqual(first.slice(0, 2));
  });

  test("carries its signatures to both kinds of clients", async () => {
    const { message } = chat(answer(calls, "STOP")) as { readonly message: Json };
    const extras = asList(message["tool_calls"]).map((one) => (one as Json)["extra_content"]);
    expect(extras).toEqual([{ google: { thought_signature: "c2ln" } }, undefined, undefined]);
    const said = answerIn(route("anthropic-messages"), answer(calls, "STOP")) as { readonly answer: Json };
    const { all } = run("anthropic-messages", [answer([{ text: "Hm." }, ...calls], "STOP")]);
    expect(faultsOf(all)).toEqual([]);
    const { content, stop_reason: stop } = await messageOf(all);
    expect(stop).toBe("tool_use");
    expect(content.map(({ type }) => type)).toEqual(["text", "redacted_thinking", "tool_use", "tool_use", "tool_use"]);
    expect(content.slice(1)).toEqual(said.answer["content"]);
  });

  test("keeps integers of 64 bits in arguments", () => {
    const text =
      '{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"id":18446744073709551615}}}]},"finishReason":"STOP"}]}';
    const json = parseExact(text) as Json;
    expect(JSON.stringify(chat(json))).toContain('{\\"id\\":18446744073709551615}');
    expect(run("openai-chat", [json]).all).toContain('{\\"id\\":18446744073709551615}');
    const said = answerIn(route("anthropic-messages"), json);
    expect(JSON.stringify(said)).toContain('"input":{"id":18446744073709551615}');
  });

  test("leaves thoughts out", () => {
    expect(
      chat(
        answer(
          [
            { text: "hm", thought: true },
            { text: "yes", thoughtSignature: "c2ln" },
          ],
          "STOP",
        ),
      ),
    ).toHaveProperty("message.content", "yes");
  });

  test.each([
    ["STOP", "stop", "end_turn"],
    ["MAX_TOKENS", "length", "max_tokens"],
    ["CONTINUATION", "length", "max_tokens"],
    ["SAFETY", "content_filter", "refusal"],
    ["RECITATION", "content_filter", "refusal"],
    ["LANGUAGE", "content_filter", "refusal"],
    ["BLOCKLIST", "content_filter", "refusal"],
    ["PROHIBITED_CONTENT", "content_filter", "refusal"],
    ["SPII", "content_filter", "refusal"],
    ["MODEL_ARMOR", "content_filter", "refusal"],
    ["OTHER", "length", "max_tokens"],
    ["OF_TOMORROW", "length", "max_tokens"],
  ])("that ended with %s ends with %s or %s", (reason, finish, stop) => {
    const one = answer([{ text: "x" }], reason);
    expect(chat(one)).toHaveProperty("finish_reason", finish);
    expect(answerIn(route("anthropic-messages"), one)).toHaveProperty("answer.stop_reason", stop);
    expect(run("openai-chat", [one]).all).toContain(`"finish_reason":"${finish}"`);
    expect(run("anthropic-messages", [one]).all).toContain(`"stop_reason":"${stop}"`);
  });

  test.each([
    ["a call that the model wrote wrongly", answer([], "MALFORMED_FUNCTION_CALL")],
    ["a missing signature", answer([], "MISSING_THOUGHT_SIGNATURE")],
    ["an image", answer([{ inlineData: { mimeType: "image/png", data: "QQ==" } }], "STOP")],
    ["code that it ran", answer([{ executableCode: { code: "1" } }], "STOP")],
    ["a part of tomorrow", answer([{ brandNew: {} }], "STOP")],
    ["a call in pieces", answer([{ functionCall: { name: "f", willContinue: true, partialArgs: [] } }], "STOP")],
    ["two candidates", { ...answer([], "STOP"), candidates: [{}, {}] }],
  ])("is a failure where no client could use it: %s", (_name, one) => {
    for (const to of ["openai-chat", "anthropic-messages"] as const) {
      expect(answerIn(route(to), one)).toHaveProperty("problem");
      const { outcome, all } = run(to, [answer([{ text: "x" }], undefined), one]);
      expect([outcome, dataOf(all).at(-1)?.["error"] !== undefined]).toEqual(["failed", true]);
      expect(all).not.toContain("[DONE]");
    }
  });

  test("to a prompt that was refused has no text, and its input is billed", () => {
    const refused = {
      promptFeedback: { blockReason: "OTHER" },
      usageMetadata: { promptTokenCount: 8, totalTokenCount: 8 },
    };
    expect(chat(refused)).toEqual({
      index: 0,
      message: { role: "assistant", content: null, refusal: null },
      logprobs: null,
      finish_reason: "content_filter",
    });
    const { outcome, usage, all } = run("anthropic-messages", [refused]);
    expect([outcome, usage?.isFinal, usage?.inputTokens, usage?.outputTokens]).toEqual(["complete", true, 8, 0]);
    expect(all).toContain('"stop_reason":"refusal"');
  });

  test("that names no reason to refuse the prompt is an answer", () => {
    const feedback = { promptFeedback: { blockReason: "BLOCKED_REASON_UNSPECIFIED" } };
    expect(chat(answer([{ text: "x" }], "STOP", feedback))).toHaveProperty("finish_reason", "stop");
    expect(run("openai-chat", [answer([{ text: "x" }], undefined, feedback)]).outcome).toBe("cut");
  });

  test("without an end is a failure, and a stream that is cut ends with an error", () => {
    expect(chat(answer([{ text: "x" }], undefined))).toBe("the answer has no end");
    for (const to of ["openai-chat", "anthropic-messages"] as const) {
      const { outcome, all, usage } = run(to, [answer([{ text: "x" }], undefined)]);
      expect([outcome, usage?.isFinal]).toEqual(["cut", false]);
      expect(dataOf(all).at(-1)).toHaveProperty("error");
    }
  });

  test("that breaks off with an error of Google's ends with one of the client's", () => {
    const error = { error: { code: 503, message: "overloaded", status: "UNAVAILABLE" } };
    const { outcome, all } = run("anthropic-messages", [answer([{ text: "x" }], undefined), error, answer([], "STOP")]);
    expect([outcome, dataOf(all).at(-1)]).toEqual([
      "failed",
      { type: "error", error: { type: "unavailable", message: "overloaded" } },
    ]);
  });
});

const files = hasRecordings ? recordedFiles() : new Map<string, string>();

// Skipped where the data sets are missing; CALYBRIS_DATA names their folder.
describe.skipIf(!hasRecordings || !hasSchema)("what Google was recorded to answer", () => {
  const judge = hasSchema ? openaiSchema() : () => "no schema";
  const streams = recordedStreams(files).filter(({ dialect }) => dialect === "gemini");
  const eventsOf = (events: readonly string[]): readonly Json[] => events.map((event) => parseExact(event) as Json);

  test("is a chat completion by OpenAI's own schema, with the usage that the reader reads, or fails by name", () => {
    const problems = new Map<string, number>();
    let accepted = 0;
    for (const { name, dialect, json } of recordedAnswers(files)) {
      if (dialect !== "gemini" || (json as Json)["candidates"] === undefined) continue;
      const said = answerIn(route("openai-chat"), json as Json);
      if ("problem" in said) problems.set(said.problem, (problems.get(said.problem) ?? 0) + 1);
      else {
        accepted += 1;
        expect(judge("answer", said.answer), name).toBe("");
        const usage = usageOfAnswer("gemini", json as Json);
        const again = usageOfAnswer("openai-chat", said.answer);
        expect([again?.inputTokens, again?.outputTokens, again?.cacheReadTokens, again?.reasoningTokens], name).toEqual(
          [usage?.inputTokens, usage?.outputTokens, usage?.cacheReadTokens, usage?.reasoningTokens],
        );
      }
    }
    expect({ accepted, ...Object.fromEntries(problems) }).toEqual({
      accepted: 58,
      "the answer ended with NO_IMAGE": 1,
      "the answer holds a part of type executableCode": 1,
      "the answer holds a part of type inlineData": 2,
    });
  });

  test("streams as chunks by the same schema and as well-formed messages, with the usage of the last chunk", () => {
    const outcomes = new Map<string, number>();
    for (const { name, events } of streams) {
      const toChat = run("openai-chat", eventsOf(events));
      for (const data of dataOf(toChat.all))
        expect(judge(data["error"] === undefined ? "chunk" : "error", data), name).toBe("");
      const toMessages = run("anthropic-messages", eventsOf(events));
      expect(toMessages.outcome, name).toBe(toChat.outcome);
      if (toMessages.outcome === "complete") expect(faultsOf(toMessages.all), name).toEqual([]);
      const reader = usageReader("gemini");
      for (const event of eventsOf(events)) reader.see(event);
      expect(toMessages.usage, name).toEqual(reader.record());
      const { error } = dataOf(toChat.all).at(-1) as { readonly error?: { readonly message: string } };
      const end = error?.message ?? toChat.outcome;
      outcomes.set(end, (outcomes.get(end) ?? 0) + 1);
    }
    expect(Object.fromEntries(outcomes)).toEqual({
      complete: 59,
      "The answer ended with NO_IMAGE.": 1,
      "the answer holds a call of a tool in pieces": 2,
      "the answer holds a part of type inlineData": 3,
    });
  });

  test.each(["openai-chat", "anthropic-messages", "openai-responses"] as const)(
    "is the same in every cut for %s, and cut anywhere it ends with an error or as a whole",
    (to) => {
      const isError = (data: Json | undefined): boolean =>
        data?.["error"] !== undefined || data?.["type"] === "response.failed";
      for (const one of streams.filter(({ events }) => events.join("").length < 1_200)) {
        const bytes = asSse(one);
        const through = (pieces: readonly Buffer[]): Streamed => {
          const scanner = new SseScanner();
          const translation = streamed(to);
          const blocks = pieces.flatMap((piece) => scanner.push(piece));
          const last = scanner.end();
          const texts = [...blocks, ...(last === undefined ? [] : [last])].map((block) => {
            const json = block.json(parseExact);
            return json === undefined ? "" : translation.push(json as Json);
          });
          const end = translation.end();
          return { ...end, all: texts.join("") + end.text };
        };
        const whole = through([bytes]);
        expect(through(bytewise(bytes)), one.name).toEqual(whole);
        for (let at = 0; at < bytes.byteLength; at += 11) {
          const { outcome, all } = through([bytes.subarray(0, at)]);
          const isHonest = outcome === "complete" ? all === whole.all : isError(dataOf(all).at(-1));
          expect(isHonest, `${one.name} at ${at}`).toBe(true);
        }
      }
    },
  );
});
