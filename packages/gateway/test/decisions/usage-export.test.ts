import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Json } from "../../src/wire/stream-sights.ts";
import { type Running, startService } from "../support/running-service.ts";

// Goal: a usage export reconciles held decisions of a running service: exactly, once, by a known actor, and never beyond a hold.

const ASKED = { tenant: "acme", requested: "large", inputTokens: 1_000, outputTokens: 100 };
let running: Running;

beforeAll(async () => {
  running = await startService();
  await running.client({ key: running.keys.operate }).setBudget("acme", {
    limit: { exposureCapDollars: "1000" },
    grant: { id: "all", amountMicrocents: "100000000000" },
  });
});
afterAll(() => running.end());

const lines = (...rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const operator = (): ReturnType<Running["client"]> => running.client({ key: running.keys.operate });

async function heldDecision(): Promise<{ readonly decisionId: string; readonly reserved: bigint }> {
  const client = running.client({ key: running.keys.decide });
  const { decisionId, costMicrocents } = await client.decide(ASKED);
  await client.hold({ decisionId, tenant: "acme", cause: "timeout" });
  return { decisionId, reserved: BigInt(costMicrocents) };
}

async function entriesOf(decisionId: string): Promise<readonly Json[]> {
  const { reading } = running.service.engine;
  const sequence = Number(decisionId.split("-")[0]);
  const pieces = await Array.fromAsync(reading.lines(sequence, reading.head.sequence));
  const all = Buffer.concat(pieces).toString().trimEnd().split("\n");
  return all
    .map((line) => (JSON.parse(line) as { readonly data: Json }).data)
    .filter((entry) => entry["of"] === sequence);
}

test("a row states what a held decision cost; the entry names the export, the key and on whose behalf", async () => {
  const { decisionId } = await heldDecision();
  const other = await heldDecision();
  const usageExport = lines(
    { request_id: decisionId, cost_microcents: 700 },
    { request_id: "req_of_someone_else", cost_microcents: 21 },
  );
  const done = await operator().reconcileUsage({ usageExport, onBehalfOf: "ada" });
  expect(done).toEqual({
    exportDigest: createHash("sha256").update(usageExport).digest("hex"),
    reconciled: [{ decisionId, costMicrocents: "700" }],
    stillHeld: [other.decisionId],
    otherRowCount: 0,
    unexplainedRowCount: 1,
    unexplainedMicrocents: "21",
    buckets: [],
  });
  const [, reconciliation] = await entriesOf(decisionId);
  expect(reconciliation).toMatchObject({
    kind: "reconciliation",
    actualMicrocents: 700,
    exportDigest: done.exportDigest,
    onBehalfOf: "ada",
    actor: expect.any(Number),
  });
  const before = running.service.engine.reading.head.sequence;
  const again = await operator().reconcileUsage({ usageExport, onBehalfOf: "ada" });
  expect(again).toMatchObject({ reconciled: [], otherRowCount: 1 });
  const entries = await entriesOf(decisionId);
  expect(entries).toHaveLength(2);
  // A seal may follow after a while without traffic.
  expect(running.service.engine.reading.head.sequence).toBeLessThanOrEqual(before + 1);
});

test("a bill is spread over what is held, never beyond it, also when it is sent several times at once", async () => {
  const held = [await heldDecision(), await heldDecision()];
  const total = held.reduce((sum, { reserved }) => sum + reserved, 0n);
  const nowSeconds = Math.floor(Date.now() / 1_000);
  const bucket = { from: nowSeconds - 3_600, to: nowSeconds + 3_600 };
  const settled = (): bigint => running.service.engine.ledger.balance("acme").settledMicrocents;
  const usageExport = lines({ ...bucket, cost_microcents: Number(settled() + total * 10n) });
  const all = await Promise.all(Array.from({ length: 3 }, () => operator().reconcileUsage({ usageExport })));
  expect(all.map(({ reconciled }) => reconciled.length).toSorted((a, b) => a - b)).toEqual([0, 0, 3]);
  const costs = new Map(all.flatMap(({ reconciled }) => reconciled.map((one) => [one.decisionId, one.costMicrocents])));
  for (const { decisionId, reserved } of held) expect(costs.get(decisionId)).toBe(String(reserved));
  expect(running.service.engine.ledger.balance("acme").reservedMicrocents).toBe(0n);
});

test.each([
  ["{", 1],
  [lines({ request_id: "4-00000000", cost_microcents: 1 }) + lines({ cost_microcents: 1 }), 2],
  [lines({ request_id: "4-00000000", cost_microcents: -1 }), 1],
  [lines({ from: 2, to: 1, cost_microcents: 1 }), 1],
])("an export that cannot be read is refused with its line, and nothing is changed: %j", async (usageExport, line) => {
  const { decisionId } = await heldDecision();
  const given = lines({ request_id: decisionId, cost_microcents: 5 }) + usageExport;
  await expect(operator().reconcileUsage({ usageExport: given })).rejects.toMatchObject({
    status: 400,
    code: "CAL_INPUT_MALFORMED",
    message: expect.stringContaining(`usageExport:${line + 1} `),
  });
  expect(await entriesOf(decisionId)).toHaveLength(1);
});

test("the scope `operate` is required", async () => {
  const client = running.client({ key: running.keys.decide });
  await expect(client.reconcileUsage({ usageExport: "{}" })).rejects.toMatchObject({ status: 403 });
});
