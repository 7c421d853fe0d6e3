import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parsePolicyFile } from "@calybris/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createKey } from "../../src/keys/keyring.ts";
import { samplesOf } from "../support/scrape.ts";
import { startService } from "../support/running-service.ts";
import { CALL_POLICY, type RunningGateway, startGateway } from "./running-gateway.ts";

const acme = createKey();
const other = createKey();
const poor = createKey();
let running: RunningGateway;

beforeAll(async () => {
  const key = (tenant: string, sha256: string): object => ({
    name: tenant,
    scopes: ["decide"],
    sha256,
    tenants: [tenant],
  });
  running = await startGateway({
    flags: { "calls-cache-bytes-max": "1000000", "calls-cache-seconds": "3600", "calls-attempts-max": "1" },
    moreKeys: [key("acme", acme.sha256), key("other", other.sha256), key("poor", poor.sha256)] as never,
    models: [{ name: "alias", candidate: "gpt-4.1" }],
  });
  const client = running.client({ key: running.keys.operate });
  const dollars = { acme: 100, other: 100, poor: 0.1 };
  for (const [tenant, amount] of Object.entries(dollars)) {
    const grant = { id: tenant, amountMicrocents: String(amount * 1e8) };
    await client.setBudget(tenant, { limit: { exposureCapDollars: "100" }, grant });
  }
});
afterAll(() => running.end());

interface Sent {
  readonly path?: string;
  readonly key?: string;
  readonly headers?: { readonly [name: string]: string };
}

interface Answered {
  readonly status: number;
  readonly text: string;
  readonly header: (name: string) => string | null;
}

async function send(
  body: object,
  { path = "/v1/chat/completions", key = acme.key, headers }: Sent = {},
): Promise<Answered> {
  const answer = await fetch(`${running.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}`, ...headers },
    body: JSON.stringify(body),
  });
  return { status: answer.status, text: await answer.text(), header: (name) => answer.headers.get(name) };
}

/** Of two calls, whether the second was sent. */
async function isSentAgain(
  first: readonly [object, Sent?],
  second: readonly [object, Sent?] = first,
): Promise<boolean> {
  expect((await send(...first)).header("x-calybris-cache")).toBeNull();
  const before = running.mock.callCount;
  const { header } = await send(...second);
  expect(header("x-calybris-cache")).toBe(running.mock.callCount === before ? "hit" : null);
  return running.mock.callCount > before;
}

const chat = (content: string, more: object = {}): object => ({
  model: "gpt-4.1",
  messages: [{ role: "user", content }],
  ...more,
});

describe("a call that equals an earlier one", () => {
  test("gets the same bytes at no cost, and its decision is released", async () => {
    const first = await send(chat("once"));
    const before = running.mock.callCount;
    const second = await send(chat("once"));
    expect(running.mock.callCount).toBe(before);
    expect(second).toMatchObject({ status: 200, text: first.text });
    expect(second.header("x-calybris-cache")).toBe("hit");
    expect(second.header("x-calybris-cost")).toBe("0.00000000");
    expect(second.header("x-calybris-model")).toBe("gpt-4.1");
    expect(second.header("x-calybris-budget-left")).toBe(first.header("x-calybris-budget-left"));
    const id = second.header("x-calybris-decision");
    expect(id).not.toBe(first.header("x-calybris-decision"));
    const answer = await fetch(`${running.url}/v1/decisions/${id}`, {
      headers: { authorization: `Bearer ${acme.key}` },
    });
    expect(await answer.json()).toMatchObject({ spending: { state: "released", costMicrocents: "0" } });
  });

  test("saves what the earlier one cost", async () => {
    const saved = async (): Promise<number> => {
      const samples = samplesOf(await running.client({ key: running.keys.audit }).metrics());
      return samples.get('calybris_calls_saved_dollars_total{asked="gpt-4.1",served="gpt-4.1"}') ?? 0;
    };
    const { header } = await send(chat("save"));
    const before = await saved();
    await send(chat("save"));
    expect(Math.round(((await saved()) - before) * 1e8)).toBe(Math.round(Number(header("x-calybris-cost")) * 1e8));
  });

  test.each([
    ["embeddings", { model: "text-embedding-3-small", input: "hello" }, "/v1/embeddings"],
    [
      "a message",
      { model: "claude-sonnet-4-6", max_tokens: 50, messages: [{ role: "user", content: "m" }] },
      "/v1/messages",
    ],
    [
      "a message that is translated",
      { model: "gpt-4.1", max_tokens: 50, messages: [{ role: "user", content: "m" }] },
      "/v1/messages",
    ],
    ["a response that is not stored", { model: "gpt-4.1", input: "r", store: false }, "/v1/responses"],
  ])("is not sent: %s", async (_name, body, path) => {
    expect(await isSentAgain([body, { path }])).toBe(false);
  });
});

describe("a call is sent", () => {
  test.each<[string, readonly [object, Sent?], readonly [object, Sent?]]>([
    ["of another prompt", [chat("p1")], [chat("p2")]],
    ["of another tenant", [chat("t")], [chat("t"), { key: other.key }]],
    ["of another parameter", [chat("q")], [chat("q", { temperature: 0.5 })]],
    ["under another name of the model", [chat("n")], [chat("n", { model: "alias" })]],
    ["with another beta", [chat("b")], [chat("b"), { headers: { "openai-beta": "x=1" } }]],
    ["of a client that wants no kept answer", [chat("c")], [chat("c"), { headers: { "cache-control": "no-cache" } }]],
  ])("%s", async (_name, first, second) => {
    expect(await isSentAgain(first, second)).toBe(true);
  });

  test("again whose output limit was lowered for want of money", async () => {
    const first = await send(chat("little"), { key: poor.key });
    expect(first.header("x-calybris-output-tokens-max")).toMatch(/^\d+$/);
    expect((await send(chat("little"), { key: poor.key })).header("x-calybris-cache")).toBeNull();
  });

  test.each<[string, object, string]>([
    ["that is streamed", chat("s", { stream: true }), "/v1/chat/completions"],
    ["that is stored", chat("st", { store: true }), "/v1/chat/completions"],
    ["whose response is stored", { model: "gpt-4.1", input: "kept" }, "/v1/responses"],
    [
      "that belongs to a conversation",
      { model: "gpt-4.1", input: "k", store: false, conversation: "conv_1" },
      "/v1/responses",
    ],
    [
      "that is in a container",
      { model: "claude-sonnet-4-6", max_tokens: 50, container: "c", messages: [{ role: "user", content: "m" }] },
      "/v1/messages",
    ],
    [
      "whose response is not complete",
      { model: "gpt-4.1", input: "much [[mock: output=400]]", store: false, max_output_tokens: 20 },
      "/v1/responses",
    ],
    ["that the provider refuses", chat("no [[mock: status=400]]"), "/v1/chat/completions"],
    ["whose answer is broken", chat("no [[mock: malformed]]"), "/v1/chat/completions"],
  ])("again %s", async (_name, body, path) => {
    expect(await isSentAgain([body, { path }])).toBe(true);
  });
});

describe("an answer is not kept", () => {
  type Script = (model: string, count: number) => { readonly status: number; readonly more?: object };

  /** How often a call was sent that is made twice, at a provider that answers as scripted. */
  async function sentCount(script: Script, call: object): Promise<number> {
    let count = 0;
    const provider = createServer((request, response) => {
      let text = "";
      request.on("data", (piece: Buffer) => {
        text += piece.toString();
      });
      request.on("end", () => {
        count += 1;
        const { model } = JSON.parse(text) as { readonly model: string };
        const { status, more } = script(model, count);
        const message = { role: "assistant", content: model };
        const choices = [{ index: 0, message, finish_reason: "stop" }];
        const usage = { prompt_tokens: 5, completion_tokens: 5, total_tokens: 10 };
        const answer = { id: "c", object: "chat.completion", created: 1, model, choices, usage, ...more };
        response.writeHead(status, { "content-type": "application/json" });
        response.end(JSON.stringify(status === 200 ? answer : { error: { message: "m", type: "server_error" } }));
      });
    });
    await new Promise<void>((resolve) => provider.listen(0, "127.0.0.1", resolve));
    const baseUrl = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`;
    const deployments = ["gpt-4.1", "gpt-4.1-nano"].map((name) => ({ name, candidate: name, provider: "p" }));
    const own = await startService({
      startingPolicy: () => Promise.resolve(parsePolicyFile(CALL_POLICY)),
      flags: {
        providers: JSON.stringify([{ name: "p", api: "openai", baseUrl }]),
        deployments: JSON.stringify(deployments),
        "calls-cache-bytes-max": "1000000",
        "calls-attempts-max": "1",
      },
    });
    try {
      const headers = { "content-type": "application/json", authorization: `Bearer ${own.keys.decide}` };
      for (let at = 0; at < 2; at += 1) {
        const request = { method: "POST", headers, body: JSON.stringify(call) };
        const answer = await fetch(`${own.url}/v1/chat/completions`, request);
        expect(answer.status).toBe(200);
        expect(await answer.text()).toContain("assistant");
      }
      return count;
    } finally {
      await own.end();
      provider.closeAllConnections();
      await new Promise((resolve) => provider.close(resolve));
    }
  }

  test("of a model that stood in for the one that was decided", async () => {
    const script: Script = (_model, count) => ({ status: count === 1 ? 500 : 200 });
    expect(await sentCount(script, chat("x", { model: "auto" }))).toBe(3);
  });

  test("of which a part of the cost is not known", async () => {
    const script: Script = () => ({ status: 200, more: { service_tier: "mystery" } });
    expect(await sentCount(script, chat("x"))).toBe(2);
  });

  test("that should have been a stream", async () => {
    expect(await sentCount(() => ({ status: 200 }), chat("x", { stream: true }))).toBe(2);
  });

  test("but a plain one is", async () => {
    expect(await sentCount(() => ({ status: 200 }), chat("x"))).toBe(1);
  });
});

test("nothing is kept where the configuration does not say so", async () => {
  const plain = await startGateway();
  try {
    const body = JSON.stringify(chat("plain"));
    const headers = { "content-type": "application/json", authorization: `Bearer ${plain.keys.decide}` };
    for (let at = 0; at < 2; at += 1)
      await (await fetch(`${plain.url}/v1/chat/completions`, { method: "POST", headers, body })).text();
    expect(plain.mock.callCount).toBe(2);
  } finally {
    await plain.end();
  }
});
