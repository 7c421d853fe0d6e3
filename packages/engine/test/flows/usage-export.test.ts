import { expect, test } from "vitest";
import { reconcileExport } from "../../src/flows/usage-export.ts";
import { boundsOf, CallWorld } from "../support/call-world.ts";

// Goal: an export states what held calls cost, exactly; what it does not state stays held, and what it cannot explain is said.
// Method: calls of every kind against an engine in memory, and an export written by hand.

const NAMED = { exportDigest: "ab".repeat(32), file: "usage.jsonl" };

async function world(): Promise<CallWorld> {
  const made = await new CallWorld().open();
  await made.fund("team", 100_000n);
  return made;
}

const lines = (...rows: readonly object[]): string => rows.map((row) => JSON.stringify(row)).join("\n");

test("held calls are reconciled to the microcent, attempt by attempt, and the entry names the export", async () => {
  const made = await world();
  const { engine } = made;
  const call = (asked?: object) => made.call(asked);
  const whole = await call();
  await whole.hold({ cause: "timeout" }, { number: 1, status: 0, latencyMs: 1 });
  const twice = await call();
  await twice.attemptEnded({ number: 1, status: 500, latencyMs: 1, costMicrocents: 30n });
  const [bound] = boundsOf(3_000n);
  if (bound === undefined) throw new Error("there is a bound");
  await twice.attempt({ candidate: 1, bound });
  await twice.hold({ cause: "stream_cut" }, { number: 2, status: 200, latencyMs: 1 });
  const priced = await call({ tags: { team: "search" } });
  await priced.hold({ cause: "client_gone" });
  const silent = await call();
  await silent.hold({ cause: "client_gone" });
  const settled = await call();
  await settled.complete({}, { number: 1, status: 200, latencyMs: 1, costMicrocents: 11n });
  const usage = { input_tokens: 4_000_000, output_tokens: 1_000_001 };
  const text = lines(
    { request_id: whole.decisionId, cost_microcents: 700 },
    { request_id: `${twice.decisionId}/2`, cost_microcents: 500 },
    { request_id: `${priced.decisionId}/1`, usage },
    { request_id: `${settled.decisionId}/1`, cost_microcents: 11 },
    { request_id: `${silent.decisionId}/1`, cost_microcents: 9, is_ended: false },
    { request_id: "req_of_someone_else", cost_microcents: 21 },
  );
  const report = await reconcileExport(engine, text, NAMED);
  expect(report).toEqual({
    reconciled: [
      { decisionId: whole.decisionId, costMicrocents: 700n },
      { decisionId: twice.decisionId, costMicrocents: 530n },
      // 4 × 250 and 1,000 and a part: each part is rounded up.
      { decisionId: priced.decisionId, costMicrocents: 2_001n },
    ],
    stillHeld: [silent.decisionId],
    otherRowCount: 1,
    unexplainedRowCount: 1,
    unexplainedMicrocents: 21n,
    buckets: [],
  });
  expect(made.balance()).toMatchObject({ settled: 700n + 530n + 2_001n + 11n, reserved: 9_500n });
  const again = await reconcileExport(engine, text, NAMED);
  expect(again).toMatchObject({ reconciled: [], stillHeld: [silent.decisionId], otherRowCount: 4 });
  expect(made.lines.filter((line) => line.includes(`"exportDigest":"${NAMED.exportDigest}"`))).toHaveLength(3);
  await engine.close();
});

test("a bill without ids is spread over its held calls in proportion to their bounds, never beyond, and the rest is unexplained", async () => {
  const made = await world();
  const { engine } = made;
  const from = Math.floor(made.now / 1_000_000);
  const first = await made.call({ bounds: boundsOf(500n, 1n) });
  const second = await made.call({ bounds: boundsOf(2_500n, 1n) });
  const settled = await made.call();
  await first.hold({ cause: "timeout", knownMicrocents: 100n });
  await second.hold({ cause: "timeout" });
  await settled.complete({}, { number: 1, status: 200, latencyMs: 1, costMicrocents: 40n });
  made.now += 3_600_000_000;
  const later = await made.call();
  await later.hold({ cause: "timeout" });
  const bucket = { from, to: from + 60 };
  // 1,000 and 3,000 are reserved, of which 100 are settled: 1,301 of 3,900 are to be spread.
  const report = await reconcileExport(engine, lines({ ...bucket, cost_microcents: 1_441 }), NAMED);
  expect(report).toMatchObject({
    reconciled: [
      { decisionId: first.decisionId, costMicrocents: 401n },
      { decisionId: second.decisionId, costMicrocents: 1_000n },
    ],
    stillHeld: [later.decisionId],
    buckets: [{ callCount: 2, unexplainedMicrocents: 0n }],
  });
  const rest = { from: bucket.to, to: from + 7_200, candidate: "better", cost_microcents: 9_777 };
  expect(await reconcileExport(engine, lines({ ...bucket, cost_microcents: 1_000 }, rest), NAMED)).toMatchObject({
    reconciled: [{ decisionId: later.decisionId, costMicrocents: 9_500n }],
    buckets: [
      { callCount: 0, unexplainedMicrocents: -441n },
      { callCount: 1, unexplainedMicrocents: 277n },
    ],
  });
  expect(made.balance()).toMatchObject({ reserved: 0n, settled: 1_441n + 9_500n });
  await engine.close();
});

test("an export that is complete up to a time makes calls of before that it does not have cost nothing, and no others", async () => {
  const made = await world();
  const { engine } = made;
  const silent = await made.call();
  await silent.hold({ cause: "unknown" });
  const partly = await made.call();
  await partly.hold({ cause: "stream_cut", knownMicrocents: 40n });
  const growing = await made.call();
  await growing.hold({ cause: "client_gone" });
  const twice = await made.call();
  await twice.attemptEnded({ number: 1, status: 500, latencyMs: 1, costMicrocents: 30n });
  made.now += 1_000;
  const until = made.now;
  const [bound] = boundsOf(3_000n);
  if (bound === undefined) throw new Error("there is a bound");
  await twice.attempt({ candidate: 1, bound });
  await twice.hold({ cause: "timeout" }, { number: 2, status: 0, latencyMs: 1 });
  const later = await made.call();
  await later.hold({ cause: "unknown" });
  const text = lines({ request_id: `${growing.decisionId}/1`, cost_microcents: 9, is_ended: false });
  expect(await reconcileExport(engine, text, NAMED)).toMatchObject({ reconciled: [] });
  const report = await reconcileExport(engine, text, { ...NAMED, completeUntilUs: until });
  expect(report.reconciled).toEqual([{ decisionId: silent.decisionId, costMicrocents: 0n }]);
  expect(report.stillHeld).toEqual([partly, growing, twice, later].map(({ decisionId }) => decisionId));
  const all = await reconcileExport(engine, "", { ...NAMED, completeUntilUs: made.now + 60_000_000 });
  expect(all.reconciled).toEqual([
    { decisionId: growing.decisionId, costMicrocents: 0n },
    { decisionId: twice.decisionId, costMicrocents: 30n },
    { decisionId: later.decisionId, costMicrocents: 0n },
  ]);
  expect(all.stillHeld).toEqual([partly.decisionId]);
  await engine.close();
});

test("a held reservation of a decision that is no call stays held, however complete an export is", async () => {
  const made = await world();
  const { engine } = made;
  const { decisionId } = await engine.decide({ tenant: "team", inputTokens: 1 });
  await engine.ledger.hold({ decisionId, cause: "unknown" });
  const complete = { ...NAMED, completeUntilUs: made.now + 60_000_000 };
  expect(await reconcileExport(engine, "", complete)).toMatchObject({ reconciled: [], stillHeld: [decisionId] });
  await engine.close();
});

test.each([
  ["what is no JSON", "{", 1],
  ["a row that is no object", "\n[1]", 2],
  ["a bucket without a time", '{"cost_microcents":1}', 1],
  ["a bucket that ends before it begins", '{"from":9,"to":8,"cost_microcents":1}', 1],
  ["a bucket of an unknown candidate", '{"from":1,"to":8,"candidate":"x","cost_microcents":1}', 1],
  ["an id that is not a string", '{"request_id":7,"cost_microcents":1}', 1],
  ["a negative cost", '{"request_id":"x","cost_microcents":-1}', 1],
  ["neither a cost nor usage", '{"request_id":"x"}', 1],
])("%s is refused with its line, and nothing is changed", async (_what, text, line) => {
  const { engine } = await world();
  const { sequence } = engine.reading.head;
  await expect(reconcileExport(engine, text, NAMED)).rejects.toMatchObject({
    code: "CAL_INPUT_MALFORMED",
    details: { file: "usage.jsonl", line },
  });
  expect(engine.reading.head.sequence).toBe(sequence);
  await engine.close();
});
