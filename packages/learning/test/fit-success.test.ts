import { expectFromPrior, predictSuccessBps } from "@calybris/engine/internal";
import { expect, test } from "vitest";
import { seededChance } from "../src/chance.ts";
import { fitPrior, predictRows, withSuccess } from "../src/fit-prior.ts";
import { fitSuccess } from "../src/fit-success.ts";
import { rowRange, type Table, TableBuilder } from "../src/table.ts";

// Goal: what is expected of each tier is right on rows that nothing was fitted on. Method: a made world whose success is
// known of each row: it depends on a feature, on the category, and the gain on both.

const CATEGORIES = ["easy", "hard"];

function trueSuccess(load: number, category: string, tier: number, tiers: number): number {
  const level = (category === "easy" ? 0.75 : 0.4) - load / 2_000;
  return level + ((tier / Math.max(1, tiers - 1) - 0.5) * load) / 400;
}

function madeTable(tiers: number, rows: number): Table {
  const names = Array.from({ length: tiers }, (_, tier) => `tier ${tier}`);
  const builder = new TableBuilder("made", ["load"], names);
  const chance = seededChance(3, 1);
  for (let row = 0; row < rows; row++) {
    const [load, category] = [chance.below(200), CATEGORIES[chance.below(2)] ?? ""];
    const outcomesBps = names.map((_, tier) =>
      chance.share() < trueSuccess(load, category, tier, tiers) ? 10_000 : 0,
    );
    builder.add({ features: [load], category, outcomesBps, costsMicrocents: names.map((_, tier) => 100 + tier) });
  }
  return builder.finish({ isInTimeOrder: false });
}

test.each([2, 4])(
  "of %i tiers, success is expected within four points on average, on rows that were not fitted",
  (tiers) => {
    const table = madeTable(tiers, 9_000);
    const [fit, choice, test] = [rowRange(0, 4_000), rowRange(4_000, 6_000), rowRange(6_000, 9_000)];
    const fitted = fitPrior(table, fit, "ridge", { seed: 1 });
    const scoresBps = new Int32Array(table.rowCount);
    for (const rows of [choice, test])
      predictRows(fitted.prior, table, rows).forEach((score, at) => {
        scoresBps[rows[at] ?? 0] = score;
      });
    const success = fitSuccess(table, fit, { rows: choice, scoresBps }, { seed: 1 });
    expect(success).toHaveLength(tiers === 2 ? 1 : tiers);
    const { prior, file } = withSuccess(fitted, success);
    expect(file.format).toBe(2);
    expect(prior.digestHex).not.toBe(fitted.prior.digestHex);
    const errors = table.tierNames.map(() => 0);
    for (const row of test) {
      const out: number[] = [];
      const category = prior.categoryIndexes.get(table.categoryNames[table.categories[row] ?? 0] ?? "") ?? 0;
      expectFromPrior(prior, table.features, category, scoresBps[row] ?? 0, tiers, out, row);
      const name = table.categoryNames[table.categories[row] ?? 0] ?? "";
      for (const [tier, expected] of out.entries()) {
        const wanted = trueSuccess(table.features[row] ?? 0, name, tier, tiers);
        errors[tier] = (errors[tier] ?? 0) + Math.abs(expected / 10_000 - wanted) / test.length;
      }
    }
    for (const error of errors) expect(error).toBeLessThan(0.04);
  },
);

test("without rows that the prior has not seen, the ridge stays as it is and takes nothing of the gain", () => {
  const table = madeTable(2, 500);
  const rows = rowRange(0, 500);
  const unseen = { rows: new Int32Array(0), scoresBps: new Int32Array(500) };
  const [level] = fitSuccess(table, rows, unseen, { seed: 1 });
  expect(level?.gainThousandths).toBe(0);
  const { prior } = withSuccess(fitPrior(table, rows, "ridge", { seed: 1 }), level === undefined ? [] : [level]);
  const head = prior.success[0];
  if (head === undefined) throw new Error("no head");
  expect(predictSuccessBps(prior, head, [100], 0, 10_000)).toBe(predictSuccessBps(prior, head, [100], 0, -10_000));
});
