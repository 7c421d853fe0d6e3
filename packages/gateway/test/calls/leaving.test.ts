import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { parsePolicyFile } from "@calybris/engine";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Running, startService } from "../support/running-service.ts";
import { CALL_POLICY } from "./running-gateway.ts";

/** Answers a head and one event, or nothing, and then waits for its client to leave. */
let provider: Server;
let arrived: (() => void) | undefined;
let closedAtMs = 0;
let closed = Promise.withResolvers<void>();
let running: Running;

const EVENT =
  'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}\n\n';

beforeAll(async () => {
  provider = createServer((request, response) => {
    response.once("close", () => {
      closedAtMs = performance.now();
      closed.resolve();
    });
    request.resume().once("end", () => {
      if (request.headers["openai-beta"] === "head") response.writeHead(200, { "content-type": "text/event-stream" });
      if (request.headers["openai-beta"] === "head") response.write(EVENT);
      arrived?.();
    });
  });
  await new Promise<void>((resolve) => provider.listen(0, "127.0.0.1", resolve));
  const baseUrl = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`;
  running = await startService({
    startingPolicy: () => Promise.resolve(parsePolicyFile(CALL_POLICY)),
    flags: {
      providers: JSON.stringify([{ name: "p", api: "openai", baseUrl }]),
      deployments: JSON.stringify([{ name: "d", candidate: "gpt-4.1", provider: "p" }]),
    },
  });
});

afterAll(async () => {
  await running.end();
  provider.closeAllConnections();
  await new Promise((resolve) => provider.close(resolve));
});

/** Milliseconds from the client's leaving to the end of the provider's connection. */
async function leaveAfter(phase: "head" | "request", stream: boolean): Promise<number> {
  closed = Promise.withResolvers();
  const abort = new AbortController();
  const atProvider = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const call = fetch(`${running.url}/v1/chat/completions`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "openai-beta": phase,
      authorization: `Bearer ${running.keys.decide}`,
    },
    body: JSON.stringify({ model: "gpt-4.1", stream, messages: [{ role: "user", content: "Hello" }] }),
    signal: abort.signal,
  });
  const ended = call.then((answer) => answer.text()).catch(() => undefined);
  await atProvider;
  if (phase === "head") await call;
  const leftMs = performance.now();
  abort.abort();
  await Promise.all([ended, closed.promise]);
  return closedAtMs - leftMs;
}

/** The best of some tries: a busy machine makes one late, and a gateway that does not abort makes all of them hang. */
test.each([
  ["before the head of a stream", "request", true],
  ["before an answer that is not streamed", "request", false],
  ["within a stream", "head", true],
] as const)("a client that leaves %s ends the provider's call within 100 ms", async (_when, phase, stream) => {
  const tries: number[] = [];
  for (let at = 0; at < 5; at += 1) tries.push(await leaveAfter(phase, stream));
  expect(Math.min(...tries)).toBeLessThan(100);
});
