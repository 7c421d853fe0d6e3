import { Engine } from "@calybris/engine";
import { InlineDriver, Writer } from "@calybris/engine/internal";
import { afterEach, describe, expect, test } from "vitest";
import { type DiskCall, MemoryDisk } from "../../../engine/test/support/memory-disk.ts";
import { type RunningGateway, startGateway } from "./running-gateway.ts";

// Goal: a disk that fails under calls costs nobody money that the ledger does not know of, and each client an answer that says so.
// Method: many calls at once, of which some are streams; from some call of the disk on every one fails. Then a new process on what
// the disk holds: what was answered as complete is settled, and what was billed is settled or held.

const CALLS = 36;
let running: RunningGateway | undefined;
afterEach(async () => {
  // What cannot be sealed is no failure of the test.
  await running?.end().catch(() => undefined);
  running = undefined;
});

interface Answered {
  readonly status: number;
  readonly text: string;
  readonly decisionId: string | undefined;
}

async function call(gateway: RunningGateway, number: number): Promise<Answered> {
  const messages = [{ role: "user", content: `Call ${number}. [[mock: output=20]]` }];
  const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${gateway.keys.decide}` },
    body: JSON.stringify({ model: "gpt-4.1", max_tokens: 30, messages, stream: number % 3 === 0 }),
  });
  const decisionId = answer.headers.get("x-calybris-decision") ?? undefined;
  return { status: answer.status, text: await answer.text(), decisionId };
}

const driverOf =
  (disk: MemoryDisk) =>
  (start: ConstructorParameters<typeof Writer>[1]): InlineDriver =>
    new InlineDriver(new Writer(disk, start));

describe.each(["syncData", "write"] as const)("when %s of the disk fails under calls,", (broken: DiskCall) => {
  test.each([5, 40])("from its call %i on", async (from) => {
    const disk = new MemoryDisk();
    const ports = { disk, driver: driverOf(disk) };
    running = await startGateway({ ports, flags: { "calls-attempts-max": "1" } });
    const { mock, client, keys } = running;
    await client({ key: keys.operate }).setBudget("default", {
      limit: { exposureCapDollars: "1000" },
      grant: { id: "all", amountMicrocents: "100000000000" },
    });
    let seen = 0;
    disk.fault = (name) => (name === broken && ++seen > from ? "fail" : undefined);
    const answers = await Promise.all(
      Array.from({ length: CALLS }, (_none, number) => call(running as RunningGateway, number)),
    );
    for (const { status, text } of answers) {
      expect([200, 503], text).toContain(status);
      if (status === 503) expect(text).toMatch(/CAL_JOURNAL_FAILED|error/);
    }
    expect(answers.some(({ status }) => status === 503)).toBe(true);
    // Refused before its body is read, and at once.
    expect((await call(running, CALLS)).status).toBe(503);

    const rows = mock
      .billText()
      .split("\n")
      .filter((row) => row !== "")
      .map((row) => JSON.parse(row) as { readonly request_id: string; readonly cost_microcents: number });
    const bill = rows.reduce((sum, { cost_microcents: cost }) => sum + BigInt(cost), 0n);
    if (from > 5) expect(bill).toBeGreaterThan(0n);
    const after = disk.copy();
    const engine = await Engine.open({ directory: "memory", disk: after, driver: driverOf(after) });
    await engine.calls.holdInterrupted();
    const { settledMicrocents, debtMicrocents, reservedMicrocents } = engine.ledger.balance("default");
    expect(settledMicrocents + debtMicrocents).toBeLessThanOrEqual(bill);
    expect(settledMicrocents + debtMicrocents + reservedMicrocents).toBeGreaterThanOrEqual(bill);
    const whole = answers.filter(({ status, text }) => status === 200 && text.startsWith("{"));
    for (const { decisionId = "" } of whole) expect(engine.calls.standing(decisionId).state).toBe("settled");
    await engine.close();
  });
});
