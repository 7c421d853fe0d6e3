import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { type RunningGateway, startGateway } from "./running-gateway.ts";

// Goal: a provider that fails under many calls at once, or clients that all leave, are seen by each client as an error that says so,
// and by the ledger as nothing where nothing was billed, and as held where nobody knows.
// Method: every call of a burst meets the same fault of the mock provider, whose own bill is then compared with the ledger. After ten
// failures the circuit opens: calls that it refuses are answered 503 and cost nothing.

const CALLS = 24;
let running: RunningGateway;
afterEach(() => running.end());

interface Seen {
  readonly status: number;
  readonly text: string;
  readonly decisionId: string;
}

async function start(): Promise<void> {
  running = await startGateway({ flags: { "calls-attempts-max": "1" } });
  await running.client({ key: running.keys.operate }).setBudget("default", {
    limit: { exposureCapDollars: "1000" },
    grant: { id: "all", amountMicrocents: "100000000000" },
  });
}

async function call(number: number, fault: string, stream: boolean, leavesAfterMs?: number): Promise<Seen> {
  const isChat = number % 2 === 0;
  const left = leavesAfterMs === undefined ? undefined : AbortSignal.timeout(leavesAfterMs);
  const messages = [{ role: "user", content: `Call ${number}. [[mock: output=40 ${fault}]]` }];
  const model = isChat ? "gpt-4.1" : "claude-sonnet-4-6";
  let decisionId = "";
  try {
    const answer = await fetch(`${running.url}${isChat ? "/v1/chat/completions" : "/v1/messages"}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${running.keys.decide}` },
      body: JSON.stringify({ model, max_tokens: 60, messages, stream }),
      ...(left === undefined ? {} : { signal: left }),
    });
    decisionId = answer.headers.get("x-calybris-decision") ?? "";
    return { status: answer.status, text: await answer.text(), decisionId };
  } catch (error) {
    if (left?.aborted !== true) throw error;
    return { status: 0, text: "", decisionId };
  }
}

/** What is settled covers no more than the bill, and what is settled or reserved no less. */
function requireCovered(): { readonly bill: bigint; readonly reserved: bigint } {
  const bill = running.mock.billedMicrocents;
  const { settledMicrocents, debtMicrocents, reservedMicrocents } = running.service.engine.ledger.balance("default");
  expect(settledMicrocents + debtMicrocents).toBeLessThanOrEqual(bill);
  expect(settledMicrocents + debtMicrocents + reservedMicrocents).toBeGreaterThanOrEqual(bill);
  return { bill, reserved: reservedMicrocents };
}

const openStates = (): readonly string[] => [...running.service.engine.calls.open()].map(({ state }) => state);

interface Fault {
  readonly fault: string;
  readonly stream: boolean;
  readonly statuses: readonly number[];
  /** Of a call that was sent. */
  readonly isHeld: boolean;
}

const FAULTS: readonly Fault[] = [
  { fault: "status=500", stream: false, statuses: [500], isHeld: false },
  { fault: "status=500", stream: true, statuses: [500], isHeld: false },
  { fault: "status=429", stream: true, statuses: [429], isHeld: false },
  { fault: "status=400", stream: false, statuses: [400], isHeld: false },
  { fault: "status=401", stream: false, statuses: [502], isHeld: false },
  { fault: "reset=before-head", stream: false, statuses: [502], isHeld: true },
  { fault: "cut=before-usage", stream: false, statuses: [502], isHeld: true },
  { fault: "cut=before-usage", stream: true, statuses: [200], isHeld: true },
  { fault: "reset=stream", stream: true, statuses: [200, 502], isHeld: true },
  { fault: "error-event", stream: true, statuses: [200], isHeld: true },
];

describe("when a provider fails under a burst of calls,", () => {
  test.each(FAULTS)("$fault, streamed: $stream", async ({ fault, stream, statuses, isHeld }) => {
    await start();
    const seen = await Promise.all(Array.from({ length: CALLS }, (_none, number) => call(number, fault, stream)));
    const sent = seen.filter(({ status }) => status !== 503);
    expect(sent.length).toBeGreaterThan(0);
    for (const { status, text } of sent) {
      expect(statuses, text).toContain(status);
      expect(text).toContain("error");
      expect(text).not.toMatch(/\[DONE\]|message_stop/);
    }
    const { bill, reserved } = requireCovered();
    expect(openStates().every((state) => state === "held")).toBe(true);
    expect(openStates()).toHaveLength(isHeld ? sent.length : 0);
    if (!isHeld) expect([bill, reserved]).toEqual([0n, 0n]);
    else expect(reserved).toBeGreaterThan(0n);
  });
});

test("when clients leave a burst of calls at any moment, each call is held or settled, and none stays open", async () => {
  await start();
  const { engine } = running.service;
  // How long a call takes here and now.
  const beganMs = performance.now();
  expect((await call(CALLS, "slow=20", true)).status).toBe(200);
  const stepMs = (performance.now() - beganMs) / 10;
  await Promise.all(
    Array.from({ length: CALLS }, (_none, number) =>
      call(number, "slow=20", number % 3 > 0, 1 + Math.round(number * stepMs)),
    ),
  );
  for (let waits = 0; openStates().includes("in_flight") && waits < 3_000; waits += 1) await sleep(20);
  expect(openStates().filter((state) => state !== "held")).toEqual([]);
  const { bill, reserved } = requireCovered();
  expect(bill).toBeGreaterThan(0n);
  expect(openStates().length === 0 || reserved > 0n).toBe(true);
  expect(engine.reading.failure).toBeUndefined();
  // Who stays is served as before.
  expect((await call(CALLS + 1, "", false)).status).toBe(200);
});
