import { getActiveResourcesInfo } from "node:process";
import { execFile } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect, promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { UpstreamFailure } from "../../src/providers/upstream-failure.ts";
import type { Upstream } from "../../src/providers/upstream.ts";
import { StreamPass } from "../../src/wire/stream-pass.ts";
import { type RunningMock, runningMock } from "../mock/running-mock.ts";
import { call, PATIENT, textOf, upstreamAt } from "./called-mock.ts";

let running: RunningMock;
let upstream: Upstream;
let before: { readonly sockets: number; readonly timers: number };
beforeEach(async () => {
  before = { sockets: active("TCPSocketWrap"), timers: active("Timeout") };
  running = await runningMock({ key: "sk-provider" });
  upstream = upstreamAt(running.mock.url);
});
afterEach(async () => {
  await upstream.close();
  await running[Symbol.asyncDispose]();
  // Nothing is left of the calls: no connection, and none of their timers, which run for five seconds and more. The runner has
  // short ones of its own.
  const untilMs = performance.now() + 2_000;
  const isLeft = (): boolean => active("TCPSocketWrap") > before.sockets || active("Timeout") > before.timers;
  while (isLeft() && performance.now() < untilMs) await new Promise(setImmediate);
  expect(isLeft()).toBe(false);
});

function active(resource: string): number {
  return getActiveResourcesInfo().filter((name) => name === resource).length;
}

describe("an answer", () => {
  test("comes with the provider's bytes and headers, and the bill has the attempt's id", async () => {
    const { result, begun, ended } = await call([upstream], "hi");
    expect(JSON.parse(await textOf(result))).toMatchObject({ object: "chat.completion", model: "gpt-4.1" });
    expect([begun, ended]).toEqual([[{ number: 1, deployment: "one" }], []]);
    expect(running.rows().map((row) => row.request_id)).toEqual(["attempt-1"]);
    expect(result.kind === "answer" && result.answer.header("x-request-id")).toBe(
      running.rows()[0]?.provider_request_id,
    );
  });

  test("that the provider compressed although it was asked not to is read as it was before", async () => {
    const { result } = await call([upstream], "[[mock: encoding=gzip]]");
    if (result.kind !== "answer") throw new Error("no answer");
    const body = await result.answer.whole(65_536);
    result.answer.end("healthy");
    expect(result.answer.header("content-encoding")).toBe("gzip");
    expect(JSON.parse(body.toString())).toMatchObject({ object: "chat.completion" });
  });

  test("that is a stream passes from its first byte, comments that came before it included", async () => {
    const { result } = await call([upstream], "hi", { isStreamed: true });
    const pass = new StreamPass({ dialect: "openai-chat", isUsageHidden: false });
    pass.push(Buffer.from(await textOf(result)));
    expect(pass.end().outcome).toBe("complete");
  });

  test("is not followed to another address, and the key does not go there", async () => {
    const elsewhere = await runningMock();
    const { result, ended } = await call([upstream], `[[mock: redirect=${elsewhere.mock.url}/v1/chat/completions]]`, {
      retries: { attemptsMax: 1, waitMs: 1, waitMaxMs: 1 },
    });
    expect([result.kind, ended[0]?.status, ended[0]?.fault, elsewhere.mock.callCount]).toEqual([
      "refused",
      307,
      "provider",
      0,
    ]);
    await elsewhere[Symbol.asyncDispose]();
  });

  test("that is larger than its bound ends the call", async () => {
    const { result } = await call([upstream], "[[mock: output=2000]]");
    if (result.kind !== "answer") throw new Error("no answer");
    await expect(result.answer.whole(1_024)).rejects.toMatchObject({ kind: "too-large" });
    result.answer.end("fault");
  });
});

test("an answer that is ended before it was read is over for the provider too", async () => {
  const { result } = await call([upstream], "[[mock: slow=20 output=2000]]", { isStreamed: true });
  if (result.kind !== "answer") throw new Error("no answer");
  result.answer.end("unknown");
  const endedMs = performance.now();
  // All of it would take 40 seconds.
  while (running.rows()[0]?.is_ended !== true && performance.now() - endedMs < 10_000) await new Promise(setImmediate);
  expect(performance.now() - endedMs).toBeLessThan(10_000);
});

describe("a client that leaves", () => {
  test.each([
    ["before the head", "stall=before-head", 0],
    ["before the first token", "first-token=60000", 0],
    ["between two events", "slow=50 output=2000", 300],
    ["while the provider stalls", "stall=stream output=40", 300],
  ])("%s is gone for the provider within 100 ms of processor time", async (_phase, fault, readMs) => {
    const leaving = new AbortController();
    let atLeaving = process.cpuUsage();
    const leave = (): void => {
      atLeaving = process.cpuUsage();
      leaving.abort();
    };
    // The provider has the call when it has billed its input.
    const waiting = setInterval(() => {
      if (readMs > 0 || (running.rows().at(-1)?.cost_microcents ?? 0) === 0) return;
      clearInterval(waiting);
      leave();
    }, 20);
    const { result, ended } = await call([upstream], `[[mock: ${fault}]]`, {
      isStreamed: true,
      left: leaving.signal,
      timeouts: PATIENT,
    });
    clearInterval(waiting);
    if (readMs > 0) {
      if (result.kind !== "answer") throw new Error("no answer");
      setTimeout(leave, readMs);
      await expect(drained(result.pieces)).rejects.toMatchObject({ kind: "left" });
      result.answer.end("unknown");
    } else {
      expect(result).toMatchObject({ kind: "failed", failure: { kind: "left" } });
      expect(ended).toMatchObject([{ mayBeBilled: true }]);
    }
    // The test is busy while it waits, so that time in which the machine did something else does not count.
    const takenMs = (): number => {
      const { user, system } = process.cpuUsage(atLeaving);
      return (user + system) / 1_000;
    };
    while (running.rows().at(-1)?.is_ended !== true && takenMs() < 1_000) await new Promise(setImmediate);
    expect(takenMs()).toBeLessThan(100);
  });

  test("before the call is sent costs nothing", async () => {
    const { result, ended } = await call([upstream], "hi", { left: AbortSignal.abort() });
    expect(result).toMatchObject({ kind: "failed", failure: { kind: "left", isSent: false } });
    expect([ended[0]?.mayBeBilled, running.mock.callCount]).toEqual([false, 0]);
  });
});

describe("a deadline", () => {
  test.each([
    ["head", "latency=60000", { headMs: 60 }],
    ["firstToken", "first-token=60000", { firstTokenMs: 60 }],
    ["total", "first-token=60000", { totalMs: 60 }],
  ])("for the %s ends the call, which may be billed and is not sent again", async (deadline, fault, timeouts) => {
    const { result, ended, begun } = await call([upstream], `[[mock: ${fault}]]`, {
      isStreamed: true,
      timeouts: { ...PATIENT, ...timeouts },
    });
    expect(result).toMatchObject({ kind: "failed", failure: { kind: `timeout-${deadline}` } });
    expect([begun.length, ended[0]?.mayBeBilled]).toEqual([1, true]);
  });

  test.each([
    ["idle", { idleMs: 60 }],
    ["total", { totalMs: 1_500 }],
  ])("for the %s ends a stream that has begun", async (deadline, timeouts) => {
    const { result } = await call([upstream], "[[mock: stall=stream output=40]]", {
      isStreamed: true,
      timeouts: { ...PATIENT, ...timeouts },
    });
    if (result.kind !== "answer") throw new Error("no answer");
    await expect(drained(result.pieces)).rejects.toMatchObject({ kind: `timeout-${deadline}`, isSent: true });
    result.answer.end("fault");
  });
});

test("a client that does not read holds 256 KiB at most, and the provider waits", async () => {
  // A server of our own, which counts what the connection takes: a hundred megabytes, as fast as it goes.
  let sentBytes = 0;
  const piece = Buffer.from(`data: ${"x".repeat(65_528)}\n\n`);
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const send = (): void => {
      while (sentBytes < 100 * 1024 * 1024) {
        sentBytes += piece.byteLength;
        if (!response.write(piece)) return void response.once("drain", send);
      }
      response.end();
    };
    send();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const busy = upstreamAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const { result } = await call([busy], "hi", { isStreamed: true });
  if (result.kind !== "answer") throw new Error("no answer");
  await result.pieces.next();
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(result.answer.heldBytes).toBeLessThanOrEqual(256 * 1024);
  // The kernel's buffers of a loopback connection are several megabytes; what is beyond them was not read.
  expect(sentBytes).toBeLessThan(32 * 1024 * 1024);
  result.answer.end("unknown");
  await busy.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test("an error of the connection names its kind, and holds nothing of the request", async () => {
  const { result } = await call([upstream], "[[mock: reset=before-head]]");
  if (result.kind !== "failed") throw new Error("it did not fail");
  expect(result.failure).toBeInstanceOf(UpstreamFailure);
  expect(result.failure).toMatchObject({ kind: "reset", isSent: true });
  expect(inspect(result, { depth: 9, showHidden: true })).not.toContain("sk-provider");
  expect(result.failure.cause).toBeUndefined();
});

async function drained(pieces: AsyncIterable<Buffer>): Promise<void> {
  for await (const _ of pieces);
}

test("the gateway loads no other client of HTTP than its own: neither Node's copy of undici, nor the rest of the package", async () => {
  const program = `
    await import(${JSON.stringify(new URL("../../src/index.ts", import.meta.url).href)});
    const { cache } = (await import("node:module")).createRequire(import.meta.url);
    console.log(process.moduleLoadList.filter((name) => name.includes("deps/undici")).length);
    console.log(Object.keys(cache).filter((file) => /undici.lib.web/.test(file)).length);`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program]);
  expect(stdout.trim().split("\n")).toEqual(["0", "0"]);
});
