import { LEARNING_DEFAULTS } from "@calybris/engine/internal";
import { describe, expect, test } from "vitest";
import {
  CALYBRIS,
  CalybrisPolicy,
  type Choice,
  coldStart,
  groundOf,
  judge,
  judgeFromNothing,
  type PolicyFigures,
  RANDOM,
  rewardBps,
  rowRange,
  runStream,
  STATIC_LEARNED,
  startCalybris,
  transfers,
  worldSwitch,
} from "../src/index.ts";
import { madeTable } from "./made-table.ts";

const OPTIONS = {
  seeds: 2,
  folds: 3,
  resamplings: 50,
  rowsMax: 10_000,
  rowsFitMax: 2_000,
  decisionsMax: 200_000,
  seed: 1,
  trials: 20,
  kinds: ["ridge", "small trees"] as const,
};

describe("a table with something to learn", () => {
  const figures = judge(madeTable(3_000, 41), OPTIONS);
  const of = (name: string): PolicyFigures => {
    const found = figures.policies.find((policy) => policy.name === name);
    if (found === undefined) throw new Error(`no ${name}`);
    return found;
  };

  test("the router misses far less than random at equal savings, and next to as little as its score allows", () => {
    expect(of(RANDOM).area.value).toBeCloseTo(0.5, 1);
    expect(of(CALYBRIS).area.value).toBeLessThan(0.36);
    expect(of(CALYBRIS).area.value - of(STATIC_LEARNED).area.value).toBeLessThan(0.03);
    const [at20] = of(CALYBRIS).atSavings;
    expect(at20?.belowRandom.value).toBeGreaterThan(0.5);
    expect(at20?.belowRandom.low).toBeGreaterThan(0);
  });

  test("nothing beats the oracle, and intervals hold their value", () => {
    const oracle = of("oracle");
    for (const policy of figures.policies) {
      expect(policy.area.value).toBeGreaterThanOrEqual(oracle.area.value - 1e-9);
      for (const { missedOfNeeded } of policy.atSavings) {
        expect(missedOfNeeded.low).toBeLessThanOrEqual(missedOfNeeded.value + 1e-9);
        expect(missedOfNeeded.high).toBeGreaterThanOrEqual(missedOfNeeded.value - 1e-9);
      }
    }
  });

  test("the same options measure the same", () => {
    expect(JSON.stringify(judge(madeTable(3_000, 41), OPTIONS))).toBe(JSON.stringify(figures));
  });
});

test("labels are never looked at before a choice: other outcomes, the same first choice", () => {
  const table = madeTable(400, 42);
  const other = { ...table, outcomesBps: table.outcomesBps.map(() => 0) };
  const choices = [table, other].map((each) => {
    const policy = new CalybrisPolicy(
      { table: each, valueMicrocents: 2_000, seed: 3, scoresBps: undefined, boundariesBps: undefined },
      { explorationBps: 500, discountPpm: 999_000, anomalyShareBps: 0 },
    );
    const choice: Choice = { tier: 0, propensity: 1 };
    policy.recommend(0, choice);
    return { ...choice };
  });
  expect(choices[0]).toEqual(choices[1]);
});

test("the logged propensity is how often a tier is drawn", () => {
  const table = madeTable(2_000, 43);
  const policy = new CalybrisPolicy(
    { table, valueMicrocents: 3_000, seed: 5, scoresBps: undefined, boundariesBps: undefined },
    { explorationBps: 2_000, discountPpm: 999_000, anomalyShareBps: 0 },
  );
  const choice: Choice = { tier: 0, propensity: 1 };
  for (let row = 0; row < 50; row += 1) {
    policy.recommend(row, choice);
    policy.observe(row, choice.tier, table.outcomesBps[row * 2 + choice.tier] ?? 0, 5_000);
  }
  // Nothing is observed any more, so the table stays as it is.
  const counts = [0, 0];
  const propensities = [0, 0];
  for (let draw = 0; draw < 40_000; draw += 1) {
    policy.recommend(60, choice);
    counts[choice.tier] = (counts[choice.tier] ?? 0) + 1;
    propensities[choice.tier] = choice.propensity;
  }
  for (const tier of [0, 1]) expect((counts[tier] ?? 0) / 40_000).toBeCloseTo(propensities[tier] ?? 0, 1);
});

test("a reward is the engine's: value of success less cost, in bps of the value, between 0 and 10,000", () => {
  expect(rewardBps(1_000, 10_000, 100)).toBe(9_000);
  expect([rewardBps(1_000, 0, 100), rewardBps(1_000, 10_000, 5_000), rewardBps(1_000, 10_000, 0)]).toEqual([
    0, 0, 10_000,
  ]);
});

test("a cold start gets ahead of random, and γ decides how fast a switched world is learned anew", () => {
  const start = coldStart(madeTable(1_000, 44, { most: 0.2 }), 20_000, 1, 20);
  expect(start.decisionsUntilBetter).not.toBeNull();
  const [fast, slow] = [worldSwitch(997_000), worldSwitch(999_000)];
  expect(fast.decisionsToRecover ?? Number.POSITIVE_INFINITY).toBeLessThan(
    slow.decisionsToRecover ?? Number.POSITIVE_INFINITY,
  );
  expect(worldSwitch(LEARNING_DEFAULTS.discountPpm).decisionsToRecover).toBeLessThanOrEqual(500);
});

test("from nothing, the prior comes out of the router's own log", () => {
  const figures = judgeFromNothing(madeTable(6_000, 45, { isInTimeOrder: true }), {
    seeds: 1,
    atSavings: 0.2,
    resamplings: 50,
  });
  expect(figures.fits).toBeGreaterThan(3);
  expect(figures.timesFewerThanRandom).toBeGreaterThan(1.5);
});

test("a stream counts every row once, whatever its order", () => {
  const table = madeTable(500, 46);
  const ground = groundOf(table, rowRange(0, 500), 1);
  const stage = {
    rows: rowRange(0, 500),
    scoresBps: new Int32Array(500),
    boundariesBps: [0, 1, 2, 3, 4, 5, 6],
    labelledRows: new Int32Array(0),
  };
  const { tierCounts } = runStream(ground, [stage], startCalybris(table, 2_000, 1), {
    valueMicrocents: 2_000,
    seed: 1,
  });
  expect(tierCounts.reduce((a, b) => a + b, 0)).toBe(500);
});

test("a prior carries over to a table with the same rule, and to one without its columns it says nothing", () => {
  const [a, b] = [madeTable(1_000, 47), { ...madeTable(1_000, 48), name: "other" }];
  const strange = { ...madeTable(1_000, 49), name: "strange", featureNames: ["p", "q"], categoryNames: ["c", "d"] };
  const found = transfers([a, b, strange], 1, () => {});
  const of = (from: string, to: string): number =>
    found.find((each) => each.from === from && each.to === to)?.areaUnderCurve ?? Number.NaN;
  expect(of("made", "other")).toBeGreaterThan(0.74);
  expect(of("made", "strange")).toBeCloseTo(0.5, 6);
});
