import { afterAll, beforeAll, expect, test } from "vitest";
import { createKey } from "../../src/keys/keyring.ts";
import { type RunningGateway, startGateway } from "./running-gateway.ts";

const small = createKey();
const poor = createKey();
let running: RunningGateway;

beforeAll(async () => {
  running = await startGateway({
    moreKeys: [
      { name: "small", scopes: ["decide"], sha256: small.sha256, tenants: ["small"] },
      { name: "poor", scopes: ["decide"], sha256: poor.sha256, tenants: ["poor"] },
    ],
    models: [
      { name: "capped", candidate: "gpt-4.1", outputTokensMax: 7 },
      { name: "enforced", candidate: "claude-sonnet-4-6", decisions: "enforce" },
    ],
  });
  await running.client({ key: running.keys.operate }).setBudget("poor", { limit: { exposureCapMicrocents: "1" } });
  // $0.05: gpt-4.1 costs $8 for a million tokens of output, so that this is 6,250 of them.
  await running.client({ key: running.keys.operate }).setBudget("small", {
    limit: { exposureCapDollars: "1" },
    grant: { id: "all", amountMicrocents: "5000000" },
  });
});
afterAll(() => running.end());

async function call(key: string, body: object): Promise<{ readonly answer: Response; readonly json: unknown }> {
  const messages = [{ role: "user", content: "Say much. [[mock: output=5000]]" }];
  const answer = await fetch(`${running.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify({ messages, ...body }),
  });
  return { answer, json: await answer.json() };
}

test("the policy's cap is written into a request with a higher limit, and into one with none", async () => {
  for (const limit of [{}, { max_tokens: 3_000 }, { max_completion_tokens: 3_000 }]) {
    const { json } = await call(running.keys.decide, { model: "capped", ...limit });
    expect(json).toMatchObject({ usage: { completion_tokens: 7 }, choices: [{ finish_reason: "length" }] });
  }
});

test("a limit that the budget cannot pay is lowered before the call is refused, and the answer says so", async () => {
  const { answer, json } = await call(small.key, { model: "gpt-4.1", max_completion_tokens: 100_000 });
  expect(answer.status).toBe(200);
  const lowered = Number(answer.headers.get("x-calybris-output-tokens-max"));
  expect(lowered).toBeGreaterThanOrEqual(1_024);
  expect(lowered).toBeLessThanOrEqual(6_250);
  expect(
    (json as { readonly usage: { readonly completion_tokens: number } }).usage.completion_tokens,
  ).toBeLessThanOrEqual(lowered);
});

test("a call that is enforced and short of money is refused for the money, whatever other candidates lack", async () => {
  const tools = [{ type: "function", function: { name: "f", parameters: { type: "object", properties: {} } } }];
  for (const body of [{}, { tools }]) {
    const { answer, json } = await call(poor.key, { model: "enforced", max_tokens: 100, ...body });
    expect(answer.status).toBe(402);
    expect(answer.headers.get("x-should-retry")).toBe("false");
    expect(json).toMatchObject({ error: { code: "budget" } });
  }
});
