import { afterEach, expect, test } from "vitest";
import { type RunningGateway, startGateway } from "./running-gateway.ts";

// Goal: a system clock that jumps while calls are under way changes no answer and no cost.
// Method: the provider holds streams open while the clock jumps an hour forward or back; the ledger is then compared with the bill.

let running: RunningGateway;
afterEach(() => running.end());

const HOUR_US = 3_600_000_000;

test.each([
  ["back by an hour", -HOUR_US],
  ["forward by an hour", HOUR_US],
  ["forward by a day", 24 * HOUR_US],
])("the clock goes %s under calls", async (_name, jumpUs) => {
  let offsetUs = 0;
  running = await startGateway({ ports: { nowUs: () => Date.now() * 1_000 + offsetUs } });
  const { mock, client, keys, url } = running;
  await client({ key: keys.operate }).setBudget("default", {
    limit: { exposureCapDollars: "1000" },
    grant: { id: "all", amountMicrocents: "100000000000" },
  });
  const calls = Array.from({ length: 8 }, async (_none, number) => {
    const messages = [{ role: "user", content: `Call ${number}. [[mock: output=30 slow=8]]` }];
    const answer = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${keys.decide}` },
      body: JSON.stringify({ model: "gpt-4.1", max_tokens: 30, messages, stream: true }),
    });
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    let text = Buffer.from((await reader.read()).value ?? []).toString();
    // Every call is under way now or later, some of them before the jump and some after it.
    if (number === 3) offsetUs = jumpUs;
    for (let piece = await reader.read(); !piece.done; piece = await reader.read())
      text += Buffer.from(piece.value).toString();
    return { status: answer.status, text, decisionId: answer.headers.get("x-calybris-decision") ?? "" };
  });
  for (const { status, text } of await Promise.all(calls)) {
    expect(status).toBe(200);
    expect(text).toMatch(/\[DONE\]\n\n$/);
  }
  const bill = mock
    .billText()
    .split("\n")
    .filter((row) => row !== "")
    .map((row) => JSON.parse(row) as { readonly cost_microcents: number })
    .reduce((sum, { cost_microcents: cost }) => sum + BigInt(cost), 0n);
  const { settledMicrocents, debtMicrocents, reservedMicrocents } = running.service.engine.ledger.balance("default");
  expect({ charged: settledMicrocents + debtMicrocents, reservedMicrocents }).toEqual({
    charged: bill,
    reservedMicrocents: 0n,
  });
});
