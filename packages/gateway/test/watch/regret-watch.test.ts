/** The metrics of regret, and the warning of biased predictions, of a service whose learner predicts what never comes. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { RegretWatch } from "../../src/watch/regret-watch.ts";
import { createLog } from "../../src/watch/log.ts";
import { type Running, startService, testPolicy } from "../support/running-service.ts";

/** The learner is taught by few outcomes, so its predictions stay what they were. */
const LEARNING = { features: ["load"], explorationBps: 2_000, warmUpRequests: 20, holdoutBps: 9_900 };
const MEASURED_MS = 15_000;

let running: Running;
afterEach(async () => {
  vi.useRealTimers();
  await running.end();
});

async function metricsOf(): Promise<ReadonlyMap<string, number>> {
  const text = await running.client({ key: running.keys.operate }).metrics();
  return new Map(
    [...text.matchAll(/^(calybris_(?:regret|calibration)[a-z_]*) (\S+)$/gm)].map(([, name = "", value]) => [
      name,
      Number(value),
    ]),
  );
}

describe("a policy that learns", () => {
  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    running = await startService({ startingPolicy: () => Promise.resolve(testPolicy({ learning: LEARNING })) });
    const { engine } = running.service;
    for (let number = 0; number < 300; number += 1) {
      const { decisionId } = await engine.decide({ inputTokens: 1_000, features: { load: number % 9 } });
      await engine.learning.observe({ decisionId, succeeded: false });
    }
  });

  test("is measured every 15 seconds; its metrics say what the API answers, and the log which predictions are biased, once", async () => {
    expect((await metricsOf()).get("calybris_regret_bps")).toBeNaN();
    for (const _ of [1, 2]) {
      vi.advanceTimersByTime(MEASURED_MS);
      await vi.waitUntil(async () => ((await metricsOf()).get("calybris_regret_sequence") ?? 0) > 600, {
        timeout: 60_000,
      });
    }
    const answer = await running.client({ key: running.keys.audit }).regret();
    const { all, calibration } = answer;
    const metrics = await metricsOf();
    const biased = calibration.filter(({ isBiased }) => isBiased);
    expect(biased.length).toBeGreaterThan(0);
    expect(metrics.get("calybris_calibration_biased_cells")).toBe(biased.length);
    expect(metrics.get("calybris_regret_outcomes")).toBe(all.rows);
    expect(metrics.get("calybris_regret_reward_bps")).toBeCloseTo((all.ran.value ?? Number.NaN) * 10_000, 6);
    if (all.regret !== null) expect(metrics.get("calybris_regret_bps")).toBeCloseTo(all.regret * 10_000, 6);
    expect(running.logged().split("predictions of a regime and tier are biased").length - 1).toBe(biased.length);
    await expect(running.client({ key: running.keys.decide }).regret()).rejects.toMatchObject({ status: 403 });
  });

  test("says once in the log and in a metric which regimes leave the prior out of account", async () => {
    const flat = vi.spyOn(running.service.engine.learning, "flatRegimes", "get").mockReturnValue([2]);
    const lines = (): number => running.logged().split("the prior is left out there").length - 1;
    const metric = async (): Promise<string | undefined> =>
      /^calybris_learning_flat_regimes (\S+)$/m.exec(
        await running.client({ key: running.keys.operate }).metrics(),
      )?.[1];
    for (const _ of [1, 2]) vi.advanceTimersByTime(MEASURED_MS);
    expect([lines(), await metric()]).toEqual([1, "1"]);
    flat.mockReturnValue([2, 5]);
    vi.advanceTimersByTime(MEASURED_MS);
    expect([lines(), await metric()]).toEqual([2, "2"]);
    flat.mockReturnValue([]);
    vi.advanceTimersByTime(MEASURED_MS);
    flat.mockReturnValue([5]);
    vi.advanceTimersByTime(MEASURED_MS);
    expect(lines()).toBe(3);
    flat.mockRestore();
    expect(await metric()).toBe("0");
  });

  test("is measured within 15 seconds of a reading of its metrics, and of none within the hour", async () => {
    const { engine } = running.service;
    const watch = new RegretWatch(engine, createLog("silent", { write: () => undefined }));
    const sequence = (): number => watch.gauges().find(({ name }) => name === "calybris_regret_sequence")?.value ?? 0;
    const report = vi.spyOn(engine.regret, "report");
    for (let seconds = 0; seconds < 3_000; seconds += 15) vi.advanceTimersByTime(MEASURED_MS);
    expect(report).not.toHaveBeenCalled();
    expect(sequence()).toBe(0);
    vi.advanceTimersByTime(MEASURED_MS);
    expect(report).toHaveBeenCalledTimes(1);
    await vi.waitUntil(() => sequence() > 600, { timeout: 60_000 });
    watch.close();
  });
});

describe("a policy that does not learn", () => {
  beforeEach(async () => {
    running = await startService();
  });

  test("is not measured, and the API answers that nothing was", async () => {
    await running.client({ key: running.keys.decide }).decide({ inputTokens: 10 });
    const watch = new RegretWatch(running.service.engine, createLog("silent", { write: () => undefined }));
    await watch.measure();
    watch.close();
    const values = new Map(watch.gauges().map(({ name, value }) => [name, value]));
    expect(values.get("calybris_regret_sequence")).toBe(0);
    expect(values.get("calybris_regret_reward_bps")).toBeNaN();
    const answer = await running.client({ key: running.keys.operate }).regret();
    expect(answer).toMatchObject({ decisions: 1, outcomes: 0, all: { rows: 0, regret: null, best: null } });
  });
});
