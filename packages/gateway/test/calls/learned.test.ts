import { parsePolicyFile } from "@calybris/engine";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CALL_POLICY, type RunningGateway, startGateway } from "./running-gateway.ts";

let running: RunningGateway;
beforeAll(async () => {
  const learning = { features: ["prompt_bytes", "messages"], warmUpRequests: 30 };
  running = await startGateway({
    startingPolicy: () => Promise.resolve(parsePolicyFile({ ...CALL_POLICY, learning })),
    models: [{ name: "gpt-*", decisions: "enforce" }],
  });
});
afterAll(() => running.end());

test("a policy that learns gets the call's counts, and the answer's end is an outcome", async () => {
  const { engine } = running.service;
  const answer = await fetch(`${running.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": running.keys.decide },
    body: JSON.stringify({ model: "gpt-4.1", messages: [{ role: "user", content: "Say hello." }] }),
  });
  expect(answer.status).toBe(200);
  const found = await engine.reading.decision(answer.headers.get("x-calybris-decision") ?? "");
  expect((await found)?.decided.learning).toBeDefined();
});
