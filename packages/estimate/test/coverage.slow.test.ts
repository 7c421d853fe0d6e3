/**
 * Intervals that are looked at after every row, in worlds where the value is known: how often they miss it at any time. The
 * standard interval is beside them.
 */
import { BettingBound, DriftingBound, type LoggedRow, pseudoReward, RunningMean, weightOf } from "@calybris/estimate";
import { describe, expect, test } from "vitest";

const RUNS = 300;
/** Its bound is a bisection, which takes longer. */
const DRIFT_RUNS = 100;
const ROWS = 2_000;
const ALPHA = 0.05;
/** From here on the standard interval is looked at: before, nobody would trust it. */
const WALD_FROM = 100;
const WALD_ERRORS = 1.96;

interface World {
  readonly k: number;
  /** The value of the target at a row. */
  readonly valueAt: (row: number) => number;
  readonly begin: (random: () => number) => (row: number) => LoggedRow;
}

const MEANS = [0.3, 0.5, 0.6];
const WORST = [1, 0, 0];

function draw(shares: readonly number[], random: () => number): number {
  const drawn = random();
  let sum = 0;
  const arm = shares.findIndex((share) => {
    sum += share;
    return drawn < sum;
  });
  return arm === -1 ? shares.length - 1 : arm;
}

/** A log by fixed probabilities; predictions are the true means, halved. */
function fixed(
  logged: readonly number[],
  target: readonly number[],
  means: (row: number) => readonly number[],
  k: number,
): World {
  return {
    k,
    valueAt: (row) => target.reduce((sum, share, arm) => sum + share * (means(row)[arm] ?? 0), 0),
    begin: (random) => (row) => {
      const chosen = draw(logged, random);
      const reward = random() < (means(row)[chosen] ?? 0) ? 1 : 0;
      return { logged, target, predicted: means(row).map((mean) => mean / 2), chosen, reward };
    },
  };
}

/** A log that learns: mostly the arm that did best so far, and each of the others with ε/K. */
const LEARNING: World = {
  k: 30,
  valueAt: () => MEANS[0] ?? 0,
  begin: (random) => {
    const [sums, counts] = [
      [1, 1, 1],
      [2, 2, 2],
    ];
    return () => {
      const means = sums.map((sum, arm) => sum / (counts[arm] ?? 1));
      const best = means.indexOf(Math.max(...means));
      const logged = means.map((_, arm) => 0.05 / 3 + (arm === best ? 0.95 : 0));
      const chosen = draw(logged, random);
      const reward = random() < (MEANS[chosen] ?? 0) ? 1 : 0;
      const row = { logged, target: WORST, predicted: means, chosen, reward };
      sums[chosen] = (sums[chosen] ?? 0) + reward;
      counts[chosen] = (counts[chosen] ?? 0) + 1;
      return row;
    };
  },
};

const WORLDS: readonly (readonly [string, World])[] = [
  ["fixed probabilities", fixed([0.5, 0.3, 0.2], [0.2, 0.3, 0.5], () => MEANS, 3)],
  ["5 % exploration", fixed([0.05 / 3, 0.05 / 3, 1 - 0.1 / 3], WORST, () => MEANS, 30)],
  ["a log that learns", LEARNING],
  ["rare rewards", fixed([0.5, 0.5], [0.1, 0.9], () => [0.005, 0.01], 1)],
  ["one arm is never wrong", fixed([0.9, 0.1], [0, 1], () => [0, 1], 5)],
];

/** Mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe("the value is missed at any time in at most 5 % of runs", () => {
  test.each(WORLDS)("%s", (name, world) => {
    let [missed, waldMissed] = [0, 0];
    const value = world.valueAt(0);
    for (let run = 0; run < RUNS; run += 1) {
      // One cell is enough: the bound misses exactly when it refutes the value itself.
      const lower = new BettingBound(world.k, ALPHA / 2, [value]);
      const upper = new BettingBound(world.k, ALPHA / 2, [1 - value]);
      const next = world.begin(seeded(run + 1));
      const mean = new RunningMean();
      let isWaldOff = false;
      for (let at = 0; at < ROWS; at += 1) {
        const row = next(at);
        lower.add(pseudoReward(row, world.k, "lower"));
        upper.add(pseudoReward(row, world.k, "upper"));
        mean.add(weightOf(row, row.chosen) * (row.reward ?? 0));
        isWaldOff ||= at >= WALD_FROM && Math.abs(mean.mean - value) > WALD_ERRORS * mean.standardError;
      }
      if (lower.running !== undefined || upper.running !== undefined) missed += 1;
      if (isWaldOff) waldMissed += 1;
    }
    console.log(`${name}: missed in ${missed} of ${RUNS} runs; the standard interval in ${waldMissed}`);
    expect(missed / RUNS).toBeLessThanOrEqual(ALPHA);
    expect(waldMissed / RUNS).toBeGreaterThan(ALPHA);
  });

  test("a value that drifts: the average so far", () => {
    const world = fixed([0.5, 0.5], [0.2, 0.8], (row) => (row < ROWS / 2 ? [0.2, 0.8] : [0.6, 0.1]), 1);
    let missed = 0;
    for (let run = 0; run < DRIFT_RUNS; run += 1) {
      const lower = new DriftingBound(world.k, ALPHA / 2);
      const upper = new DriftingBound(world.k, ALPHA / 2);
      const next = world.begin(seeded(run + 1));
      let values = 0;
      let isOff = false;
      for (let at = 0; at < ROWS; at += 1) {
        const row = next(at);
        values += world.valueAt(at);
        lower.add(pseudoReward(row, world.k, "lower"));
        upper.add(pseudoReward(row, world.k, "upper"));
        // The bound is a bisection: looking now and then finds fewer misses than looking always, so it is looked at often.
        if (at % 50 === 0) isOff ||= lower.now > values / (at + 1) || 1 - upper.now < values / (at + 1);
      }
      if (isOff) missed += 1;
    }
    console.log(`drift: missed in ${missed} of ${DRIFT_RUNS} runs`);
    expect(missed / DRIFT_RUNS).toBeLessThanOrEqual(ALPHA);
  });
});
