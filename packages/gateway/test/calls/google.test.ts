import Anthropic from "@anthropic-ai/sdk";
import { parsePolicyFile } from "@calybris/engine";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { POLICY } from "../support/running-service.ts";
import { CALL_CATALOG, type RunningGateway, startGateway } from "./running-gateway.ts";

const NAMES = ["gemini-2.5-pro", "gemini-3-pro-preview"];
const catalog = {
  ...CALL_CATALOG,
  providers: ["Google"],
  candidates: NAMES.map((name, index) => ({
    id: index + 1,
    name,
    provider: "Google",
    tier: "economy",
    qualityBps: 9_000,
    latencyP95Ms: 1_000,
    riskCeilingBps: 9_500,
    capabilities: ["chat"],
    regions: ["us"],
    inputPriceDollarsPerMillion: "2",
    outputPriceDollarsPerMillion: "12",
  })),
};

interface BillRow {
  readonly status: number;
  readonly provider: string;
  readonly usage: { readonly [name: string]: number };
  readonly cost_microcents: number;
}

let running: RunningGateway;
let openai: OpenAI;
let anthropic: Anthropic;
beforeAll(async () => {
  running = await startGateway({
    startingPolicy: () => Promise.resolve(parsePolicyFile({ ...POLICY, catalog })),
    candidates: NAMES,
  });
  const shared = { apiKey: running.keys.decide, maxRetries: 0, logLevel: "off" as const };
  openai = new OpenAI({ ...shared, baseURL: `${running.url}/v1` });
  anthropic = new Anthropic({ ...shared, baseURL: running.url });
});
afterAll(() => running.end());

const lastRow = (): BillRow => JSON.parse(running.mock.billText().trimEnd().split("\n").at(-1) ?? "") as BillRow;
const dollars = (microcents: number): string => (microcents / 1e8).toFixed(8);
const say = (content: string): { readonly role: "user"; readonly content: string }[] => [{ role: "user", content }];
const WEATHER = { type: "object" as const, properties: { city: { type: "string" } }, required: ["city"] };

test("Google counts the tokens of a message, its tools included, and nothing is billed", async () => {
  const billed = running.mock.billText();
  const body = { model: "gemini-2.5-pro", system: "Be kind.", messages: say("Say hello.") };
  const plain = await anthropic.messages.countTokens(body);
  const tools = [{ name: "weather", description: "Says the weather.", input_schema: WEATHER }];
  const more = await anthropic.messages.countTokens({ ...body, tools });
  expect(plain.input_tokens).toBeGreaterThan(0);
  expect(more.input_tokens).toBeGreaterThan(plain.input_tokens);
  expect(running.mock.billText()).toBe(billed);
});

test("a message that Google has no words for is estimated", async () => {
  const source = { type: "url" as const, url: "https://example.com/a.png" };
  const { input_tokens: count } = await anthropic.messages.countTokens({
    model: "gemini-2.5-pro",
    messages: [{ role: "user", content: [{ type: "image", source }] }],
  });
  expect(count).toBeGreaterThanOrEqual(1_000);
});

describe("a model of Google's answers", () => {
  test("a chat completion, at the price that Google bills, thoughts included", async () => {
    const { data, response } = await openai.chat.completions
      .create({ model: "gemini-2.5-pro", messages: say("Say hello.") })
      .withResponse();
    const row = lastRow();
    expect([row.status, row.provider, data.choices[0]?.finish_reason]).toEqual([200, "google", "stop"]);
    expect(row.usage["reasoning_tokens"]).toBeGreaterThan(0);
    expect(data.usage?.completion_tokens).toBe(row.usage["output_tokens"]);
    expect(response.headers.get("x-calybris-cost")).toBe(dollars(row.cost_microcents));
  });

  test("a streamed one, and a message, streamed and not", async () => {
    const stream = openai.chat.completions.stream({
      model: "gemini-2.5-pro",
      messages: say("Say hello."),
      stream_options: { include_usage: true },
    });
    const { usage } = await stream.finalChatCompletion();
    expect(usage?.completion_tokens).toBe(lastRow().usage["output_tokens"]);
    const message = await anthropic.messages.create({ model: "gemini-2.5-pro", max_tokens: 900, messages: say("Hi.") });
    const streamed = await anthropic.messages
      .stream({ model: "gemini-2.5-pro", max_tokens: 900, messages: say("Hi.") })
      .finalMessage();
    expect(streamed.content).toEqual(message.content);
    expect(streamed.usage.output_tokens).toBe(lastRow().usage["output_tokens"]);
    expect(message.stop_reason).toBe("end_turn");
  });

  test("with calls of tools whose signatures come back from the official clients", async () => {
    const model = "gemini-3-pro-preview";
    const tools = [{ type: "function" as const, function: { name: "weather", parameters: WEATHER } }];
    const question = say("Which weather?");
    const first = await openai.chat.completions
      .stream({ model, messages: question, tools, tool_choice: "required" })
      .finalChatCompletion();
    const called = first.choices[0]?.message;
    const id = called?.tool_calls?.[0]?.id ?? "";
    const result = { role: "tool" as const, tool_call_id: id, content: "sunny" };
    const second = await openai.chat.completions.create({
      model,
      messages: [...question, { role: "assistant", content: null, tool_calls: called?.tool_calls ?? [] }, result],
      tools,
    });
    expect(second.choices[0]?.finish_reason).toBe("stop");

    const own = [{ name: "weather", input_schema: WEATHER }];
    const asked = await anthropic.messages
      .stream({ model, max_tokens: 900, messages: question, tools: own, tool_choice: { type: "any" } })
      .finalMessage();
    expect(asked.content.map(({ type }) => type)).toEqual(["redacted_thinking", "tool_use"]);
    const use = asked.content.find((block) => block.type === "tool_use");
    const answered = await anthropic.messages.create({
      model,
      max_tokens: 900,
      messages: [
        ...question,
        { role: "assistant", content: asked.content },
        { role: "user", content: [{ type: "tool_result", tool_use_id: use?.id ?? "", content: "sunny" }] },
      ],
      tools: own,
    });
    expect(answered.stop_reason).toBe("end_turn");
  });

  test.each(["prompt", "answer"])(
    "to what it refuses for its safety (%s) with a refusal, which costs what it used",
    async (where) => {
      const messages = say(`[[mock: safety=${where}]]`);
      const { data, response } = await openai.chat.completions
        .create({ model: "gemini-2.5-pro", messages })
        .withResponse();
      expect(data.choices[0]?.finish_reason).toBe("content_filter");
      expect(response.headers.get("x-calybris-cost")).toBe(dollars(lastRow().cost_microcents));
      const message = await anthropic.messages
        .stream({ model: "gemini-2.5-pro", max_tokens: 900, messages })
        .finalMessage();
      expect(message.stop_reason).toBe("refusal");
      expect(lastRow().usage["output_tokens"] === 0).toBe(where === "prompt");
    },
  );

  test("with its errors in the client's words, and the wait that only its body has", async () => {
    const busy = { model: "gemini-2.5-pro", messages: say("[[mock: status=429 retry-after=7]]") };
    const limited = await openai.chat.completions
      .create(busy)
      .catch((error: unknown) => error as InstanceType<typeof OpenAI.APIError>);
    expect(limited).toMatchObject({ status: 429, type: "rate_limit_error" });
    expect((limited as InstanceType<typeof OpenAI.APIError>).headers?.get("retry-after")).toBe("7");
    const wrong = await anthropic.messages
      .create({ model: "gemini-2.5-pro", max_tokens: 9, messages: say("[[mock: status=400]]") })
      .catch((error: unknown) => error as InstanceType<typeof Anthropic.APIError>);
    expect(wrong).toMatchObject({ status: 400, type: "invalid_request_error" });
    const cut = anthropic.messages.stream({
      model: "gemini-2.5-pro",
      max_tokens: 900,
      messages: say("[[mock: cut=before-usage output=40]]"),
    });
    await expect(cut.finalMessage()).rejects.toThrow("The provider ended the stream before the answer was complete.");
  });

  test("no call whose fields it has no word for", async () => {
    const asked = openai.chat.completions.create({ model: "gemini-2.5-pro", messages: say("Hi."), logprobs: true });
    await expect(asked).rejects.toMatchObject({ status: 400, message: expect.stringContaining("logprobs") as string });
  });
});
