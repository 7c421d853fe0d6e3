import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningGateway, startGateway } from "./running-gateway.ts";

let running: RunningGateway;
let openai: OpenAI;
let anthropic: Anthropic;

beforeAll(async () => {
  running = await startGateway();
  const shared = { apiKey: running.keys.decide, maxRetries: 0, logLevel: "off" as const };
  openai = new OpenAI({ ...shared, baseURL: `${running.url}/v1` });
  anthropic = new Anthropic({ ...shared, baseURL: running.url });
});
afterAll(() => running.end());

const messages = [{ role: "user" as const, content: "Say hello." }];

describe("the official clients, pointed at the gateway,", () => {
  test("get a chat completion with what it cost", async () => {
    const { data, response } = await openai.chat.completions.create({ model: "gpt-4.1", messages }).withResponse();
    expect(data.choices[0]?.message.content).not.toBe("");
    expect(response.headers.get("x-calybris-model")).toBe("gpt-4.1");
    expect(response.headers.get("x-calybris-cost")).toMatch(/^0\.\d{8}$/);
    expect(response.headers.get("x-calybris-decision")).toMatch(/\w+/);
  });

  test("get a streamed chat completion", async () => {
    const stream = await openai.chat.completions.create({ model: "gpt-4.1", messages, stream: true });
    let text = "";
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
    expect(text).not.toBe("");
  });

  test("get a response, streamed and not", async () => {
    const whole = await openai.responses.create({ model: "gpt-4.1", input: "Say hello." });
    expect(whole.output_text).not.toBe("");
    const stream = await openai.responses.create({ model: "gpt-4.1", input: "Say hello.", stream: true });
    const types: string[] = [];
    for await (const event of stream) types.push(event.type);
    expect(types.at(-1)).toBe("response.completed");
  });

  test("get embeddings", async () => {
    const { data } = await openai.embeddings.create({ model: "text-embedding-3-small", input: "hello" });
    expect(data[0]?.embedding.length).toBeGreaterThan(0);
  });

  test("get a message, streamed and not, and a count of tokens", async () => {
    const whole = await anthropic.messages.create({ model: "claude-sonnet-4-6", max_tokens: 100, messages });
    expect(whole.content[0]).toMatchObject({ type: "text" });
    const streamed = anthropic.messages.stream({ model: "claude-sonnet-4-6", max_tokens: 100, messages });
    expect(await streamed.finalText()).not.toBe("");
    const count = await anthropic.messages.countTokens({ model: "claude-sonnet-4-6", messages });
    expect(count.input_tokens).toBeGreaterThan(0);
    const other = await anthropic.messages.countTokens({ model: "gpt-4.1", messages });
    expect(other.input_tokens).toBeGreaterThan(0);
  });

  test("get a model of the other dialect", async () => {
    const chat = await openai.chat.completions.create({ model: "claude-sonnet-4-6", messages });
    expect(chat.choices[0]?.message.content).not.toBe("");
    const message = await anthropic.messages.create({ model: "gpt-4.1", max_tokens: 100, messages });
    expect(message.content[0]).toMatchObject({ type: "text" });
    const streamed = anthropic.messages.stream({ model: "gpt-4.1", max_tokens: 100, messages });
    expect(await streamed.finalText()).not.toBe("");
  });

  test("get a response of a model whose provider has none", async () => {
    const model = "claude-sonnet-4-6";
    const tools = [{ type: "function" as const, name: "f", parameters: { type: "object" }, strict: false }];
    const whole = await openai.responses.create({ model, input: "Say hello.", instructions: "Be brief." });
    expect([whole.status, whole.instructions, whole.output_text === ""]).toEqual(["completed", "Be brief.", false]);
    const streamed = await openai.responses
      .stream({ model, input: "Say hello.", instructions: "Be brief." })
      .finalResponse();
    expect(streamed.output_text).toBe(whole.output_text);
    expect(streamed.usage?.output_tokens).toBe(whole.usage?.output_tokens);
    const called = await openai.responses.create({ model, input: "Call it.", tools, tool_choice: "required" });
    expect(called.output).toMatchObject([{ type: "function_call", name: "f", status: "completed" }]);
    const stored = openai.responses.create({ model, input: "More.", previous_response_id: whole.id });
    await expect(stored).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining("previous_response_id") as string,
    });
    const embedded = openai.embeddings.create({ model, input: "hello" });
    await expect(embedded).rejects.toMatchObject({ status: 400 });
  });

  test("list the models", async () => {
    const ids = (await openai.models.list()).data.map(({ id }) => id);
    expect(ids).toContain("gpt-4.1");
    expect(ids).toContain("auto");
    const page = await anthropic.models.list();
    expect(page.data.map(({ id }) => id)).toEqual(ids);
  });
});
