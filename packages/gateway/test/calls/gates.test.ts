import { parsePolicyFile } from "@calybris/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CALL_CATALOG, CALL_POLICY, type RunningGateway, startGateway } from "./running-gateway.ts";

// Goal: what a call asks for decides which models may take it. Method: the policy admits by risk only models other than the
// one that is asked for; the catalog says which of them has tools.

const { candidates: all } = CALL_CATALOG as { readonly candidates: readonly { readonly name: string }[] };
const can: { readonly [name: string]: readonly string[] } = {
  "gpt-4.1": ["chat", "tools"],
  "gpt-4.1-nano": ["chat", "tools", "vision"],
  "claude-sonnet-4-6": ["chat"],
};
const candidates = all.map((one) => ({
  ...one,
  capabilities: can[one.name] ?? ["chat"],
  ...(one.name === "gpt-4.1-nano" ? { riskCeilingBps: 1 } : {}),
}));
const catalog = { ...CALL_CATALOG, capabilities: ["chat", "tools", "vision"], candidates };

let running: RunningGateway;
beforeAll(async () => {
  running = await startGateway({
    startingPolicy: () => Promise.resolve(parsePolicyFile({ ...CALL_POLICY, catalog, spendLimit: "none" })),
    flags: { "calls-decisions": "enforce" },
  });
});
afterAll(() => running.end());

async function ran(asked: object, path = "/v1/chat/completions"): Promise<string> {
  const chat = { messages: [{ role: "user", content: "Say hello." }], max_tokens: 30 };
  const body = path === "/v1/embeddings" ? asked : { ...chat, ...asked };
  const answer = await fetch(`${running.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${running.keys.decide}` },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  return answer.headers.get("x-calybris-model") ?? `${answer.status} ${text}`;
}

const tools = [{ type: "function", function: { name: "f", parameters: { type: "object", properties: {} } } }];
const image = { type: "image_url", image_url: { url: "data:image/png;base64,QUJD" } };

describe("where the policy does not admit the model that is asked for, a call", () => {
  test("of words runs at the best that it admits", async () => {
    expect(await ran({ model: "gpt-4.1-nano" })).toBe("claude-sonnet-4-6");
  });

  test("with tools runs at the one that the catalog says has them", async () => {
    expect(await ran({ model: "gpt-4.1-nano", tools })).toBe("gpt-4.1");
    expect(await ran({ model: "auto", tools })).toBe("gpt-4.1");
  });

  test("with an image, which no admitted model takes, is refused", async () => {
    const refused = await ran({ model: "gpt-4.1-nano", messages: [{ role: "user", content: [image] }] });
    expect(refused).toMatch(/^403 .*capability/);
  });

  test("with what the catalog has no name for stays where it was asked for, and goes anywhere where no model was", async () => {
    expect(await ran({ model: "gpt-4.1-nano", logprobs: true })).toBe("gpt-4.1-nano");
    expect(await ran({ model: "auto", messages: [{ role: "user", content: "Hi." }], seed: 7 })).toBe("gpt-4.1");
  });

  test("of embeddings runs at the model that is asked for, because vectors of others cannot be compared with its own", async () => {
    const embedded = (model: string): Promise<string> => ran({ model, input: "Hello." }, "/v1/embeddings");
    expect(await embedded("text-embedding-3-small")).toBe("text-embedding-3-small");
    expect(await embedded("auto")).toMatch(/^400 .*model names none/);
  });

  test("for a model that is admitted is not held to the catalog: it is the client's choice", async () => {
    expect(await ran({ model: "claude-sonnet-4-6", tools })).toBe("claude-sonnet-4-6");
  });
});
