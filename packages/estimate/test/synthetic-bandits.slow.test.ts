/**
 * Synthetic bandits in the manner of Open Bandit Pipeline, 10,000 rounds and 30 arms, 30 seeds: the mean relative error of the doubly
 * robust estimate is that of the pipeline's table, 0.0162, within 0.004. `CALYBRIS_CASES=all` tries every seed; with fewer, one seed
 * decides the mean, so that only the order of the estimators is held.
 */
import { expect, test } from "vitest";
import { longTest } from "../../../test/share.ts";
import { seeded } from "./logging-worlds.ts";
import { estimatedBandit } from "./synthetic-bandits.ts";

const SETTINGS = { rounds: 10_000, arms: 30, beta: -3 };
const PUBLISHED_DR = 0.0162;
const BAND = 0.004;
const NAMES = ["dm", "ips", "dr"] as const;

type Errors = Readonly<Record<(typeof NAMES)[number], number>>;

function meanErrors(seeds: number): Errors {
  const sums = { dm: 0, ips: 0, dr: 0 };
  for (let seed = 1; seed <= seeds; seed += 1) {
    const { truth, estimates } = estimatedBandit(SETTINGS, seeded(seed * 7_919));
    for (const name of NAMES) sums[name] += Math.abs(estimates[name].value - truth) / truth / seeds;
  }
  return sums;
}

test("the doubly robust estimate is nearer to the truth than importance weighting, and by far than the model alone", () => {
  const { dm, ips, dr } = meanErrors(2);
  expect(dr).toBeLessThan(ips);
  expect(dr).toBeLessThan(dm / 10);
}, 120_000);

longTest(
  "over 30 seeds, the mean relative error of the doubly robust estimate is within 0.004 of the published 0.0162",
  () => {
    const { ips, dr } = meanErrors(30);
    expect(Math.abs(dr - PUBLISHED_DR)).toBeLessThanOrEqual(BAND);
    expect(dr).toBeLessThan(ips);
  },
  1_200_000,
);
