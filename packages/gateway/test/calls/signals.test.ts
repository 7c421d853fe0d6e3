import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunningGateway, startGateway } from "./running-gateway.ts";

// Goal: how a call ended is reported with its outcome, so that quality is learned where nobody reports it.

let running: RunningGateway;
beforeAll(async () => {
  running = await startGateway();
});
afterAll(() => running.end());

async function signalsOf(path: string, model: string, text: string, more: object): Promise<unknown> {
  const answer = await fetch(`${running.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${running.keys.decide}` },
    body: JSON.stringify({ model, ...more, ...bodyOf(path, text) }),
  });
  expect(answer.status).toBe(200);
  await answer.arrayBuffer();
  const { reading } = running.service.engine;
  const of = Number((answer.headers.get("x-calybris-decision") ?? "").split("-")[0]);
  const pieces = await Array.fromAsync(reading.lines(of, reading.head.sequence));
  const lines = Buffer.concat(pieces).toString().trimEnd().split("\n");
  const entries = lines.map((line) => (JSON.parse(line) as { readonly data: Record<string, unknown> }).data);
  const outcome = entries.find((entry) => entry["kind"] === "outcome" && entry["of"] === of);
  expect(outcome).toBeDefined();
  return outcome?.["signals"] ?? [];
}

function bodyOf(path: string, text: string): object {
  if (path === "/v1/responses") return { input: text };
  return { messages: [{ role: "user", content: text }] };
}

test.each([
  ["/v1/chat/completions", "gpt-4.1", "max_completion_tokens"],
  ["/v1/chat/completions", "claude-sonnet-4-6", "max_completion_tokens"],
  ["/v1/messages", "claude-sonnet-4-6", "max_tokens"],
  ["/v1/messages", "gpt-4.1", "max_tokens"],
  ["/v1/responses", "gpt-4.1", "max_output_tokens"],
])("an answer that its limit ended is truncated, streamed or not: %s of %s", async (path, model, limit) => {
  for (const stream of [false, true]) {
    const prompt = (number: number): string => `${path} ${model} ${stream} ${number} [[mock: output=60]]`;
    expect(await signalsOf(path, model, prompt(1), { stream, [limit]: 20 })).toEqual(["truncated"]);
    expect(await signalsOf(path, model, prompt(2), { stream, [limit]: 100 })).toEqual([]);
    // The same prompt within a minute: the first answer did not serve.
    expect(await signalsOf(path, model, prompt(2), { stream, [limit]: 100 })).toEqual(["retried"]);
    expect(await signalsOf(path, model, prompt(1), { stream, [limit]: 20 })).toEqual(["retried", "truncated"]);
  }
});
