/** The metrics and the examples of a rollout, beside what decides. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Running, startService, testPolicy } from "../support/running-service.ts";

const LEARNING = { features: ["load"], explorationBps: 5_000, warmUpRequests: 20 };
/** The most expensive candidate costs more than it values an answer at. */
const FRUGAL = {
  name: "frugal",
  epoch: 2,
  useCases: {
    default: { valueDollars: "0.01", riskBps: 100, confidenceBps: 9_500, qualityMinBps: 5_000, outputTokens: 500 },
  },
};
const COMPARED_MS = 15_000;

let running: Running;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  running = await startService({ startingPolicy: () => Promise.resolve(testPolicy({ learning: LEARNING })) });
});
afterEach(async () => {
  vi.useRealTimers();
  await running.end();
});

async function metricsOf(): Promise<ReadonlyMap<string, number>> {
  const text = await running.client({ key: running.keys.audit }).metrics();
  return new Map(
    [...text.matchAll(/^calybris_rollout_([a-z_]*) (\S+)$/gm)].map(([, name = "", value]) => [name, Number(value)]),
  );
}

async function decide(count: number, from = 0): Promise<void> {
  const { engine } = running.service;
  for (let number = from; number < from + count; number += 1) {
    const tenant = number % 4 === 0 ? undefined : `t${number % 4}`;
    const { decisionId, decision } = await engine.decide({
      inputTokens: 1_000,
      features: { load: number % 9 },
      tenant,
    });
    await engine.learning.observe({ decisionId, succeeded: decision.selectedId === 1 });
  }
}

describe("a rollout", () => {
  test("without a staged policy has metrics that say so", async () => {
    const metrics = await metricsOf();
    expect(metrics.get("staged_policy")).toBe(0);
    expect(metrics.get("shadow_decisions")).toBe(0);
    expect(metrics.get("reward_upper")).toBeNaN();
    expect(metrics.get("gate_passed")).toBe(0);
  });

  test("is compared every 15 seconds; its metrics are what the API answers, with examples by regime and tenant", async () => {
    const { engine } = running.service;
    await engine.rollout.stage(testPolicy(FRUGAL));
    await decide(300);
    expect((await metricsOf()).get("shadow_decisions")).toBe(300);
    vi.advanceTimersByTime(COMPARED_MS);
    await vi.waitUntil(async () => (await metricsOf()).get("outcomes") === 300, { timeout: 20_000 });
    const client = running.client({ key: running.keys.operate });
    const { staged } = await client.rollout();
    if (staged === null) throw new Error("nothing is staged");
    const metrics = await metricsOf();
    expect(metrics.get("staged_policy")).toBe(2);
    expect(metrics.get("mismatches")).toBe(staged.mismatches);
    expect(metrics.get("action_mismatches")).toBe(staged.actionMismatches);
    expect(metrics.get("reward_lower")).toBe(staged.reward.lower);
    expect(metrics.get("reward_upper")).toBe(staged.reward.upper);
    expect(metrics.get("gate_passed")).toBe(staged.passes === null ? 0 : 1);
    // An entry that compares nothing may have come since.
    expect(staged.comparedSequence - (metrics.get("compared_sequence") ?? 0)).toBeLessThanOrEqual(1);
    const shadowSeconds = metrics.get("shadow_seconds") ?? Number.NaN;
    expect(shadowSeconds > 0 && shadowSeconds < 0.1).toBe(true);

    // Each example is what its entry says, and rows name decisions of their own.
    expect(staged.mismatches).toBeGreaterThan(20);
    expect(staged.mismatchExamples.map(({ sequence }) => sequence)).toEqual(staged.mismatchSequences);
    expect(staged.mismatchExamples).toHaveLength(20);
    const examples = new Map(staged.mismatchExamples.map((example) => [example.sequence, example]));
    for (const { active, staged: would } of examples.values()) {
      expect(would.candidate).not.toBe("large");
      expect(active.candidate === would.candidate && active.action === would.action).toBe(false);
    }
    const rows = [...staged.regimes, ...staged.tenants];
    for (const { mismatches, mismatchSequences } of rows)
      expect(mismatchSequences).toHaveLength(Math.min(3, mismatches));
    for (const row of staged.tenants)
      for (const sequence of row.mismatchSequences)
        expect(examples.get(sequence)?.tenant ?? row.tenant).toBe(row.tenant);
    for (const row of staged.regimes)
      for (const sequence of row.mismatchSequences)
        expect(examples.get(sequence)?.regime ?? row.regime).toBe(row.regime);

    await engine.rollout.rollBack(1);
    expect((await metricsOf()).get("outcomes")).toBe(0);
    expect(await client.rollout()).toMatchObject({ activePolicyId: 1, staged: null });
  });

  test("reads each entry once, however often it is asked, and says what reading all of them anew says", async () => {
    const { engine } = running.service;
    await engine.rollout.stage(testPolicy({ ...FRUGAL, learning: LEARNING }));
    const reads = vi.spyOn(engine.reading, "lines");
    for (let round = 0; round < 4; round += 1) {
      await decide(50, round * 50);
      await Promise.all([engine.rollout.status(), engine.rollout.status()]);
    }
    const from = reads.mock.calls.map(([sequence]) => sequence);
    expect(from).toHaveLength(8);
    expect(new Set(from).size).toBeGreaterThan(3);
    expect(from).toEqual(from.toSorted((one, other) => one - other));
    const often = (await engine.rollout.status()).compared;
    // Other gates begin a comparison of their own.
    const anew = (
      await engine.rollout.status({ decisionsMin: 1_000, actionDeltaMaxBps: 500, margin: 0.01, alpha: 0.05 })
    ).compared;
    expect(often?.outcomes).toBe(200);
    expect(often).toEqual(anew);
  });
});
