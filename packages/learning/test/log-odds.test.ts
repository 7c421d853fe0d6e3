import { expect, test } from "vitest";
import { seededChance } from "../src/chance.ts";
import { fitPrior, predictRows } from "../src/fit-prior.ts";
import { averageGapRecovered, frontierOf } from "../src/ranking.ts";
import { rowRange, selectRows, type Table, TableBuilder } from "../src/table.ts";

// Goal: a head that knows where premium harms ranks what a head of needs alone cannot. Method: a made world in which premium is
// needed the more often the higher one feature is, and harms the more often the higher another is.

function madeTable(rows: number): Table {
  const builder = new TableBuilder("made", ["age", "size"], ["small", "large"]);
  const chance = seededChance(21, 1);
  for (let row = 0; row < rows; row++) {
    const [age, size] = [chance.below(100), chance.below(100)];
    const draw = chance.share();
    const needed = 0.3 + 0.001 * age;
    const isNeeded = draw < needed;
    const isHarmed = !isNeeded && draw < needed + 0.005 * size;
    const outcomesBps = [isNeeded ? 0 : 10_000, isHarmed ? 0 : 10_000];
    builder.add({ features: [age, size], category: "all", outcomesBps, costsMicrocents: [100, 1_100] });
  }
  return builder.finish({ isInTimeOrder: false });
}

const table = madeTable(6_000);
const [fit, held] = [rowRange(0, 4_000), rowRange(4_000, 6_000)];

function recoveredBy(kind: "logistic" | "needed less harmed" | "ridge"): number {
  const { prior } = fitPrior(table, fit, kind, { seed: 1 });
  return averageGapRecovered(frontierOf(selectRows(table, held), predictRows(prior, table, held)));
}

test("needed less harmed ranks requests by need and harm, where a head of needs misses the harm", () => {
  const net = recoveredBy("needed less harmed");
  expect(net).toBeGreaterThan(recoveredBy("logistic") + 0.2);
  expect(Math.abs(net - recoveredBy("ridge"))).toBeLessThan(0.03);
});

test("what needed less harmed predicts is a gain: right on average, and at both ends of what harms", () => {
  const { prior } = fitPrior(table, fit, "needed less harmed", { seed: 1 });
  const predicted = predictRows(prior, table, held);
  for (const isHigh of [false, true]) {
    const rows = [...held].filter((row) => (table.features[row * 2 + 1] ?? 0) >= 50 === isHigh);
    const mean = rows.reduce((sum, row) => sum + (predicted[row - 4_000] ?? 0), 0) / rows.length / 10_000;
    // About 0.35 less 0.005 times 24.5 or 74.5.
    expect(Math.abs(mean - (isHigh ? -0.023 : 0.227))).toBeLessThan(0.05);
  }
});
