import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { retryAfterMs, waitBefore } from "../../src/providers/retry-rules.ts";
import type { Upstream } from "../../src/providers/upstream.ts";
import { type RunningMock, runningMock } from "../mock/running-mock.ts";
import { call, chatBody, draws, textOf, upstreamAt } from "./called-mock.ts";

let running: RunningMock;
let [first, second]: Upstream[] = [];
const both = (): readonly Upstream[] => [first as Upstream, second as Upstream];
beforeEach(async () => {
  running = await runningMock();
  first = upstreamAt(running.mock.url, { name: "first" });
  second = upstreamAt(running.mock.url, { name: "second" });
});
afterEach(async () => {
  for (const upstream of both()) await upstream.close();
  await running[Symbol.asyncDispose]();
});

const named = (attempts: readonly { readonly deployment: string }[]): readonly string[] =>
  attempts.map(({ deployment }) => deployment);

describe("a call that the provider refused", () => {
  test.each([
    "status=500",
    "status=503",
    "status=529",
    "status=408",
    "status=429",
    "first-event-error",
    "status=401",
    "status=429 code=insufficient_quota",
  ])("with %s goes to another deployment, and costs nothing", async (fault) => {
    const { result, begun, ended } = await call(both(), `[[mock: ${fault} times=1]]`, { isStreamed: true });
    expect(await textOf(result)).toContain("[DONE]");
    expect(named(begun)).toEqual(["first", "second"]);
    expect(ended).toMatchObject([{ attempt: { number: 1, attemptId: "attempt-1" }, mayBeBilled: false }]);
    expect(running.rows().map((row) => [row.request_id, row.cost_microcents > 0])).toEqual([
      ["attempt-1", false],
      ["attempt-2", true],
    ]);
  });

  test.each(["status=400", "status=404", "status=413", "status=422"])(
    "with %s is not sent again: it is the client's own",
    async (fault) => {
      const { result, begun } = await call(both(), `[[mock: ${fault}]]`);
      expect(result).toMatchObject({ kind: "refused", answer: { status: Number(fault.slice(7)) } });
      expect(begun).toHaveLength(1);
    },
  );

  test("is sent to the same deployment again after a wait, where there is no other", async () => {
    const { result, begun } = await call([first as Upstream], "[[mock: status=503 times=2]]");
    expect(JSON.parse(await textOf(result))).toMatchObject({ object: "chat.completion" });
    expect(named(begun)).toEqual(["first", "first", "first"]);
  });

  test("is not sent again before the time that the provider asks for, nor at all if that is too long", async () => {
    const beganMs = performance.now();
    const soon = await call([first as Upstream], "[[mock: status=429 retry-after-ms=15 times=1]]");
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(14);
    await textOf(soon.result);
    const late = await call([first as Upstream], "[[mock: status=429 retry-after=60]]");
    expect([late.result.kind, late.begun.length]).toEqual(["refused", 1]);
  });

  test("is sent as often as the rules allow, and the last refusal is the answer", async () => {
    const { result, ended } = await call(both(), "[[mock: status=500]]");
    expect([result.kind, ended.length, ended.every(({ fault }) => fault === "provider")]).toEqual(["refused", 3, true]);
  });

  test("for the operator's account closes the deployment for later calls at once", async () => {
    const { result } = await call(both(), "[[mock: status=403 times=1]]");
    await textOf(result);
    expect([first?.guard.state, second?.guard.state]).toEqual(["open", "closed"]);
    const later = await call(both(), "hi");
    await textOf(later.result);
    expect(named(later.begun)).toEqual(["second"]);
  });
});

test.each([
  ["status=429", "closed"],
  ["status=404", "closed"],
  ["status=500", "open"],
])("ten answers with %s leave the circuit %s", async (fault, wanted) => {
  for (let answer = 0; answer < 10; answer += 1)
    await call([first as Upstream], `[[mock: ${fault}]]`, { retries: { attemptsMax: 1, waitMs: 1, waitMaxMs: 1 } });
  await new Promise(setImmediate);
  expect(first?.guard.state).toBe(wanted);
});

describe("a call whose answer was lost", () => {
  test.each(["reset=before-head"])("with %s may be billed, and is not sent again", async (fault) => {
    const { result, begun, ended } = await call(both(), `[[mock: ${fault}]]`);
    expect(result).toMatchObject({ kind: "failed", failure: { isSent: true } });
    expect([begun.length, ended[0]?.mayBeBilled]).toEqual([1, true]);
    expect(running.rows()[0]?.cost_microcents).toBeGreaterThan(0);
  });

  test.each(["cut=before-usage", "reset=stream"])(
    "by %s in a stream fails where it is read, and counts against the deployment",
    async (fault) => {
      for (let cut = 0; cut < 10; cut += 1) {
        const { result } = await call([first as Upstream], `[[mock: ${fault} output=40]]`, { isStreamed: true });
        if (result.kind !== "answer") throw new Error("no answer");
        await expect(Array.fromAsync(result.pieces)).rejects.toMatchObject({ kind: "reset" });
        expect(first?.guard.state).toBe("closed");
        result.answer.end("fault");
        await new Promise(setImmediate);
      }
      expect(first?.guard.state).toBe("open");
      expect((await call([first as Upstream], "hi")).result).toEqual({ kind: "unavailable" });
    },
  );
});

test("a call that never left is sent to another deployment, and was never billed", async () => {
  const gone = await runningMock();
  const unreachable = upstreamAt(gone.mock.url, { name: "unreachable" });
  await gone[Symbol.asyncDispose]();
  const { result, begun, ended } = await call([unreachable, second as Upstream], "hi");
  await textOf(result);
  expect(named(begun)).toEqual(["unreachable", "second"]);
  expect(ended).toMatchObject([{ failure: { kind: "connect", isSent: false }, mayBeBilled: false }]);
  await unreachable.close();
});

test("a large body in pieces arrives whole with every attempt", async () => {
  const [bytes = Buffer.alloc(0)] = chatBody(`[[mock: status=500 times=1]]${"x".repeat(400_000)}`, false);
  const body = [bytes.subarray(0, 7), bytes.subarray(7, 300_000), bytes.subarray(300_000)];
  const { result, ended } = await call(both(), "", {
    requestOf: () => ({ asked: "openai-chat", headers: [], body }),
  });
  // 400,028 bytes of text and what providers add to a message.
  expect(JSON.parse(await textOf(result))).toMatchObject({ usage: { prompt_tokens: 100_010 } });
  expect(ended).toMatchObject([{ status: 500 }]);
});

test("nothing is sent before its attempt is durable, nor when that fails", async () => {
  let callsBefore = -1;
  const ports = {
    begin: async ({ number }: { readonly number: number }) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (number === 2) throw new Error("the disk is full");
      callsBefore = running.mock.callCount;
      return "a";
    },
  };
  await expect(call(both(), "[[mock: status=500]]", { ports })).rejects.toThrow("the disk is full");
  expect([callsBefore, running.mock.callCount]).toEqual([0, 1]);
  // The place of the call that was not sent is free again.
  await new Promise(setImmediate);
  expect(Array.from({ length: 8 }, () => second?.guard.enter()).filter((entered) => entered === undefined)).toEqual([]);
});

test("deployments are chosen by weight among those that take a call", async () => {
  const light = upstreamAt(running.mock.url, { name: "light", weight: 1, concurrencyMax: 1 });
  const heavy = upstreamAt(running.mock.url, { name: "heavy", weight: 9, concurrencyMax: 1 });
  const open = [];
  for (const draw of [1, 5]) open.push(await call([light, heavy], "hi", { ports: { random: draws(draw) } }));
  expect(open.map(({ begun }) => named(begun))).toEqual([["heavy"], ["light"]]);
  // Both have all the calls that they take.
  expect((await call([light, heavy], "hi")).result).toEqual({ kind: "unavailable" });
  for (const { result } of open) await textOf(result);
  for (const upstream of [light, heavy]) await upstream.close();
});

test("waits double, are drawn from their second half, and are never shorter than the provider asks", () => {
  const rules = { attemptsMax: 5, waitMs: 100, waitMaxMs: 1_000 };
  expect([1, 2, 3, 9].map((number) => waitBefore(rules, number, 0, draws(0)))).toEqual([50, 100, 200, 500]);
  expect([1, 2, 3, 9].map((number) => waitBefore(rules, number, 0, draws(9_999)))).toEqual([100, 200, 400, 1_000]);
  expect([waitBefore(rules, 1, 700, draws(0)), waitBefore(rules, 1, 1_001, draws(0))]).toEqual([700, undefined]);
});

test.each([
  [{ "retry-after": "2" }, 2_000],
  [{ "retry-after-ms": "1500", "retry-after": "9" }, 1_500],
  [{ "retry-after": "Thu, 01 Jan 1970 00:00:10 GMT" }, 9_000],
  [{ "retry-after": "Thu, 01 Jan 1970 00:00:00 GMT" }, 0],
  [{ "retry-after": "Retry-After" }, 0],
  [{}, 0],
])("%j asks for a wait of %i ms", (headers: { readonly [name: string]: string }, wanted) => {
  expect(retryAfterMs({ header: (name) => headers[name] }, 1_000)).toBe(wanted);
});
