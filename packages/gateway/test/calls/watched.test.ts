import { parsePolicyFile } from "@calybris/engine";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createKey } from "../../src/keys/keyring.ts";
import { type Collector, startCollector } from "../support/collector.ts";
import { type Samples, samplesOf } from "../support/scrape.ts";
import { rowsOf } from "../mock/running-mock.ts";
import { CALL_POLICY, onlyGood, type RunningGateway, startGateway } from "./running-gateway.ts";

const acme = createKey();
const broke = createKey();
let collector: Collector;
let running: RunningGateway;

beforeAll(async () => {
  collector = await startCollector();
  const key = (tenant: string, sha256: string): object => ({
    name: tenant,
    scopes: ["decide"],
    sha256,
    tenants: [tenant],
  });
  running = await startGateway({
    startingPolicy: () => Promise.resolve(parsePolicyFile({ ...CALL_POLICY, catalog: onlyGood("gpt-4.1-nano") })),
    flags: { "calls-unanswered-per-minute": "2", "traces-endpoint": collector.url },
    moreKeys: [key("acme", acme.sha256), key("broke", broke.sha256)] as never,
    models: [{ name: "chosen", candidate: "gpt-4.1", decisions: "enforce" }],
  });
  const client = running.client({ key: running.keys.operate });
  const limit = { exposureCapDollars: "100" };
  await client.setBudget("acme", { limit, grant: { id: "all", amountMicrocents: "10000000000" } });
  await client.setBudget("broke", { limit, grant: { id: "one", amountMicrocents: "1" } });
});
afterAll(async () => {
  await running.end();
  await collector.close();
});

function openaiOf(key: string): OpenAI {
  return new OpenAI({ apiKey: key, baseURL: `${running.url}/v1`, logLevel: "off", maxRetries: 0 });
}

async function scraped(): Promise<Samples> {
  return samplesOf(await running.client({ key: running.keys.audit }).metrics());
}

/** Of the metrics of calls and their money, what has changed; money in microcents. */
function moved(before: Samples, after: Samples): { readonly [sample: string]: number } {
  const changes = [...after].flatMap(([name, value]): [string, number][] => {
    const unit = name.includes("_dollars") ? 100_000_000 : 1;
    const change = Math.round((value - (before.get(name) ?? 0)) * unit);
    return /^calybris_(?:calls|ledger)_/.test(name) && change !== 0 ? [[name, change]] : [];
  });
  return Object.fromEntries(changes);
}

async function changesOf(work: () => Promise<unknown>): Promise<{ readonly [sample: string]: number }> {
  const before = await scraped();
  await work();
  return moved(before, await scraped());
}

interface Called {
  readonly status: number;
  readonly id: string;
  readonly ran: string;
}

async function call(
  content: string,
  { key = acme.key, ...body }: { readonly key?: string; readonly model?: string; readonly stream?: boolean } = {},
): Promise<Called> {
  const answer = await fetch(`${running.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify({ model: "gpt-4.1", messages: [{ role: "user", content }], ...body }),
  });
  await answer.text().catch(() => undefined);
  return {
    status: answer.status,
    id: answer.headers.get("x-calybris-decision") ?? "",
    ran: answer.headers.get("x-calybris-model") ?? "",
  };
}

function billOf(id: string): ReturnType<typeof rowsOf>[number] {
  const row = rowsOf(running.mock.billText()).find(({ request_id: one }) => one.startsWith(`${id}/`));
  if (row === undefined) throw new Error(`no bill of ${id}`);
  return row;
}

interface Spending {
  readonly state: string;
  readonly reservedMicrocents: string;
  readonly costMicrocents: string;
}

async function spendingOf(id: string): Promise<Spending> {
  const headers = { authorization: `Bearer ${acme.key}` };
  const answer = await fetch(`${running.url}/v1/decisions/${id}`, { headers });
  return ((await answer.json()) as { readonly spending: Spending }).spending;
}

const ran = (result: string): string => `calybris_calls_total{asked="gpt-4.1",served="gpt-4.1",result="${result}"}`;
const BY = 'provider="openai",served="gpt-4.1"';

describe("the metrics of the service", () => {
  test.each([true, false])("move by what a call costs and uses (streamed: %s)", async (stream) => {
    let called: Called | undefined;
    const changes = await changesOf(async () => {
      called = await call(`Say ${stream}.`, { stream });
    });
    const { cost_microcents: cost, usage } = billOf(called?.id ?? "");
    expect(cost).toBeGreaterThan(0);
    expect(changes).toEqual({
      [ran("answered")]: 1,
      [`calybris_calls_cost_dollars_total{${BY}}`]: cost,
      [`calybris_calls_tokens_total{${BY},kind="input"}`]: usage["input_tokens"],
      [`calybris_calls_tokens_total{${BY},kind="output"}`]: usage["output_tokens"],
    });
  });

  test("count as saved what the model that was asked for would have cost for the same tokens", async () => {
    let called: Called | undefined;
    const changes = await changesOf(async () => {
      called = await call("Save.", { model: "chosen" });
    });
    const { cost_microcents: cost, usage } = billOf(called?.id ?? "");
    expect(called?.ran).toBe("gpt-4.1-nano");
    const models = `asked="chosen",served="${called?.ran}"`;
    // $2 and $8 a million tokens.
    const listed = (usage["input_tokens"] ?? 0) * 200 + (usage["output_tokens"] ?? 0) * 800;
    expect(changes[`calybris_calls_saved_dollars_total{${models}}`]).toBe(listed - cost);
    expect(changes[`calybris_calls_total{${models},result="answered"}`]).toBe(1);
  });

  test("have what stays held, and what is reserved", async () => {
    let called: Called | undefined;
    const changes = await changesOf(async () => {
      called = await call("Cut. [[mock: cut=before-usage]]", { stream: true });
    });
    const { reservedMicrocents, costMicrocents } = await spendingOf(called?.id ?? "");
    expect(Number(reservedMicrocents)).toBeGreaterThan(0);
    const { [`calybris_calls_cost_dollars_total{${BY}}`]: cost = 0, ...others } = changes;
    expect(cost).toBe(Number(costMicrocents));
    expect(others).toMatchObject({
      [ran("failed")]: 1,
      [`calybris_calls_held_dollars_total{${BY}}`]: Number(reservedMicrocents),
      calybris_ledger_reserved_dollars: Number(reservedMicrocents),
    });
  });

  test("count calls that a provider refuses, that a budget refuses, and that their clients leave", async () => {
    expect(await changesOf(() => call("No. [[mock: status=400]]"))).toEqual({ [ran("failed")]: 1 });
    expect(await changesOf(() => call("Pay.", { key: broke.key }))).toEqual({ [ran("rejected")]: 1 });
    const before = await scraped();
    const abort = new AbortController();
    const stream = await openaiOf(acme.key).chat.completions.create(
      { model: "gpt-4.1", stream: true, messages: [{ role: "user", content: "[[mock: slow=20 output=400]]" }] },
      { signal: abort.signal },
    );
    for await (const _chunk of stream) {
      abort.abort();
      break;
    }
    await expect.poll(async () => moved(before, await scraped())[ran("aborted")], { timeout: 60_000 }).toBe(1);
  });

  test("count storms, which are refused only where decisions are enforced", async () => {
    const prompt = "Again. [[mock: status=400]]";
    const storms = (model: string): string => `calybris_calls_storms_total{asked="${model}"}`;
    expect(await changesOf(() => call(prompt))).toEqual({ [ran("failed")]: 1 });
    expect(await changesOf(() => call(prompt))).toEqual({ [ran("failed")]: 1 });
    expect(await changesOf(() => call(prompt))).toEqual({ [ran("failed")]: 1, [storms("gpt-4.1")]: 1 });
    let refused: Called | undefined;
    const changes = await changesOf(async () => {
      refused = await call(prompt, { model: "chosen" });
    });
    expect(refused?.status).toBe(402);
    expect(changes).toEqual({
      'calybris_calls_total{asked="chosen",served="gpt-4.1",result="storm"}': 1,
      [storms("chosen")]: 1,
    });
  });

  test("have the circuit of each deployment", async () => {
    const circuits = [...(await scraped())].filter(([name]) => name.startsWith("calybris_breaker_state"));
    expect(circuits).toHaveLength(4);
    expect(circuits).toContainEqual(['calybris_breaker_state{deployment="gpt-4.1 at the mock"}', 0]);
  });
});

// Together: spans are sent once a second.
describe.concurrent("the span of a call", () => {
  /** By the decision's id, once it was exported. */
  async function attributesOf(id: string): Promise<{ readonly [name: string]: unknown }> {
    const found = (): { readonly [name: string]: unknown } | undefined =>
      collector.reported
        .flatMap(({ spans }) => spans)
        .map(({ attributes }) => Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]])))
        .find(({ "calybris.decision.id": one }) => one === id);
    return vi.waitUntil(found, { timeout: 60_000 });
  }

  test.each([true, false])("has the models and what was used (streamed: %s)", async (stream) => {
    const { id } = await call(`Trace ${stream}.`, { stream });
    const { usage } = billOf(id);
    expect(await attributesOf(id)).toMatchObject({
      "http.response.status_code": "200",
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "openai",
      "gen_ai.request.model": "gpt-4.1",
      "gen_ai.response.model": "gpt-4.1",
      "gen_ai.usage.input_tokens": String(usage["input_tokens"]),
      "gen_ai.usage.output_tokens": String(usage["output_tokens"]),
    });
  });

  test("ends with the answer, and not with its head", async () => {
    const { id } = await call("Trace slowly. [[mock: slow=5 output=20]]", { stream: true });
    await attributesOf(id);
    const span = collector.reported
      .flatMap(({ spans }) => spans)
      .find(({ attributes }) => attributes.some(({ value }) => value["stringValue"] === id));
    const elapsedNs = BigInt(span?.endTimeUnixNano ?? 0) - BigInt(span?.startTimeUnixNano ?? 0);
    // Twenty events, each followed by a wait of 5 ms.
    expect(elapsedNs).toBeGreaterThan(50_000_000n);
  });

  test("of a client that leaves has the model that ran", async () => {
    const abort = new AbortController();
    const { data, response } = await openaiOf(acme.key)
      .chat.completions.create(
        {
          model: "gpt-4.1",
          stream: true,
          messages: [{ role: "user", content: "Leave. [[mock: slow=20 output=400]]" }],
        },
        { signal: abort.signal },
      )
      .withResponse();
    for await (const _chunk of data) {
      abort.abort();
      break;
    }
    const attributes = await attributesOf(response.headers.get("x-calybris-decision") ?? "");
    expect(attributes).toMatchObject({ "gen_ai.request.model": "gpt-4.1", "gen_ai.response.model": "gpt-4.1" });
  });

  test("of a call that is refused has no model that ran", async () => {
    const { id } = await call("Trace no. [[mock: status=400]]");
    const attributes = await attributesOf(id);
    expect(attributes).toMatchObject({ "http.response.status_code": "400", "gen_ai.request.model": "gpt-4.1" });
    expect(attributes).not.toHaveProperty("gen_ai.usage.input_tokens");
  });
});
