import { describe, expect, test } from "vitest";
import type { WireDialect } from "../../src/wire/dialect.ts";
import { StreamPass, type StreamPassOptions } from "../../src/wire/stream-pass.ts";
import type { Json } from "../../src/wire/stream-sights.ts";
import { bytewise, decodedByAnthropic, decodedByOpenai } from "./sdk-decoders.ts";

interface Passed {
  readonly text: string;
  readonly outcome: string;
  readonly seen: readonly Json[];
  readonly pass: StreamPass;
}

function run(
  dialect: WireDialect,
  pieces: readonly (string | Buffer)[],
  options: Partial<StreamPassOptions> = {},
): Passed {
  const seen: Json[] = [];
  const pass = new StreamPass({ dialect, isUsageHidden: false, see: ({ json }) => seen.push(json), ...options });
  const passed = pieces.map((piece) => pass.push(Buffer.from(piece)));
  const { outcome, bytes } = pass.end();
  return { text: Buffer.concat([...passed, bytes]).toString(), outcome, seen, pass };
}

const chunk = (rest: object): string =>
  `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", ...rest })}\n\n`;
const word = (content: string): string =>
  chunk({ choices: [{ index: 0, delta: { content }, finish_reason: null }], usage: null });
const finish = (index = 0): string => chunk({ choices: [{ index, delta: {}, finish_reason: "stop" }], usage: null });
const usage = { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10 };
const usageChunk = chunk({ choices: [], usage });
const DONE = "data: [DONE]\n\n";

describe("the usage chunk that only the gateway asked for", () => {
  const hidden = { isUsageHidden: true };

  test("is left out and nothing else, with any line ends and at any cut", () => {
    for (const lineEnd of ["\n", "\r\n", "\r"]) {
      const write = (...blocks: string[]): Buffer => Buffer.from(blocks.join("").replaceAll("\n", lineEnd));
      const given = write(": hello\n\n", word("ok"), finish(), usageChunk, DONE);
      const wanted = write(": hello\n\n", word("ok"), finish(), DONE).toString();
      expect(run("openai-chat", bytewise(given), hidden)).toMatchObject({ text: wanted, outcome: "complete" });
      for (let at = 0; at <= given.byteLength; at += 1) {
        const { text, seen } = run("openai-chat", [given.subarray(0, at), given.subarray(at)], hidden);
        expect(text, `cut at ${at}`).toBe(wanted);
        expect(seen.map((json) => json["usage"]).filter((one) => (one ?? null) !== null)).toEqual([usage]);
      }
    }
  });

  test("stays where the client asked for it", () => {
    const text = word("ok") + finish() + usageChunk + DONE;
    expect(run("openai-chat", [text]).text).toBe(text);
  });

  test.each([
    ["without choices", chunk({ usage })],
    ["beside an empty delta", chunk({ choices: [{ index: 0, delta: {} }], usage })],
    ["with padding and a tier", chunk({ choices: [], usage, obfuscation: "xx", service_tier: "default" })],
  ])("is left out %s", (_name, given) => {
    expect(run("openai-chat", [word("ok") + finish() + given + DONE], hidden).text).toBe(word("ok") + finish() + DONE);
  });

  test.each([
    ["an error", chunk({ choices: [], usage, error: { message: "no" } })],
    ["a moderation", chunk({ choices: [], usage, moderation: {} })],
    ["a text", chunk({ choices: [{ index: 0, delta: { content: "x" } }], usage })],
    ["a finish reason", chunk({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }], usage })],
    ["no usage", chunk({ choices: [], prompt_filter_results: [] })],
  ])("is not a chunk with %s", (_name, given) => {
    expect(run("openai-chat", [word("ok") + finish() + given + DONE], hidden).text).toContain(given);
  });
});

describe("a stream of chat completions", () => {
  test.each([
    ["finished and closed", word("ok") + finish() + DONE, ""],
    ["finished without [DONE]", word("ok") + finish(), DONE],
    ["finished, its last event without a blank line", word("ok") + finish().trimEnd(), `\n\n${DONE}`],
    ["finished, its last event without half of the blank line", word("ok") + finish().slice(0, -1), `\n${DONE}`],
    ["closed without a blank line", word("ok") + finish() + DONE.trimEnd(), "\n\n"],
    ["finished, with a comment behind", `${word("ok") + finish() + DONE}: bye\n`, ""],
    ["finished, with blank lines behind", `${word("ok") + finish() + DONE}\n\r\n`, ""],
    ["finished and cut within a later event", word("ok") + finish() + usageChunk.slice(0, 30), DONE],
  ])("that is %s is complete", (_name, given, added) => {
    const { text, outcome } = run("openai-chat", [given]);
    expect(outcome).toBe("complete");
    const whole = given.endsWith(usageChunk.slice(0, 30)) ? given.slice(0, -30) : given;
    expect(text).toBe(whole + added);
  });

  test.each([
    ["before a finish reason", word("half"), word("half")],
    ["within an event", word("half") + word("lost").slice(0, 40), word("half")],
    ["within a character", Buffer.from(word("half") + word("北京")).subarray(0, -50), word("half")],
    ["within a line end", word("half").slice(0, -1), word("half")],
    ["where [DONE] comes without a finish reason", word("half") + DONE, word("half")],
    ["before its first event", "", ""],
  ])("that is cut %s ends with an error that the SDK throws, and without [DONE]", async (_name, given, kept) => {
    const { text, outcome } = run("openai-chat", [given]);
    expect(outcome).toBe("cut");
    expect(text.slice(0, kept.length)).toBe(kept);
    const messages = await decodedByOpenai([Buffer.from(text)]);
    expect(JSON.parse(messages.at(-1)?.data ?? "")).toEqual({
      error: {
        message: expect.stringContaining("ended the stream"),
        type: "api_error",
        param: null,
        code: "stream_cut",
      },
    });
    expect(text).not.toContain("[DONE]");
  });

  test("of two choices is complete when both are finished, or when the provider closes it", () => {
    const two = { choiceCount: 2 };
    expect(run("openai-chat", [word("a") + finish(0)], two).outcome).toBe("cut");
    expect(run("openai-chat", [word("a") + finish(0) + finish(1)], two).outcome).toBe("complete");
    expect(run("openai-chat", [word("a") + finish(0) + DONE], two).outcome).toBe("complete");
  });

  test("that the provider ends with an error has failed, and gets no second one", () => {
    for (const error of [
      'data: {"error":{"message":"busy","type":"server_error"}}\n\n',
      'event: error\ndata: {"message":"busy"}\n\n',
    ]) {
      const { text, outcome, pass } = run("openai-chat", [word("half") + error]);
      expect([text, outcome, pass.error?.["message"]]).toEqual([word("half") + error, "failed", "busy"]);
    }
  });

  test("is not taken for finished by a text that speaks of it", () => {
    const { outcome, seen } = run("openai-chat", [word('"finish_reason":"stop","usage":{"prompt_tokens":1}')]);
    expect([outcome, seen]).toEqual(["cut", []]);
  });

  test("is read where its JSON is written on several lines", () => {
    const given = `data: {"choices":[{"index":0,"delta":{},\ndata: "finish_reason":\ndata:\ndata: "stop"}]}\n\n`;
    expect(run("openai-chat", [given]).outcome).toBe("complete");
  });
});

describe("a stream of messages", () => {
  const event = (type: string, rest: object = {}): string =>
    `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`;
  const start = event("message_start", { message: { id: "m", usage: { input_tokens: 25, output_tokens: 1 } } });
  const text = event("content_block_delta", { index: 0, delta: { type: "text_delta", text: "half" } });
  const delta = event("message_delta", { delta: { stop_reason: "end_turn" }, usage: { output_tokens: 15 } });

  test("that is cut ends with an error event that the SDK throws, and without message_stop", async () => {
    const { text: passed, outcome, seen } = run("anthropic-messages", [start + text]);
    expect(outcome).toBe("cut");
    expect(seen.map((json) => json["type"])).toEqual(["message_start"]);
    const last = (await decodedByAnthropic([Buffer.from(passed)])).at(-1);
    expect([last?.event, JSON.parse(last?.data ?? "")]).toEqual([
      "error",
      { type: "error", error: { type: "api_error", message: expect.any(String) } },
    ]);
    expect(passed.startsWith(start + text)).toBe(true);
  });

  test("with a stop reason is complete, and gets the message_stop that it lacks", () => {
    const stop = 'event: message_stop\ndata: {"type":"message_stop"}\n\n';
    expect(run("anthropic-messages", [start + text + delta])).toMatchObject({
      outcome: "complete",
      text: start + text + delta + stop,
    });
    expect(run("anthropic-messages", [start + text + delta + stop]).text).toBe(start + text + delta + stop);
  });

  test("has begun with its first event that is no ping; an error in that place is known before anything is sent", () => {
    const pass = new StreamPass({ dialect: "anthropic-messages", isUsageHidden: false });
    pass.push(Buffer.from(`: comment\n\n${event("ping")}`));
    expect(pass.hasBegun).toBe(false);
    pass.push(Buffer.from(event("error", { error: { type: "overloaded_error", message: "Overloaded" } })));
    expect([pass.hasBegun, pass.error]).toEqual([true, { type: "overloaded_error", message: "Overloaded" }]);
    expect(pass.end()).toEqual({ outcome: "failed", bytes: Buffer.alloc(0) });
  });
});

describe("a stream of a response", () => {
  const event = (type: string, sequence_number: number, rest: object = {}): string =>
    `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number, ...rest })}\n\n`;
  const response = { id: "resp_1", object: "response", status: "in_progress", error: null, output: [], usage: null };
  const created = event("response.created", 0, { response });
  const delta = event("response.output_text.delta", 1, { delta: "half", logprobs: [] });

  test("that is cut ends with response.failed, the whole response in it and the next sequence number", async () => {
    const { text, outcome } = run("openai-responses", [created + delta]);
    expect(outcome).toBe("cut");
    const last = (await decodedByOpenai([Buffer.from(text)])).at(-1);
    expect(last?.event).toBe("response.failed");
    expect(JSON.parse(last?.data ?? "")).toEqual({
      type: "response.failed",
      sequence_number: 2,
      response: { ...response, status: "failed", error: { code: "server_error", message: expect.any(String) } },
    });
  });

  test("that is cut before it was created ends with the flat error event", () => {
    expect(run("openai-responses", [""]).text).toMatch(
      /^event: error\ndata: \{"type":"error","code":"stream_cut".*"sequence_number":0\}\n\n$/,
    );
  });

  test.each(["response.completed", "response.incomplete"])("is complete with %s", (type) => {
    const given = created + delta + event(type, 2, { response: { ...response, usage: { input_tokens: 1 } } });
    expect(run("openai-responses", [given])).toMatchObject({ text: given, outcome: "complete" });
  });

  test("that the provider fails has failed, with its own error", () => {
    const error = { code: "rate_limit_exceeded", message: "slow down" };
    const { outcome, pass } = run("openai-responses", [
      created + event("response.failed", 1, { response: { ...response, error } }),
    ]);
    expect([outcome, pass.error]).toEqual(["failed", error]);
  });
});
