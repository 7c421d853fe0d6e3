import { expect, test } from "vitest";
import { seededChance } from "../src/chance.ts";
import { DRIFT_WORLDS, judgeDrift } from "../src/judge/drift.ts";
import { type Table, TableBuilder } from "../src/table.ts";

// Goal: worlds move as they are named, and the default router follows. Method: a made table in which premium gains where a
// feature is high, 12,000 decisions a world.

function madeTable(rows: number): Table {
  const builder = new TableBuilder("made", ["size"], ["small", "large"]);
  const chance = seededChance(12, 1);
  for (let row = 0; row < rows; row++) {
    const size = chance.below(100);
    const small = chance.share() < 0.95 - 0.006 * size ? 10_000 : 0;
    const large = chance.share() < 0.9 ? 10_000 : 0;
    builder.add({ features: [size], category: "all", outcomesBps: [small, large], costsMicrocents: [100, 1_100] });
  }
  return builder.finish({ isInTimeOrder: false });
}

const figures = judgeDrift(madeTable(900), { foldSeeds: 2, rowsMax: 900, decisions: 12_000 });

test("every world is lived in once, and where nothing happens both stay near hindsight", () => {
  expect(figures.map(({ world }) => world)).toEqual(DRIFT_WORLDS.map(({ name }) => name));
  const [still] = figures;
  expect(still?.offsets.mean).toBeGreaterThan(-1);
  expect(still?.fixed.mean).toBeGreaterThan(-1);
  expect(still?.fixed.mean).toBeLessThanOrEqual(0);
  expect(still?.decisionsToRecover).toBeNull();
});

test("where a tier changes, a prior that never learns loses points, and offsets win a third of them back or more", () => {
  for (const world of [DRIFT_WORLDS[1], DRIFT_WORLDS[2], DRIFT_WORLDS[3]]) {
    const found = figures.find(({ world: name }) => name === world?.name);
    expect(found?.fixed.mean).toBeLessThan(-3);
    expect(found?.offsets.mean).toBeGreaterThan(0.65 * (found?.fixed.mean ?? 0));
  }
});

test("a prior that is wrong by 20 points, or in its order, costs offsets less than the prior as it is, and not for long", () => {
  for (const world of DRIFT_WORLDS.slice(4)) {
    const found = figures.find(({ world: name }) => name === world.name);
    expect(found?.offsets.mean).toBeGreaterThan(found?.fixed.mean ?? 0);
    expect(found?.offsets.mean).toBeGreaterThan(-5);
    // A reversed order is left out of account regime by regime, each after hundreds of its own outcomes.
    if (world.name !== "the prior's order is reversed") expect(found?.decisionsToRecover).toBeLessThan(1_500);
  }
});
