import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { costOf } from "../../src/prices/call-cost.ts";
import { pricesAt } from "../../src/prices/model-prices.ts";
import { usageReader } from "../../src/usage/usage-reader.ts";
import type { WireDialect } from "../../src/wire/dialect.ts";
import { SseScanner } from "../../src/wire/sse-scanner.ts";
import type { Json } from "../../src/wire/stream-sights.ts";
import { hasSchema, openaiSchema } from "../translate/openai-schema.ts";
import { type RunningMock, rowsOf, runningMock } from "./running-mock.ts";

let running: RunningMock;
beforeAll(async () => {
  running = await runningMock();
});
afterAll(() => running[Symbol.asyncDispose]());

const HELLO = [{ role: "user" as const, content: "Say hello." }];
const TOOL_SCHEMA = {
  type: "object" as const,
  properties: { city: { type: "string" }, days: { type: "integer" }, unit: { enum: ["c", "f"] } },
  required: ["city", "days", "unit"],
};

/** A body of each kind that the mock answers in other words. */
const BODIES: readonly (readonly [string, WireDialect, string, Json])[] = [
  ["a chat completion", "openai-chat", "/v1/chat/completions", { model: "gpt-4.1-mini", messages: HELLO }],
  ["two choices", "openai-chat", "/v1/chat/completions", { model: "gpt-4.1-mini", messages: HELLO, n: 2 }],
  ["a truncated one", "openai-chat", "/v1/chat/completions", { model: "gpt-4.1", messages: HELLO, max_tokens: 3 }],
  ["a reasoning model", "openai-chat", "/v1/chat/completions", { model: "gpt-5.4", messages: HELLO }],
  [
    "a tool call",
    "openai-chat",
    "/v1/chat/completions",
    {
      model: "gpt-4.1",
      messages: HELLO,
      tool_choice: "required",
      tools: [{ type: "function", function: { name: "weather", parameters: TOOL_SCHEMA } }],
    },
  ],
  ["a response", "openai-responses", "/v1/responses", { model: "gpt-5.4-mini", input: "Say hello." }],
  [
    "an incomplete response",
    "openai-responses",
    "/v1/responses",
    { model: "gpt-4.1", input: HELLO, max_output_tokens: 9 },
  ],
  [
    "a function call of a response",
    "openai-responses",
    "/v1/responses",
    {
      model: "gpt-4.1",
      input: HELLO,
      tool_choice: "required",
      tools: [{ type: "function", name: "weather", parameters: TOOL_SCHEMA, strict: true }],
    },
  ],
  ["a message", "anthropic-messages", "/v1/messages", { model: "claude-haiku-4-5", max_tokens: 500, messages: HELLO }],
  [
    "a message that writes to the cache",
    "anthropic-messages",
    "/v1/messages",
    {
      model: "claude-haiku-4-5",
      max_tokens: 500,
      system: [{ type: "text", text: "Be brief. ".repeat(40), cache_control: { type: "ephemeral" } }],
      messages: HELLO,
    },
  ],
  [
    "a message that reads from it",
    "anthropic-messages",
    "/v1/messages",
    {
      model: "claude-sonnet-4-6",
      max_tokens: 500,
      system: [{ type: "text", text: "Be brief. ".repeat(40), cache_control: { type: "ephemeral" } }],
      messages: [...HELLO, { role: "assistant", content: "Hello." }, { role: "user", content: "Again." }],
    },
  ],
  ["an embedding", "openai-embeddings", "/v1/embeddings", { model: "text-embedding-3-small", input: ["one", "two"] }],
];

describe("the bill", () => {
  test.each(BODIES)("of %s is what its answer's usage costs, streamed or not", async (_name, dialect, path, body) => {
    const whole = usageReader(dialect);
    whole.see((await (await running.post(path, body)).json()) as Json);
    const streamed = usageReader(dialect);
    const stream = {
      ...body,
      stream: true,
      ...(dialect === "openai-chat" ? { stream_options: { include_usage: true } } : {}),
    };
    for (const event of await eventsOf(await running.post(path, stream))) streamed.see(event);
    const [first, second] = running.rows().slice(-2);
    for (const [reader, row] of [
      [whole, first],
      [dialect === "openai-embeddings" ? whole : streamed, second],
    ] as const) {
      const usage = reader.record();
      if (usage === undefined || row === undefined) throw new Error("no usage, or no row");
      const model = running.prices.model(row.provider ?? "", String(body["model"]));
      const { costMicrocents, unknown } = costOf(usage, {
        provider: model.provider,
        prices: pricesAt(model, Date.now()),
      });
      expect(usage.doubts).toEqual([]);
      expect(unknown).toEqual([]);
      expect(row).toMatchObject({ status: 200, is_ended: true, cost_microcents: Number(costMicrocents) });
      expect(row.cost_microcents).toBeGreaterThan(0);
    }
    expect(second?.usage).toEqual(first?.usage);
  });

  test("has the id that the client gave, and the same rows at its address and in its file", async () => {
    const folder = mkdtempSync(join(tmpdir(), "mock-bill-"));
    try {
      const billFile = join(folder, "bill.jsonl");
      await using own = await runningMock({ billFile, billRowsMax: 2 });
      for (const id of ["a", "b", "c"])
        await own.post("/v1/chat/completions", { model: "gpt-4.1", messages: HELLO }, { "x-client-request-id": id });
      const served = rowsOf(await (await fetch(`${own.mock.url}/mock/bill`)).text());
      await own.mock.close();
      const written = rowsOf(readFileSync(billFile, "utf8"));
      expect(written.map((row) => row.request_id)).toEqual(["a", "b", "c"]);
      expect(served).toEqual(written.slice(1));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("of a refused call is nothing", async () => {
    const before = running.rows().length;
    const bodies = [{ model: "gpt-4.1", messages: [] }, { model: "gpt-unknown", messages: HELLO }, { messages: HELLO }];
    const answers = [];
    for (const body of bodies) answers.push((await running.post("/v1/chat/completions", body)).status);
    expect(answers).toEqual([400, 404, 400]);
    expect(
      running
        .rows()
        .slice(before)
        .map((row) => [row.status, row.cost_microcents]),
    ).toEqual([
      [400, 0],
      [404, 0],
      [400, 0],
    ]);
  });
});

// The description is data that is not in the repository.
describe.runIf(hasSchema)("OpenAI's own description", () => {
  const judge = hasSchema ? openaiSchema() : () => "";

  test.each(BODIES.filter(([, dialect]) => dialect.startsWith("openai")))(
    "allows %s and its stream",
    async (_name, dialect, path, body) => {
      const answer: unknown = await (await running.post(path, body)).json();
      expect(judge(ANSWERS[dialect] ?? "answer", answer)).toBe("");
      if (dialect === "openai-embeddings") return;
      const events = await eventsOf(
        await running.post(path, { ...body, stream: true, stream_options: { include_usage: true } }),
      );
      expect(events.length).toBeGreaterThan(3);
      for (const event of events)
        expect(judge(dialect === "openai-chat" ? "chunk" : "response event", event), JSON.stringify(event)).toBe("");
    },
  );

  test("allows the list of models and an error", async () => {
    expect(judge("models", await (await fetch(`${running.mock.url}/v1/models`)).json())).toBe("");
    const refused = await running.post(
      "/v1/chat/completions",
      { model: "gpt-4.1", messages: HELLO },
      { "x-mock-fault": "status=429" },
    );
    expect(judge("error", await refused.json())).toBe("");
  });
});

describe("the official clients", () => {
  test("read chat completions, and their streams to the same text and usage", async () => {
    const body = { model: "gpt-4.1-mini", messages: HELLO };
    const whole = await running.openai.chat.completions.create(body);
    const streamed = await running.openai.chat.completions
      .stream({ ...body, stream_options: { include_usage: true } })
      .finalChatCompletion();
    expect(whole.choices[0]?.message.content).toMatch(/^Mock .*\.$/);
    expect(streamed.choices[0]?.message.content).toBe(whole.choices[0]?.message.content);
    expect(streamed.usage).toEqual(whole.usage);
  });

  test("read responses, and their streams to the same text and usage", async () => {
    const body = { model: "gpt-5.4-mini", input: "Say hello." };
    const whole = await running.openai.responses.create(body);
    const streamed = await running.openai.responses.stream(body).finalResponse();
    expect(whole.output_text).toMatch(/^Mock .*\.$/);
    expect(streamed.output_text).toBe(whole.output_text);
    expect(streamed.usage).toEqual(whole.usage);
  });

  test("read messages, and their streams to the same text and usage", async () => {
    const body = { model: "claude-haiku-4-5", max_tokens: 400, messages: HELLO };
    const whole = await running.anthropic.messages.create(body);
    const streamed = await running.anthropic.messages.stream(body).finalMessage();
    expect(streamed.content).toEqual(whole.content);
    expect(whole.content[0]).toMatchObject({ type: "text", text: expect.stringMatching(/^Mock .*\.$/) as unknown });
    expect(streamed.usage).toMatchObject({
      input_tokens: whole.usage.input_tokens,
      output_tokens: whole.usage.output_tokens,
    });
  });

  test("read tool calls with arguments that the tool's schema allows", async () => {
    const wanted = { city: "mock", days: 0, unit: "c" };
    const chat = await running.openai.chat.completions
      .stream({
        model: "gpt-4.1",
        messages: HELLO,
        tool_choice: "required",
        tools: [{ type: "function", function: { name: "weather", parameters: TOOL_SCHEMA } }],
      })
      .finalChatCompletion();
    const call = chat.choices[0]?.message.tool_calls?.[0];
    expect(call?.type === "function" ? JSON.parse(call.function.arguments) : call).toEqual(wanted);
    const message = await running.anthropic.messages
      .stream({
        model: "claude-haiku-4-5",
        max_tokens: 400,
        messages: HELLO,
        tool_choice: { type: "any" },
        tools: [{ name: "weather", input_schema: TOOL_SCHEMA }],
      })
      .finalMessage();
    expect(message.stop_reason).toBe("tool_use");
    expect(message.content[0]).toMatchObject({ type: "tool_use", name: "weather", input: wanted });
  });

  test("read embeddings, models and counts of tokens", async () => {
    const { data, usage } = await running.openai.embeddings.create({
      model: "text-embedding-3-small",
      input: "one two",
      dimensions: 8,
    });
    expect([data[0]?.embedding.length, usage]).toEqual([8, { prompt_tokens: 2, total_tokens: 2 }]);
    expect((await running.openai.models.list()).data.map(({ id }) => id)).toContain("gpt-4.1-mini");
    expect((await running.anthropic.models.list()).data.map(({ id }) => id)).toContain("claude-haiku-4-5");
    // 10 bytes are three tokens, and a message three more.
    expect(await running.anthropic.messages.countTokens({ model: "claude-haiku-4-5", messages: HELLO })).toEqual({
      input_tokens: 6,
    });
  });
});

test("an answer depends on the seed and the request alone, not on time or caller", async () => {
  await using same = await runningMock({ seed: 0 });
  await using other = await runningMock({ seed: 1 });
  const body = { model: "gpt-4.1", messages: HELLO };
  const textOf = async (one: RunningMock): Promise<string> =>
    (await one.openai.chat.completions.create(body)).choices[0]?.message.content ?? "";
  const first = await textOf(running);
  expect(await textOf(running)).toBe(first);
  expect(await textOf(same)).toBe(first);
  expect(await textOf(other)).not.toBe(first);
});

test("a call takes the time that its pace says", async () => {
  await using paced = await runningMock({ pace: { latencyMs: 20, firstTokenMs: 40, tokensPerSecond: 1_000 } });
  const begunMs = performance.now();
  const stream = await paced.openai.chat.completions.create({
    model: "gpt-4.1",
    messages: [{ role: "user", content: "[[mock: output=50]]" }],
    stream: true,
  });
  const arrivalsMs: number[] = [];
  for await (const chunk of stream) if (chunk.choices[0]?.delta.content) arrivalsMs.push(performance.now() - begunMs);
  expect(arrivalsMs).toHaveLength(50);
  // 20 ms, at least three quarters of 40 ms, and a millisecond for each token; a loaded machine is slower, none is faster.
  expect(arrivalsMs[0]).toBeGreaterThanOrEqual(49);
  expect(arrivalsMs.at(-1)).toBeGreaterThanOrEqual(98);
});

const ANSWERS: { readonly [dialect: string]: "answer" | "response" | "embeddings" } = {
  "openai-chat": "answer",
  "openai-responses": "response",
  "openai-embeddings": "embeddings",
};

async function eventsOf(answer: Response): Promise<readonly Json[]> {
  const scanner = new SseScanner();
  return scanner.push(Buffer.from(await answer.arrayBuffer())).flatMap((block) => {
    const json = block.json();
    return json === undefined ? [] : [json as Json];
  });
}
