import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { wholeAsStream } from "../../src/translate/whole-stream.ts";
import { usageOfAnswer, usageReader } from "../../src/usage/usage-reader.ts";
import type { WireDialect } from "../../src/wire/dialect.ts";
import { asList, asObject, type Json } from "../../src/wire/stream-sights.ts";
import { hasRecordings, recordedAnswers, recordedFiles } from "../wire/recorded-wire.ts";
import { chatOf, dataOf, faultsOf, messageOf } from "./assembled.ts";

/** The response that OpenAI's own helper assembles. */
async function responseOf(text: string): Promise<OpenAI.Responses.Response> {
  const client = new OpenAI({
    apiKey: "k",
    maxRetries: 0,
    fetch: async () => new Response(text, { headers: { "content-type": "text/event-stream" } }),
  });
  return client.responses.stream({ model: "m", input: "x" }).finalResponse() as Promise<OpenAI.Responses.Response>;
}

const files = hasRecordings ? recordedFiles() : new Map<string, string>();
const answers = (dialect: WireDialect, member: string): readonly (readonly [string, Json])[] =>
  recordedAnswers(files).flatMap((one): (readonly [string, Json])[] => {
    const json = asObject(one.json);
    return one.dialect === dialect && json?.[member] !== undefined ? [[one.name, json]] : [];
  });

describe("a whole answer, written as a stream,", () => {
  test("of two choices ends each of them, and counts once at the end", () => {
    const message = { role: "assistant", content: "x" };
    const choices = [0, 1].map((index) => ({ index, message, finish_reason: "stop" }));
    const answer = {
      id: "1",
      model: "m",
      object: "chat.completion",
      choices,
      usage: { prompt_tokens: 1, completion_tokens: 2 },
    };
    const events = dataOf(wholeAsStream("openai-chat", answer, true));
    const reasons = events.flatMap(({ choices: list }) => asList(list).map((one) => asObject(one)?.["finish_reason"]));
    expect(reasons).toEqual([null, "stop", null, "stop"]);
    expect(events.map(({ usage }) => usage)).toEqual([null, null, null, null, answer.usage]);
    expect(wholeAsStream("openai-chat", answer, false)).not.toContain("usage");
  });

  // Skipped where the data sets are missing; CALYBRIS_DATA names their folder.
  test.skipIf(!hasRecordings)("is what the official clients put together again", async () => {
    let count = 0;
    for (const [name, answer] of answers("openai-chat", "choices")) {
      const text = wholeAsStream("openai-chat", answer, true);
      const { choices } = await chatOf(text);
      const [wanted] = asList(answer["choices"]).map((one) => asObject(asObject(one)?.["message"]) ?? {});
      // The helper takes texts only; Mistral's lists of them pass as they are.
      if (typeof wanted?.["content"] === "string") expect(choices[0]?.message.content, name).toBe(wanted["content"]);
      expect(asList(choices[0]?.message.tool_calls).length, name).toBe(asList(wanted?.["tool_calls"]).length);
      const reader = usageReader("openai-chat");
      for (const event of dataOf(text)) reader.see(event);
      expect(reader.record(), name).toEqual(usageOfAnswer("openai-chat", answer));
      count += 1;
    }
    for (const [name, answer] of answers("anthropic-messages", "content")) {
      if (answer["type"] !== "message") continue;
      const text = wholeAsStream("anthropic-messages", answer, true);
      expect(faultsOf(text), name).toEqual([]);
      const { content, stop_reason: stop, usage } = await messageOf(text);
      expect([content, stop], name).toEqual([answer["content"], answer["stop_reason"]]);
      expect(usage.output_tokens, name).toBe(asObject(answer["usage"])?.["output_tokens"]);
      count += 1;
    }
    for (const [name, answer] of answers("openai-responses", "output")) {
      if (answer["object"] !== "response") continue;
      const text = wholeAsStream("openai-responses", answer, true);
      const events = dataOf(text);
      expect(
        events.map(({ sequence_number: number }) => number),
        name,
      ).toEqual(events.map((_event, index) => index));
      const { output, status } = await responseOf(text);
      expect([output.map(({ type }) => type), status], name).toEqual([
        asList(answer["output"]).map((item) => asObject(item)?.["type"]),
        answer["status"],
      ]);
      count += 1;
    }
    expect(count).toBe(262);
  });
});
