/**
 * Latency of the router on this machine: medians, after warm-up. The clock is an argument.
 * @module
 */
import { samplingTable } from "@calybris/engine/internal";
import { seededChance } from "../chance.ts";
import type { Choice } from "../online-policy.ts";
import { CalybrisPolicy } from "../policies/calybris-policy.ts";
import { TableBuilder } from "../table.ts";
import type { Measured } from "./goals.ts";

const ROWS = 4_000;
const BATCH = 1_000;
const ROUNDS = 41;
const FEATURES = 8;

/** @param nowMs - a monotonic clock, in milliseconds. */
export function measureSpeed(nowMs: () => number): Measured["speed"] {
  const chance = seededChance(1);
  const names = Array.from({ length: FEATURES }, (_, at) => `x${at}`);
  const builder = new TableBuilder("speed", names, ["a", "b"], ROWS);
  for (let row = 0; row < ROWS; row += 1) {
    const features = names.map(() => chance.below(1_000));
    const cheap = chance.share() < 0.6 ? 10_000 : 0;
    builder.add({ features, category: "any", outcomesBps: [cheap, 10_000], costsMicrocents: [1, 10] });
  }
  const table = builder.finish({ isInTimeOrder: true });
  const policy = new CalybrisPolicy(
    { table, valueMicrocents: 100, seed: 1, scoresBps: undefined, boundariesBps: undefined },
    { explorationBps: 500, discountPpm: 999_000, anomalyShareBps: 500 },
  );
  const choice: Choice = { tier: 0, propensity: 1 };
  for (let row = 0; row < ROWS; row += 1) {
    policy.recommend(row, choice);
    policy.observe(row, choice.tier, 10_000, 9_000);
  }
  const timed = (count: number, run: () => void): number => {
    const samples = Array.from({ length: ROUNDS }, () => {
      const start = nowMs();
      run();
      return ((nowMs() - start) * 1_000) / count;
    }).sort((a, b) => a - b);
    return samples[ROUNDS >> 1] ?? Number.NaN;
  };
  const tableOf = (count: number): (() => void) => {
    const alpha = Array.from({ length: count }, (_, arm) => 3_000_000 + 100_000 * arm);
    const beta = Array.from({ length: count }, (_, arm) => 2_000_000 + 50_000 * arm);
    return () => {
      for (let at = 0; at < 20; at += 1) samplingTable(alpha, beta, 500);
    };
  };
  return {
    recommendMicros: timed(BATCH, () => {
      for (let row = 0; row < BATCH; row += 1) policy.recommend(row, choice);
    }),
    tableMicros3: timed(20, tableOf(3)),
    tableMicros8: timed(20, tableOf(8)),
  };
}
