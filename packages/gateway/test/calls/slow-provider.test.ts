import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunningGateway, startGateway } from "./running-gateway.ts";

let running: RunningGateway;
beforeAll(async () => {
  running = await startGateway({
    flags: {
      "limits-answer-ms": "300",
      "limits-idle-ms": "300",
      "limits-request-ms": "300",
      "limits-headers-ms": "300",
    },
  });
});
afterAll(() => running.end());

async function call(fault: string, stream: boolean): Promise<string> {
  const answer = await fetch(`${running.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${running.keys.decide}` },
    body: JSON.stringify({
      model: "gpt-4.1",
      stream,
      messages: [{ role: "user", content: `Hello [[mock: ${fault}]]` }],
    }),
  });
  expect(answer.status).toBe(200);
  return answer.text();
}

test("an answer may take longer than any limit of the connection, because nobody waits for the client", async () => {
  const [late, lateHead, slow] = await Promise.all([
    call("latency=900 output=3", false),
    call("first-token=900 output=3", true),
    call("slow=150 output=8", true),
  ]);
  expect(late).toContain('"finish_reason":"stop"');
  expect(lateHead).toContain("data: [DONE]");
  expect(slow).toContain("data: [DONE]");
});
