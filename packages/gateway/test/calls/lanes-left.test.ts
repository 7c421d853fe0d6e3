import { parsePolicyFile } from "@calybris/engine";
import { afterEach, expect, test } from "vitest";
import { CALL_CATALOG, CALL_POLICY, type RunningGateway, startGateway } from "./running-gateway.ts";

// Goal: a call whose decision admits no model that can take it is answered by the model it asked for, and the journal says so.
// Method: the policy admits gpt-4.1 alone, by risk; the call needs what only the requested model may be asked for, or gpt-4.1 has no
// deployment.

let running: RunningGateway;
afterEach(() => running.end());

const { candidates: all } = CALL_CATALOG as { readonly candidates: readonly { readonly name: string }[] };
const candidates = all.map((one) => (one.name === "gpt-4.1" ? one : { ...one, riskCeilingBps: 1 }));
const startingPolicy: NonNullable<Parameters<typeof startGateway>[0]>["startingPolicy"] = () =>
  Promise.resolve(parsePolicyFile({ ...CALL_POLICY, catalog: { ...CALL_CATALOG, candidates }, spendLimit: "none" }));
const HELLO = { messages: [{ role: "user", content: "Say hello." }], max_tokens: 30 };

async function call(body: object): Promise<{ readonly answer: Response; readonly entry: unknown }> {
  const answer = await fetch(`${running.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${running.keys.decide}` },
    body: JSON.stringify({ ...HELLO, ...body }),
  });
  await answer.arrayBuffer();
  const { reading } = running.service.engine;
  const sequence = Number((answer.headers.get("x-calybris-decision") ?? "0").split("-")[0]);
  const [line = ""] = Buffer.concat(await Array.fromAsync(reading.lines(sequence, sequence)))
    .toString()
    .split("\n");
  return { answer, entry: line === "" ? undefined : (JSON.parse(line) as { readonly data: unknown }).data };
}

test("a call with tools runs at the requested model, which the policy would have replaced", async () => {
  running = await startGateway({ startingPolicy, flags: { "calls-decisions": "enforce" } });
  const tools = [{ type: "function", function: { name: "f", parameters: { type: "object", properties: {} } } }];
  const { answer, entry } = await call({ model: "gpt-4.1-nano", tools });
  expect(answer.status).toBe(200);
  expect(answer.headers.get("x-calybris-model")).toBe("gpt-4.1-nano");
  expect(entry).toMatchObject({ acted: 2, decision: { action: "substitute", selected: 1 } });
  const plain = await call({ model: "gpt-4.1-nano" });
  expect(plain.answer.headers.get("x-calybris-model")).toBe("gpt-4.1");
  expect(plain.entry).not.toHaveProperty("acted");
});

test("where the policy's choice has no deployment, the requested model runs; where nothing was requested, nothing does", async () => {
  running = await startGateway({
    startingPolicy,
    flags: { "calls-decisions": "enforce" },
    candidates: ["gpt-4.1-nano"],
  });
  const { answer, entry } = await call({ model: "gpt-4.1-nano" });
  expect(answer.status).toBe(200);
  expect(entry).toMatchObject({ acted: 2, decision: { selected: 1 } });
  expect((await call({ model: "auto" })).answer.status).toBe(503);
});
