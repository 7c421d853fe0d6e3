import { expect, test } from "vitest";
import { seededChance } from "../src/chance.ts";
import { judgeHindsight } from "../src/judge/hindsight.ts";
import { type Table, TableBuilder } from "../src/table.ts";

// Goal: regret is against what hindsight knows, in the right direction and unit. Method: made worlds in which the best rule is
// known: premium gains only where a feature is high.

function madeTable(rows: number, gainHigh: number, isInTimeOrder = false): Table {
  const builder = new TableBuilder("made", ["size"], ["small", "large"]);
  const chance = seededChance(11, 1);
  for (let row = 0; row < rows; row++) {
    const size = chance.below(100);
    const isHigh = size >= 50;
    const small = chance.share() < (isHigh ? 0.9 - gainHigh : 0.9) ? 10_000 : 0;
    const large = chance.share() < 0.9 ? 10_000 : 0;
    builder.add({ features: [size], category: "all", outcomesBps: [small, large], costsMicrocents: [100, 1_100] });
  }
  return builder.finish({ isInTimeOrder });
}

test("where the score separates, offsets are near the best threshold, below greedy, and ahead of the best tier", () => {
  const figures = judgeHindsight(madeTable(800, 0.6), { foldSeeds: 2, rowsMax: 800, explorationsBps: [50, 500] });
  const of = (name: string) => {
    const found = figures.policies.find((policy) => policy.name === name);
    if (found === undefined) throw new Error(`no ${name}`);
    return found;
  };
  expect(figures.policies.map(({ name }) => name)).toEqual([
    "offsets",
    "regimes",
    "greedy",
    "LinUCB",
    "score as it is",
  ]);
  expect(of("offsets").threshold.mean).toBeLessThan(1.5);
  expect(of("offsets").threshold.mean).toBeLessThan(of("regimes").threshold.mean);
  expect(of("offsets").bestTier.mean).toBeLessThan(0);
  // Nothing that sees the score and the costs alone does better than hindsight's threshold.
  expect(of("score as it is").threshold.mean).toBeGreaterThanOrEqual(0);
  for (const { threshold, bestTier } of figures.policies) {
    expect(threshold.mean).toBeGreaterThanOrEqual(bestTier.mean - 1e-9);
    expect(threshold.low).toBeLessThanOrEqual(threshold.mean);
    expect(threshold.high).toBeGreaterThanOrEqual(threshold.mean);
  }
  // An even share of one tier of two: beyond the boundary, a twentieth of the share that is explored within.
  const [little, much] = figures.exploration;
  expect(little?.largestWeight).toBeGreaterThan(much?.largestWeight ?? 0);
  expect(much?.largestWeight).toBeLessThanOrEqual(401);
  expect(little?.effectiveShare).toBeLessThan(much?.effectiveShare ?? 0);
});

test("rows in time order are streamed in their order, after what came before, and the same run is the same figures", () => {
  const options = { foldSeeds: 1, rowsMax: 300, explorationsBps: [100] };
  const table = madeTable(300, 0.3, true);
  const first = judgeHindsight(table, options);
  expect(judgeHindsight(table, options)).toEqual(first);
  expect(first.policies[0]?.threshold.low).toBeNaN();
  expect(first.rows).toBe(300);
});
