import { describe, expect, test } from "vitest";
import { chatAnswer, messagesAnswer } from "../../src/translate/answers.ts";
import type { Json } from "../../src/wire/stream-sights.ts";
import { hasRecordings, recordedAnswers, recordedFiles } from "../wire/recorded-wire.ts";

const message = (more: Json): Json => ({
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "claude",
  content: [{ type: "text", text: "ok" }],
  stop_reason: "end_turn",
  usage: { input_tokens: 30, cache_read_input_tokens: 10, output_tokens: 2 },
  ...more,
});
const completion = (inner: Json, finish_reason: string, more: Json = {}): Json => ({
  id: "c1",
  model: "gpt",
  choices: [{ index: 0, message: { role: "assistant", content: "ok", refusal: null, ...inner }, finish_reason }],
  usage: { prompt_tokens: 30, completion_tokens: 2, total_tokens: 32, prompt_tokens_details: { cached_tokens: 10 } },
  ...more,
});

describe("a message, said as a chat completion", () => {
  test("has every member that OpenAI's schema requires", () => {
    expect(chatAnswer(message({}), 7)).toEqual({
      answer: {
        id: "msg_1",
        object: "chat.completion",
        created: 7,
        model: "claude",
        choices: [
          {
            index: 0,
            message: { role: "assistant", content: "ok", refusal: null },
            logprobs: null,
            finish_reason: "stop",
          },
        ],
        usage: {
          prompt_tokens: 40,
          completion_tokens: 2,
          total_tokens: 42,
          prompt_tokens_details: { cached_tokens: 10 },
          completion_tokens_details: { reasoning_tokens: 0 },
        },
      },
      doubts: [],
    });
  });

  test("has calls of tools without text beside them as content null, and thinking not at all", () => {
    const content = [
      { type: "thinking", thinking: "hm", signature: "s" },
      { type: "tool_use", id: "t", name: "f", input: { x: [1, null] } },
    ];
    expect(chatAnswer(message({ content, stop_reason: "tool_use" }), 7)).toMatchObject({
      answer: {
        choices: [
          {
            finish_reason: "tool_calls",
            message: {
              content: null,
              tool_calls: [{ id: "t", type: "function", function: { name: "f", arguments: '{"x":[1,null]}' } }],
            },
          },
        ],
      },
    });
  });

  test.each([
    ["end_turn", "stop", 0],
    ["stop_sequence", "stop", 0],
    ["max_tokens", "length", 0],
    ["tool_use", "tool_calls", 0],
    ["refusal", "content_filter", 0],
    ["model_context_window_exceeded", "length", 0],
    ["brand_new", "length", 1],
  ])("that stopped with %s finishes with %s", (stop_reason, finish_reason, doubts) => {
    const translated = chatAnswer(message({ stop_reason }), 7);
    expect(translated).toMatchObject({ answer: { choices: [{ finish_reason }] } });
    expect("doubts" in translated && translated.doubts.length).toBe(doubts);
  });

  test.each([
    [{ stop_reason: "pause_turn" }, "pause_turn"],
    [{ stop_reason: "compaction" }, "compaction"],
    [{ content: [{ type: "server_tool_use" }] }, "server_tool_use"],
  ])("with %j is a problem that is named", (more, name) => {
    expect(chatAnswer(message(more), 7)).toEqual({ problem: expect.stringContaining(name) });
  });
});

describe("a chat completion, said as a message", () => {
  test("has text, calls of tools and a usage without what was cached", () => {
    const tool_calls = [
      { id: "a", type: "function", function: { name: "f", arguments: '{"x":1}' } },
      { id: "b", type: "function", function: { name: "g", arguments: "" } },
    ];
    expect(messagesAnswer(completion({ tool_calls }, "tool_calls"))).toEqual({
      answer: {
        id: "c1",
        type: "message",
        role: "assistant",
        model: "gpt",
        content: [
          { type: "text", text: "ok" },
          { type: "tool_use", id: "a", name: "f", input: { x: 1 } },
          { type: "tool_use", id: "b", name: "g", input: {} },
        ],
        stop_reason: "tool_use",
        stop_sequence: null,
        usage: { input_tokens: 20, cache_creation_input_tokens: 0, cache_read_input_tokens: 10, output_tokens: 2 },
      },
      doubts: [],
    });
  });

  test("of a refusal is one; of an empty text it has no block", () => {
    expect(messagesAnswer(completion({ content: null, refusal: "no" }, "stop"))).toMatchObject({
      answer: { stop_reason: "refusal", content: [{ type: "text", text: "no" }] },
    });
    expect(messagesAnswer(completion({ content: "" }, "length"))).toMatchObject({
      answer: { stop_reason: "max_tokens", content: [] },
    });
    expect(messagesAnswer(completion({}, "eos"))).toMatchObject({
      answer: { stop_reason: "max_tokens" },
      doubts: ["finish_reason eos is unknown"],
    });
  });

  test.each([
    [completion({ tool_calls: [{ id: "a", function: { name: "f", arguments: '{"x":' } }] }, "length"), "arguments"],
    [completion({ content: [{ type: "image" }] }, "stop"), "content"],
    [completion({}, "function_call"), "function_call"],
    [{ choices: [] }, "0 choices"],
    [{ ...completion({}, "stop"), choices: [{ message: {} }, { message: {} }] }, "2 choices"],
  ])("that cannot be said is a problem that is named", (given, name) => {
    expect(messagesAnswer(given as Json)).toEqual({ problem: expect.stringContaining(name) });
  });
});

// Skipped where the data sets are missing; CALYBRIS_DATA names their folder.
describe.skipIf(!hasRecordings)("recorded answers", () => {
  test("are said in the other dialect with the same totals, or have a problem that is named", () => {
    const tally = new Map<string, number>();
    for (const { name, dialect, json } of recordedAnswers(recordedFiles())) {
      const given = json as Json;
      const isMessage = dialect === "anthropic-messages" && given["type"] === "message";
      if (!isMessage && (dialect !== "openai-chat" || given["choices"] === undefined)) continue;
      const translated = isMessage ? chatAnswer(given, 7) : messagesAnswer(given);
      const kind = `${dialect} ${"answer" in translated ? "answer" : "problem"}`;
      tally.set(kind, (tally.get(kind) ?? 0) + 1);
      if (!("answer" in translated)) continue;
      // Said back, the words are the same.
      const back = isMessage ? messagesAnswer(translated.answer) : chatAnswer(translated.answer, 7);
      expect("answer" in back, name).toBe(true);
    }
    // Problems: hosted tools and compaction of Anthropic's, and two choices of OpenAI's.
    expect(Object.fromEntries(tally)).toEqual({
      "anthropic-messages answer": 86,
      "anthropic-messages problem": 14,
      "openai-chat answer": 80,
      "openai-chat problem": 2,
    });
  });
});
