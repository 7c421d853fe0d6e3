import { expect, test } from "vitest";
import { seededChance } from "../src/chance.ts";
import { judgePriors } from "../src/judge/prior-ranking.ts";
import { type Table, TableBuilder } from "../src/table.ts";

// Goal: what a prior recovers is distinguished from what its category says. Method: made worlds in which need follows one or the other.

function madeTable(follows: "category" | "size"): Table {
  const builder = new TableBuilder("made", ["size"], ["small", "large"]);
  const chance = seededChance(31, 1);
  for (let row = 0; row < 1_500; row++) {
    const [size, category] = [chance.below(100), chance.below(2)];
    const need = follows === "size" ? size / 100 : 0.1 + 0.7 * category;
    const outcomesBps = [chance.share() < need ? 0 : 10_000, 10_000];
    builder.add({ features: [size], category: `c${category}`, outcomesBps, costsMicrocents: [100, 1_100] });
  }
  return builder.finish({ isInTimeOrder: false });
}

test("where need follows the category, the prior recovers no more than the category alone", () => {
  const figures = judgePriors(madeTable("category"), { foldSeeds: 2, rowsMax: 1_500 });
  expect(figures.byCategory.mean).toBeGreaterThan(0.65);
  expect(Math.abs(figures.gapRecovered.mean - figures.byCategory.mean)).toBeLessThan(0.03);
});

test("where need follows a feature, the category ranks by chance and the prior does not; every fold has a head", () => {
  const figures = judgePriors(madeTable("size"), { foldSeeds: 2, rowsMax: 1_500 });
  // Perfect knowledge of the feature recovers two thirds.
  expect(figures.gapRecovered.mean).toBeGreaterThan(0.63);
  expect(Math.abs(figures.byCategory.mean - 0.5)).toBeLessThan(0.05);
  expect(figures.heads.reduce((sum, { folds }) => sum + folds, 0)).toBe(10);
  expect(figures.gapRecovered.low).toBeLessThanOrEqual(figures.gapRecovered.mean);
});
