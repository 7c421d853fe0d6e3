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
  });
  expect(made.balance()).toMatchObject({ settled: 700n + 530n + 2_001n + 11n, reserved: 9_500n });
  const again = await reconcileExport(engine, text, NAMED);
  expect(again).toMatchObject({ reconciled: [], stillHeld: [silent.decisionId], otherRowCount: 4 });
  expect(made.lines.filter((line) => line.includes(`"exportDigest":"${NAMED.exportDigest}"`))).toHaveLength(3);
  await engine.close();
});

test.each([
  ["what is no JSON", "{", 1],
  ["a row that is no object", "\n[1]", 2],
  ["a row without an id", '{"cost_microcents":1}', 1],
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
