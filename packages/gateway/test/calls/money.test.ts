import { setTimeout as sleep } from "node:timers/promises";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rowsOf } from "../mock/running-mock.ts";
import { createKey } from "../../src/keys/keyring.ts";
import { type RunningGateway, startGateway } from "./running-gateway.ts";

const acme = createKey();
const broke = createKey();
const messages = [{ role: "user" as const, content: "Say hello." }];
let running: RunningGateway;

beforeAll(async () => {
  const key = (tenant: string, sha256: string): object => ({
    name: tenant,
    scopes: ["decide"],
    sha256,
    tenants: [tenant],
  });
  running = await startGateway({
    moreKeys: [key("acme", acme.sha256), key("broke", broke.sha256)] as never,
    models: [{ name: "chosen", candidate: "gpt-4.1", decisions: "enforce", outputTokensMax: 400 }],
  });
  const client = running.client({ key: running.keys.operate });
  const limit = { exposureCapDollars: "100" };
  await client.setBudget("acme", { limit, grant: { id: "all", amountMicrocents: "10000000000" } });
  await client.setBudget("broke", { limit, grant: { id: "one", amountMicrocents: "1" } });
});
afterAll(() => running.end());

function openaiOf(key: string): OpenAI {
  return new OpenAI({ apiKey: key, baseURL: `${running.url}/v1`, logLevel: "off" });
}

interface Spending {
  readonly state: string;
  readonly reservedMicrocents: string;
  readonly costMicrocents: string;
}

async function spendingOf(decisionId: string | null): Promise<Spending> {
  const headers = { authorization: `Bearer ${acme.key}` };
  const answer = await fetch(`${running.url}/v1/decisions/${decisionId}`, { headers });
  return ((await answer.json()) as { readonly spending: Spending }).spending;
}

function billOf(decisionId: string | null): number {
  const rows = rowsOf(running.mock.billText()).filter(({ request_id: id }) => id.startsWith(`${decisionId}/`));
  return rows.reduce((sum, { cost_microcents: cost }) => sum + cost, 0);
}

/** A bug of the gateway's would leave it out forever: it is looked for a while. */
async function eventually<T>(read: () => Promise<T> | T, holds: (value: T) => boolean): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    const value = await read();
    if (holds(value) || tries === 200) return value;
    await sleep(20);
  }
}

describe("the money of a call", () => {
  test("is settled at what the provider bills, and the answer says it", async () => {
    const { response } = await openaiOf(acme.key)
      .chat.completions.create({ model: "gpt-4.1", messages })
      .withResponse();
    const id = response.headers.get("x-calybris-decision");
    const bill = billOf(id);
    expect(bill).toBeGreaterThan(0);
    expect(Math.round(Number(response.headers.get("x-calybris-cost")) * 1e8)).toBe(bill);
    expect(await spendingOf(id)).toMatchObject({
      state: "settled",
      reservedMicrocents: "0",
      costMicrocents: String(bill),
    });
  });

  test("of a stream is settled when it has ended", async () => {
    const { data, response } = await openaiOf(acme.key)
      .chat.completions.create({ model: "claude-sonnet-4-6", messages, stream: true })
      .withResponse();
    for await (const _chunk of data) void 0;
    const id = response.headers.get("x-calybris-decision");
    const spending = await eventually(
      () => spendingOf(id),
      ({ state }) => state === "settled",
    );
    expect(spending).toMatchObject({ state: "settled", costMicrocents: String(billOf(id)) });
  });

  test.each(["cut=before-usage", "reset=stream"])(
    "of a stream with %s is held, and the client sees an error",
    async (fault) => {
      const prompt = [{ role: "user" as const, content: `Say much. [[mock: ${fault} output=80]]` }];
      const { data, response } = await openaiOf(acme.key)
        .chat.completions.create({ model: "gpt-4.1", messages: prompt, stream: true })
        .withResponse();
      await expect(async () => {
        for await (const _chunk of data) void 0;
      }).rejects.toThrow();
      const id = response.headers.get("x-calybris-decision");
      const spending = await eventually(
        () => spendingOf(id),
        ({ state }) => state === "held",
      );
      expect(spending.state).toBe("held");
      expect(Number(spending.costMicrocents) + Number(spending.reservedMicrocents)).toBeGreaterThanOrEqual(billOf(id));
    },
  );

  test("of a client that leaves is held, and the provider is aborted", async () => {
    const prompt = [{ role: "user" as const, content: "Say much. [[mock: slow=20 output=400]]" }];
    const abort = new AbortController();
    const { data, response } = await openaiOf(acme.key)
      .chat.completions.create({ model: "gpt-4.1", messages: prompt, stream: true }, { signal: abort.signal })
      .withResponse();
    for await (const _chunk of data) {
      abort.abort();
      break;
    }
    const id = response.headers.get("x-calybris-decision");
    const spending = await eventually(
      () => spendingOf(id),
      ({ state }) => state === "held",
    );
    expect(spending.state).toBe("held");
    const ended = await eventually(
      () => rowsOf(running.mock.billText()).find(({ request_id: one }) => one.startsWith(`${id}/`)),
      (row) => row?.is_ended === true,
    );
    expect(ended?.is_ended).toBe(true);
    expect(ended?.usage["output_tokens"]).toBeLessThan(400);
  });

  test("comes back when the provider refuses", async () => {
    const prompt = [{ role: "user" as const, content: "No. [[mock: status=400]]" }];
    const client = openaiOf(acme.key);
    const error = await client.chat.completions
      .create({ model: "gpt-4.1", messages: prompt })
      .catch((one: unknown) => one);
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    const id = (error as InstanceType<typeof OpenAI.APIError>).headers?.get("x-calybris-decision") ?? null;
    expect(await spendingOf(id)).toMatchObject({ state: "released", costMicrocents: "0" });
  });
});

describe("a refusal by budget costs one request", () => {
  test("of the OpenAI SDK with its own retries", async () => {
    const before = running.mock.callCount;
    const client = openaiOf(broke.key);
    const error = await client.chat.completions.create({ model: "gpt-4.1", messages }).catch((one: unknown) => one);
    expect(error).toMatchObject({ status: 402, type: "insufficient_quota" });
    expect(running.mock.callCount).toBe(before);
  });

  test("of the Anthropic SDK with its own retries", async () => {
    let sent = 0;
    const client = new Anthropic({
      apiKey: broke.key,
      baseURL: running.url,
      logLevel: "off",
      fetch: (url, init) => {
        sent += 1;
        return fetch(url, init);
      },
    });
    const call = client.messages.create({ model: "claude-sonnet-4-6", max_tokens: 100, messages });
    const error = await call.catch((one: unknown) => one);
    expect(error).toMatchObject({ status: 402, error: { error: { type: "billing_error" } } });
    expect(sent).toBe(1);
  });
});

test("a repeated idempotency key is never sent again", async () => {
  const client = openaiOf(acme.key);
  const headers = { "idempotency-key": "once" };
  await client.chat.completions.create({ model: "gpt-4.1", messages }, { headers });
  const before = running.mock.callCount;
  const again = await client.chat.completions
    .create({ model: "gpt-4.1", messages }, { headers, maxRetries: 0 })
    .catch((one: unknown) => one);
  expect(again).toMatchObject({ status: 409, code: "CAL_CALL_REPEATED" });
  expect(running.mock.callCount).toBe(before);
});

test("an enforced decision runs another model, within the limit that the policy writes", async () => {
  const { data, response } = await openaiOf(acme.key)
    .chat.completions.create({ model: "chosen", messages, max_completion_tokens: 100_000 })
    .withResponse();
  const ran = response.headers.get("x-calybris-model");
  expect(ran).not.toBeNull();
  expect(data.model).toBe(ran);
  expect(response.headers.get("x-calybris-requested-model")).toBe("chosen");
  const id = response.headers.get("x-calybris-decision");
  expect(await spendingOf(id)).toMatchObject({ state: "settled", costMicrocents: String(billOf(id)) });
});
