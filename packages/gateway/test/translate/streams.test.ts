import { describe, expect, test } from "vitest";
import { contentText } from "../../src/translate/chat-content.ts";
import { ChatStream } from "../../src/translate/chat-stream.ts";
import { MessagesStream } from "../../src/translate/messages-stream.ts";
import type { StreamTranslation, TranslationEnd } from "../../src/translate/stream-translation.ts";
import { usageReader } from "../../src/usage/usage-reader.ts";
import type { Json } from "../../src/wire/stream-sights.ts";
import { hasRecordings, recordedFiles, recordedStreams } from "../wire/recorded-wire.ts";
import { chatOf, dataOf, faultsOf, messageOf } from "./assembled.ts";

interface Translated extends TranslationEnd {
  readonly all: string;
}
function run(translation: StreamTranslation, events: readonly Json[]): Translated {
  const texts = events.map((event) => translation.push(event));
  const end = translation.end();
  return { ...end, all: texts.join("") + end.text };
}
const toChat = (events: readonly Json[], isUsageAsked = false): Translated =>
  run(new ChatStream({ createdSeconds: 7, isUsageAsked }), events);
const toMessages = (chunks: readonly Json[]): Translated =>
  run(new MessagesStream({ inputTokensEstimate: 11 }), chunks);

describe("a stream of messages, said as a chat completion", () => {
  const start = {
    type: "message_start",
    message: { id: "msg_1", model: "claude", usage: { input_tokens: 25, output_tokens: 1 } },
  };
  const block = (index: number, content_block: Json): Json => ({ type: "content_block_start", index, content_block });
  const delta = (index: number, inner: Json): Json => ({ type: "content_block_delta", index, delta: inner });
  const stop = (index: number): Json => ({ type: "content_block_stop", index });
  const text = (index: number, value: string): readonly Json[] => [
    block(index, { type: "text", text: "" }),
    delta(index, { type: "text_delta", text: value }),
    stop(index),
  ];
  const end = (reason: string): readonly Json[] => [
    { type: "message_delta", delta: { stop_reason: reason }, usage: { output_tokens: 30 } },
    { type: "message_stop" },
  ];

  test("has two tools under the indices 0 and 1, and {} for the one without input", async () => {
    const tool = (index: number, id: string, name: string, ...pieces: readonly string[]): readonly Json[] => [
      block(index, { type: "tool_use", id, name, input: {} }),
      ...pieces.map((piece) => delta(index, { type: "input_json_delta", partial_json: piece })),
      stop(index),
    ];
    const events = [
      start,
      { type: "ping" },
      ...text(0, "Let me see."),
      ...tool(1, "t1", "f", "", '{"x":', "1}"),
      ...tool(2, "t2", "g"),
      ...end("tool_use"),
    ];
    const { all, outcome, usage } = toChat(events, true);
    expect(outcome).toBe("complete");
    const { choices, usage: said, created, model } = await chatOf(all);
    expect([created, model, choices[0]?.finish_reason, choices[0]?.message.content]).toEqual([
      7,
      "claude",
      "tool_calls",
      "Let me see.",
    ]);
    expect(choices[0]?.message.tool_calls).toMatchObject([
      { id: "t1", type: "function", function: { name: "f", arguments: '{"x":1}' } },
      { id: "t2", function: { name: "g", arguments: "{}" } },
    ]);
    expect([usage?.inputTokens, usage?.outputTokens]).toEqual([25, 30]);
    expect(said).toMatchObject({ prompt_tokens: 25, completion_tokens: 30, total_tokens: 55 });
    expect(all.endsWith("data: [DONE]\n\n")).toBe(true);
  });

  test("shows its usage to who asked, once and without choices, and to nobody else", () => {
    const events = [start, ...text(0, "ok"), ...end("end_turn")];
    const shown = (isAsked: boolean): readonly Json[] =>
      dataOf(toChat(events, isAsked).all).filter(({ usage }) => (usage ?? null) !== null);
    expect(shown(true)).toMatchObject([{ choices: [], usage: { prompt_tokens: 25 } }]);
    expect(shown(false)).toEqual([]);
  });

  test.each([
    ["end_turn", "stop"],
    ["stop_sequence", "stop"],
    ["max_tokens", "length"],
    ["tool_use", "tool_calls"],
    ["refusal", "content_filter"],
    ["model_context_window_exceeded", "length"],
  ])("that ends with %s finishes with %s", async (reason, finish) => {
    const { all, doubts } = toChat([start, ...text(0, "x"), ...end(reason)]);
    expect([dataOf(all).at(-1)?.["choices"], doubts]).toMatchObject([[{ finish_reason: finish }], []]);
  });

  test("that ends with an unknown reason is cut short, with a doubt; one that is to go on is an error", () => {
    const unknown = toChat([start, ...text(0, "x"), ...end("brand_new")]);
    expect([unknown.outcome, unknown.doubts]).toEqual(["complete", ["stop_reason brand_new is unknown"]]);
    expect(dataOf(unknown.all).at(-1)?.["choices"]).toMatchObject([{ finish_reason: "length" }]);
    const paused = toChat([start, ...text(0, "x"), ...end("pause_turn")]);
    expect(paused.outcome).toBe("failed");
    expect(dataOf(paused.all).at(-1)).toMatchObject({ error: { code: "untranslatable" } });
    expect(paused.all).not.toContain("[DONE]");
  });

  test("ends with the provider's error and without [DONE], whatever comes behind it", () => {
    const error = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };
    const { all, outcome, usage } = toChat([start, ...text(0, "He"), error, ...text(1, "later")]);
    expect(outcome).toBe("failed");
    expect(dataOf(all).at(-1)).toEqual({
      error: { message: "Overloaded", type: "overloaded_error", param: null, code: null },
    });
    expect(all).not.toMatch(/\[DONE\]|later/);
    expect([usage?.inputTokens, usage?.isFinal]).toEqual([25, false]);
  });

  test("that is cut ends with an error that the SDK throws", async () => {
    const { all, outcome } = toChat([start, ...text(0, "half")]);
    expect(outcome).toBe("cut");
    await expect(chatOf(all)).rejects.toThrow("ended the stream");
  });

  test("with a block that has no counterpart fails, and one of thinking is not shown", () => {
    const thinking = [
      block(0, { type: "thinking", thinking: "", signature: "" }),
      delta(0, { type: "thinking_delta", thinking: "hm" }),
      delta(0, { type: "signature_delta", signature: "s" }),
      stop(0),
    ];
    expect(toChat([start, ...thinking, ...text(1, "ok"), ...end("end_turn")]).all).not.toContain("hm");
    expect(toChat([start, block(0, { type: "server_tool_use", name: "web_search" })])).toMatchObject({
      outcome: "failed",
    });
  });
});

describe("a chat completion, said as a stream of messages", () => {
  const chunk = (delta: Json, finish_reason: string | null = null): Json => ({
    id: "c1",
    model: "gpt",
    choices: [{ index: 0, delta, finish_reason }],
  });
  const tool = (index: number, rest: Json): Json => chunk({ tool_calls: [{ index, ...rest }] });
  const usage = {
    id: "c1",
    model: "gpt",
    choices: [],
    usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, prompt_tokens_details: { cached_tokens: 4 } },
  };
  const begin = (index: number, id: string, name: string): Json =>
    tool(index, { id, type: "function", function: { name, arguments: "" } });
  const more = (index: number, text: string): Json => tool(index, { function: { arguments: text } });

  test("gives each of two interleaved tools its own block, one after the other", async () => {
    const chunks = [
      chunk({ role: "assistant", content: null }),
      begin(0, "a", "f"),
      begin(1, "b", "g"),
      more(0, '{"x":'),
      more(1, '{"y":2}'),
      more(0, "1}"),
      chunk({}, "tool_calls"),
      usage,
    ];
    const { all, outcome } = toMessages(chunks);
    expect([faultsOf(all), outcome]).toEqual([[], "complete"]);
    const message = await messageOf(all);
    expect(message).toMatchObject({
      id: "c1",
      model: "gpt",
      stop_reason: "tool_use",
      content: [
        { type: "tool_use", id: "a", name: "f", input: { x: 1 } },
        { type: "tool_use", id: "b", name: "g", input: { y: 2 } },
      ],
    });
    expect(message.usage).toMatchObject({ input_tokens: 6, cache_read_input_tokens: 4, output_tokens: 5 });
    expect(dataOf(all)[0]).toMatchObject({ message: { usage: { input_tokens: 11, output_tokens: 0 } } });
  });

  test("streams the first block as it comes, and text behind a tool as a block of its own", async () => {
    const stream = new MessagesStream({ inputTokensEstimate: 1 });
    stream.push(chunk({ role: "assistant", content: "" }));
    expect(stream.push(chunk({ content: "He" }))).toContain("He");
    expect(stream.push(begin(0, "a", "f"))).toContain("content_block_stop");
    expect(stream.push(more(0, '{"x":1}'))).toContain("partial_json");
    const { all } = toMessages([
      chunk({ content: "He" }),
      begin(0, "a", "f"),
      more(0, "{}"),
      chunk({ content: "y" }),
      chunk({}, "stop"),
      usage,
    ]);
    expect(faultsOf(all)).toEqual([]);
    expect((await messageOf(all)).content.map((block) => (block.type === "text" ? block.text : block.type))).toEqual([
      "He",
      "tool_use",
      "y",
    ]);
  });

  test.each([
    ["stop", "end_turn"],
    ["length", "max_tokens"],
    ["tool_calls", "tool_use"],
    ["content_filter", "refusal"],
  ])("that finishes with %s stops with %s", async (finish, reason) => {
    const { all, doubts } = toMessages([chunk({ content: "x" }), chunk({}, finish), usage]);
    expect([(await messageOf(all)).stop_reason, doubts]).toEqual([reason, []]);
  });

  test("of a refusal is one, with its text", async () => {
    const message = await messageOf(toMessages([chunk({ refusal: "I can't" }), chunk({}, "stop")]).all);
    expect([message.stop_reason, message.content]).toMatchObject(["refusal", [{ type: "text", text: "I can't" }]]);
  });

  test("without usage says what was thought of the input, and with an unknown reason that it was cut short", async () => {
    const { all, usage: record, doubts } = toMessages([chunk({ content: "x" }, "brand_new")]);
    expect([record, doubts]).toEqual([undefined, ["finish_reason brand_new is unknown"]]);
    expect(await messageOf(all)).toMatchObject({ stop_reason: "max_tokens", usage: { input_tokens: 11 } });
  });

  test("that is cut, or that the provider fails, ends with an error that the SDK throws", async () => {
    const cut = toMessages([chunk({ content: "half" })]);
    expect(cut.outcome).toBe("cut");
    await expect(messageOf(cut.all)).rejects.toThrow("ended the stream");
    const failed = toMessages([
      chunk({ content: "half" }),
      { error: { message: "busy", type: "server_error" } },
      chunk({ content: "later" }),
    ]);
    expect(failed.outcome).toBe("failed");
    expect(failed.all).not.toContain("later");
    await expect(messageOf(failed.all)).rejects.toThrow("busy");
  });
});

// Skipped where the data sets are missing; CALYBRIS_DATA names their folder.
describe.skipIf(!hasRecordings)("recorded streams", () => {
  const streams = hasRecordings ? recordedStreams(recordedFiles()) : [];
  const events = (list: readonly string[]): readonly Json[] => list.map((event) => JSON.parse(event) as Json);

  test("of chat completions are whole messages, with the same words and the same usage", async () => {
    let count = 0;
    for (const { name, dialect, events: list } of streams) {
      if (dialect !== "openai-chat") continue;
      const { all, outcome, usage } = toMessages(events(list));
      expect([outcome, faultsOf(all)], name).toEqual(["complete", []]);
      const message = await messageOf(all);
      const words = message.content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("");
      const own = events(list).map(
        (chunk) => (chunk as { choices?: { delta?: { content?: unknown } }[] }).choices?.[0]?.delta?.content,
      );
      expect(words, name).toBe(own.map((content) => contentText(content)).join(""));
      if (usage !== undefined) expect(message.usage.output_tokens, name).toBe(usage.outputTokens);
      count += 1;
    }
    expect(count).toBe(53);
  });

  test("of messages are whole chat completions, or are refused for what they hold", async () => {
    const outcomes = new Map<string, number>();
    for (const { name, dialect, events: list } of streams) {
      if (dialect !== "anthropic-messages") continue;
      const { all, outcome } = toChat(events(list), true);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      if (outcome !== "complete") {
        const code = name.includes("spliced") ? "stream_spliced" : "untranslatable";
        expect(dataOf(all).at(-1), name).toMatchObject({ error: { code } });
        continue;
      }
      const { choices, usage } = await chatOf(all);
      const reader = usageReader(dialect);
      for (const event of events(list)) reader.see(event);
      expect([usage?.prompt_tokens, usage?.completion_tokens], name).toEqual([
        reader.record()?.inputTokens,
        reader.record()?.outputTokens,
      ]);
      // One that was cut short by its limit may hold half of a call.
      if (choices[0]?.finish_reason === "length") continue;
      for (const call of choices[0]?.message.tool_calls ?? [])
        if (call.type === "function") expect(JSON.parse(call.function.arguments), name).toBeTypeOf("object");
    }
    expect(Object.fromEntries(outcomes)).toEqual({ complete: 74, failed: 14 });
  });
});
