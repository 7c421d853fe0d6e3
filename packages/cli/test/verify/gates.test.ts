/**
 * What a comparison counts, and when its gates open: decisions in shadow, actions that differ, outcomes.
 */
import { type Engine, GATES, type RolloutStatus } from "@calybris/engine";
import { bps, createPolicy, type PolicySnapshot } from "@calybris/kernel";
import { expect, test } from "vitest";
import { OPEN, policyOf, requestOf, World } from "./rollout-world.ts";

/** Refuses everything: no candidate has the quality. */
function refusing(): PolicySnapshot {
  const policy = policyOf("high floor");
  const useCase = policy.useCases["default"] as (typeof policy.useCases)[string];
  return { ...policy, useCases: { default: { ...useCase, qualityMinBps: bps(9_900) } } };
}

/** The same policy without one of its candidates. */
function without(id: number): PolicySnapshot {
  const policy = policyOf("as it is");
  const candidates = policy.policy.candidates.map((one) => ({ ...one, enabled: (one.id === id ? 0 : 1) as 0 | 1 }));
  return { ...policy, policy: createPolicy({ ...policy.policy, candidates }) };
}

async function decideMany(engine: Engine, count: number, succeeded: (at: number) => boolean): Promise<void> {
  for (let at = 0; at < count; at++) {
    const { decisionId, decision } = await engine.decide({ ...requestOf(1), tenant: `t${at % 7}` });
    if (decision.action !== "reject") await engine.learning.observe({ decisionId, succeeded: succeeded(at) });
  }
}

async function staged(policy: PolicySnapshot): Promise<Engine> {
  const engine = await new World().open(policyOf("as it is"));
  await engine.rollout.stage(policy);
  return engine;
}

const compared = async (engine: Engine, gates = OPEN): Promise<NonNullable<RolloutStatus["compared"]>> => {
  const { compared: found } = await engine.rollout.status(gates);
  if (found === undefined) throw new Error("none is staged");
  return found;
};

test("gates stay closed until as many decisions are in shadow as they need, whatever outcomes show", async () => {
  const engine = await staged(policyOf("other ids"));
  await decideMany(engine, 49, () => true);
  const gates = { ...OPEN, decisionsMin: 50 };
  expect(await compared(engine, gates)).toMatchObject({ passes: undefined, missing: ["49 of 50 decisions in shadow"] });
  await decideMany(engine, 1, () => true);
  expect(await compared(engine, gates)).toMatchObject({ passes: "a", missing: [], actionMismatches: 0 });
  await engine.close();
});

test("gate (a) stays closed while too many actions differ, though the policy is no worse", async () => {
  const engine = await staged(refusing());
  await decideMany(engine, 30, () => false);
  const found = await compared(engine, { ...OPEN, actionDeltaMaxBps: 500 });
  expect(found.isNoWorseAt).toBeGreaterThan(0);
  expect(found).toMatchObject({ decisions: 30, actionMismatches: 30, mismatches: 30, passes: undefined });
  expect(found.missing.join()).toContain("100.0 % of actions differ");
  expect(await compared(engine, { ...OPEN, actionDeltaMaxBps: 10_000 })).toMatchObject({ passes: "a" });
  await engine.close();
});

test("a policy that gives up half of the successes is never shown to be no worse", async () => {
  const engine = await staged(refusing());
  await decideMany(engine, 150, (at) => at % 2 === 0);
  const found = await compared(engine, { decisionsMin: 1, actionDeltaMaxBps: 10_000, margin: 0.01, alpha: 0.9 });
  expect(found).toMatchObject({ isNoWorseAt: undefined, isBetterAt: undefined, passes: undefined });
  expect(found.reward.difference).toBeLessThan(-0.3);
  await engine.close();
});

test("a candidate of another id and the same name is the same decision, and a staging begins the counts anew", async () => {
  const engine = await staged(policyOf("other ids"));
  await decideMany(engine, 12, () => true);
  const { counts } = await engine.rollout.status();
  expect(counts).toMatchObject({ decisions: 12, actionMismatches: 0, mismatches: 0, examples: [] });
  await engine.rollout.stage(refusing());
  await decideMany(engine, 3, () => true);
  expect((await engine.rollout.status()).counts).toMatchObject({ decisions: 3, actionMismatches: 3, mismatches: 3 });
  expect((await compared(engine)).decisions).toBe(3);
  await engine.close();
});

test("outcomes of a canary change nothing of what is compared", async () => {
  const run = async (isReported: boolean): Promise<unknown> => {
    const engine = await new World().open(policyOf("as it is"));
    const usual = (await engine.decide({ ...requestOf(1), tenant: "acme" })).decision.selectedId;
    await engine.rollout.stage(without(usual));
    await decideMany(engine, 10, () => false);
    const { staged: candidate } = await engine.rollout.status();
    await engine.rollout.canary(candidate?.id ?? 0, 10_000, undefined, { ...OPEN, actionDeltaMaxBps: 10_000 });
    for (let at = 0; at < 20; at++) {
      const { decisionId, decision, policyId } = await engine.decide({ ...requestOf(1), tenant: "acme" });
      expect([policyId, decision.selectedId]).toEqual([candidate?.id, 3 - usual]);
      if (isReported) await engine.learning.observe({ decisionId, succeeded: false });
    }
    await engine.rollout.canary(candidate?.id ?? 0, 0);
    await decideMany(engine, 10, (at) => at % 3 > 0);
    // Entries are others where outcomes are among them.
    const { sequence: _sequence, differing, ...found } = await compared(engine);
    await engine.close();
    return { ...found, differing: differing.examples.map(({ sequence: _of, ...example }) => example) };
  };
  expect(await run(true)).toEqual(await run(false));
});

test("the gates that are shipped: 1,000 decisions, 500 bps of actions, a margin of 0.01, an error of 0.05", () => {
  expect(GATES).toEqual({ decisionsMin: 1_000, actionDeltaMaxBps: 500, margin: 0.01, alpha: 0.05 });
});

test("a policy that is as good is shown to be no worse by more than the margin, and never to be better by it", async () => {
  const engine = await staged(policyOf("other ids"));
  await decideMany(engine, 60, (at) => at % 2 === 0);
  const found = await compared(engine, { decisionsMin: 1, actionDeltaMaxBps: 500, margin: 0.5, alpha: 0.9 });
  expect(found.reward.difference).toBe(0);
  expect(found.isNoWorseAt).toBeGreaterThan(0);
  expect(found).toMatchObject({ isBetterAt: undefined, passes: "a" });
  await engine.close();
});

test("gates open by the net reward, whatever success says", async () => {
  const engine = await new World().open(policyOf("as it is"));
  const { costMicrocents } = (await engine.decide(requestOf(1))).decision;
  // What runs always succeeds and spends a quarter of its value: who refuses loses all of the success, and three quarters of the reward.
  const request = { ...requestOf(1), valueMicrocents: 4n * costMicrocents };
  await engine.rollout.stage(refusing());
  for (let at = 0; at < 200; at++) {
    const { decisionId } = await engine.decide(request);
    await engine.learning.observe({ decisionId, succeeded: true, costMicrocents });
  }
  const found = await compared(engine, { decisionsMin: 1, actionDeltaMaxBps: 10_000, margin: 0.9, alpha: 0.9 });
  expect(found.success.difference).toBe(-1);
  expect(found.reward.difference).toBeGreaterThan(-0.8);
  expect(found.isNoWorseAt).toBeGreaterThan(0);
  await engine.close();
});

test("k is half of the largest weight that the active policy's exploration allows, and 50 without exploration", async () => {
  const fixed = await staged(policyOf("other ids"));
  await decideMany(fixed, 2, () => true);
  expect((await compared(fixed)).reward.k).toBe(50);
  await fixed.close();
  const learns = policyOf("learns");
  const engine = await new World().open(learns);
  await engine.rollout.stage(policyOf("as it is"));
  expect((await compared(engine)).reward.k).toBe(Math.max(1, learns.tiers.length / 0.5 / 2));
  await engine.close();
});
