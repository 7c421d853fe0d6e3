import { beforeEach, expect, test } from "vitest";
import { parseBudgets } from "../../src/intake/budgets-file.ts";
import { CommandWorld } from "../support/command-world.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";

// Goal: one entry settles a decision's reservation and reports its outcome, and the ledger is the only source of a cost.

let world: CommandWorld;
beforeEach(async () => {
  world = await CommandWorld.open({ policy: sampleSnapshot() });
  await world.engine.ledger.apply(parseBudgets({ tenants: { acme: {}, other: { unlimited: true } } }));
  await world.engine.ledger.grant({ tenant: "acme", amountMicrocents: 10_000n, id: "first" });
});

async function decided(tenant = "acme"): Promise<string> {
  const request = { tenant, inputTokens: 1_000_000, outputTokens: 500_000, valueMicrocents: 100_000_000 };
  return (await world.engine.decide({ ...request, requested: "better" })).decisionId;
}

const kinds = (): readonly string[] => world.entries().map((data) => /"kind":"([a-z]+)"/.exec(data)?.[1] ?? "");

test("an outcome with settle moves the money and is one entry, whose digest covers the cost", async () => {
  const { engine } = world;
  const decisionId = await decided();
  const before = kinds().length;
  const outcome = { decisionId, succeeded: true, costMicrocents: 40, settle: true };
  const observed = await engine.learning.observe(outcome);
  expect(kinds().slice(before)).toEqual(["outcome"]);
  expect(world.entries().at(-1)).toContain('"settledMicrocents":40');
  expect(observed.settlement).toMatchObject({ state: "settled", actualMicrocents: 40n, sequence: observed.sequence });
  expect(engine.ledger.balance("acme")).toMatchObject({ settledMicrocents: 40n, reservedMicrocents: 0n });
  const { repeated, ...first } = observed;
  expect(await engine.learning.observe(outcome)).toMatchObject({ digest: first.digest, repeated: true });
  expect(await engine.ledger.settle({ decisionId, actualMicrocents: 40 })).toMatchObject({ repeated: true });
  expect(kinds().slice(before)).toEqual(["outcome"]);
});

test("after a settlement an outcome carries no cost: the same cost or none is taken, another is refused", async () => {
  const { engine } = world;
  for (const costMicrocents of [40, undefined]) {
    const decisionId = await decided();
    const { sequence } = await engine.ledger.settle({ decisionId, actualMicrocents: 40 });
    await expect(engine.learning.observe({ decisionId, succeeded: true, costMicrocents: 41 })).rejects.toMatchObject({
      code: "CAL_OUTCOME_COST",
      status: 409,
      details: { costMicrocents: 41n, actualMicrocents: 40n, state: "settled", sequence },
    });
    await engine.learning.observe({ decisionId, succeeded: true, costMicrocents });
    expect(world.entries().at(-1)).not.toMatch(/"(?:cost|settled|claimed)Microcents"/);
    for (const again of [40, undefined])
      expect(await engine.learning.observe({ decisionId, succeeded: true, costMicrocents: again })).toMatchObject({
        repeated: true,
      });
  }
});

test("a cost far beyond its reservation is held, and its outcome is taken; the operator states the total", async () => {
  const { engine } = world;
  const decisionId = await decided();
  const outcome = { decisionId, succeeded: true, costMicrocents: 2n ** 62n, settle: true };
  const { settlement, sequence } = await engine.learning.observe(outcome);
  expect(settlement).toMatchObject({ state: "held", sequence });
  expect(engine.ledger.balance("acme")).toMatchObject({ debtMicrocents: 0n, settledMicrocents: 0n });
  expect(await engine.learning.observe(outcome)).toMatchObject({ repeated: true, settlement: { state: "held" } });
  await engine.ledger.reconcile({ decisionId, actualMicrocents: 50 });
  expect(engine.ledger.balance("acme")).toMatchObject({ settledMicrocents: 50n, reservedMicrocents: 0n });
});

test("an outcome that was reported without settling settles when it is sent again with settle", async () => {
  const { engine } = world;
  const decisionId = await decided();
  const outcome = { decisionId, succeeded: true, costMicrocents: 40 };
  await engine.learning.observe(outcome);
  expect(engine.ledger.balance("acme").settledMicrocents).toBe(0n);
  const again = await engine.learning.observe({ ...outcome, settle: true });
  expect(again).toMatchObject({ repeated: true, settlement: { state: "settled", actualMicrocents: 40n } });
  expect(engine.ledger.balance("acme").settledMicrocents).toBe(40n);
});

test("where nothing is reserved nothing is settled, and the outcome keeps its cost", async () => {
  const decisionId = await decided("other");
  const outcome = { decisionId, succeeded: true, costMicrocents: 40, settle: true };
  expect((await world.engine.learning.observe(outcome)).settlement).toBeUndefined();
  expect(world.entries().at(-1)).toContain('"costMicrocents":40');
});

test.each([
  ["no cost", { costMicrocents: undefined }, "costMicrocents"],
  ["a call that has not ended", { disposition: "in_flight" as const }, "disposition"],
  ["a settle that is no flag", { settle: "yes" as never }, "settle"],
])("with settle, %s is refused by its field, and nothing is changed", async (_what, change, path) => {
  const { engine } = world;
  const decisionId = await decided();
  const digest = engine.stateDigest();
  const outcome = { decisionId, succeeded: true, costMicrocents: 40, settle: true, ...change };
  await expect(engine.learning.observe(outcome)).rejects.toMatchObject({
    code: "CAL_OUTCOME_INVALID",
    details: { mistakes: [{ path }] },
  });
  expect(engine.stateDigest()).toBe(digest);
});

test("a held reservation is reconciled, not settled by an outcome", async () => {
  const { engine } = world;
  const decisionId = await decided();
  await engine.ledger.hold({ decisionId, cause: "timeout" });
  const digest = engine.stateDigest();
  await expect(
    engine.learning.observe({ decisionId, succeeded: true, costMicrocents: 40, settle: true }),
  ).rejects.toMatchObject({ code: "CAL_LEDGER_RESERVATION_STATE" });
  expect(engine.stateDigest()).toBe(digest);
});
