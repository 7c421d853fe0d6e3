import { loadPrior } from "@calybris/engine";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  areaUnderCurve,
  fitPrior,
  fitRidge,
  fitTrees,
  foldsFor,
  HEAD_KINDS,
  predictByName,
  predictRows,
  rowRange,
  seededChance,
  TREES_SMALL,
  validate,
} from "../src/index.ts";
import { madeTable } from "./made-table.ts";

/** Solves a small dense system by elimination: slow, plain, and another way. */
function solve(matrix: number[][], right: number[]): number[] {
  const n = right.length;
  const rows = matrix.map((row, at) => [...row, right[at] ?? 0]);
  for (let column = 0; column < n; column += 1) {
    const pivot = rows
      .slice(column)
      .reduce((best, row) => (Math.abs(row[column] ?? 0) > Math.abs(best[column] ?? 0) ? row : best));
    rows.splice(rows.indexOf(pivot), 1);
    rows.splice(column, 0, pivot);
    for (const row of rows) {
      if (row === pivot) continue;
      const factor = (row[column] ?? 0) / (pivot[column] ?? 1);
      for (let at = column; at <= n; at += 1) row[at] = (row[at] ?? 0) - factor * (pivot[at] ?? 0);
    }
  }
  return rows.map((row, at) => (row[n] ?? 0) / (row[at] ?? 1));
}

test("the ridge by conjugate gradients is the solution of its normal equations, weights and all", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000 }), fc.boolean(), (seed, isWeighted) => {
      const chance = seededChance(seed);
      const [rowCount, denseCount, categoryCount] = [40, 3, 2];
      const dense = Float64Array.from({ length: rowCount * denseCount }, () => chance.share() * 4 - 2);
      const categories = Uint16Array.from({ length: rowCount }, () => chance.below(categoryCount));
      const targets = Float64Array.from({ length: rowCount }, () => chance.share() * 2 - 1);
      const weights = isWeighted ? Float64Array.from({ length: rowCount }, () => 0.1 + chance.share()) : undefined;
      const fit = fitRidge(
        { rowCount, dense, denseCount, categories, categoryCount, text: undefined, targets, weights },
        { dense: 1, category: 2, text: 1 },
      );
      const row = (at: number): number[] => [
        ...dense.slice(at * 3, at * 3 + 3),
        categories[at] === 0 ? 1 : 0,
        categories[at] === 1 ? 1 : 0,
        1,
      ];
      const weight = (at: number): number => weights?.[at] ?? 1;
      const all = [...rowRange(0, rowCount)];
      const base =
        all.reduce((sum, at) => sum + weight(at) * (targets[at] ?? 0), 0) /
        all.reduce((sum, at) => sum + weight(at), 0);
      const penalty = [1, 1, 1, 2, 2, 1e-3];
      const matrix = penalty.map((own, i) =>
        penalty.map((_, j) =>
          all.reduce((sum, at) => sum + weight(at) * (row(at)[i] ?? 0) * (row(at)[j] ?? 0), i === j ? own : 0),
        ),
      );
      const right = penalty.map((_, i) =>
        all.reduce((sum, at) => sum + weight(at) * (row(at)[i] ?? 0) * ((targets[at] ?? 0) - base), 0),
      );
      const exact = solve(matrix, right);
      [...fit.dense, ...fit.categories, fit.intercept - base].forEach((value, at) => {
        expect(value).toBeCloseTo(exact[at] ?? 0, 3);
      });
    }),
    { numRuns: 20 },
  );
});

describe("trees", () => {
  test("find a step in integers exactly, and nothing where there is nothing", () => {
    const x = Int32Array.from({ length: 400 }, (_, at) => at % 40);
    const noise = Int32Array.from({ length: 400 }, (_, at) => (at * 7_919) % 13);
    const targets = Float64Array.from(x, (value) => (value <= 17 ? -1 : 1));
    const fit = fitTrees([noise, x], targets, undefined, {
      treeCount: 60,
      leavesMax: 2,
      rate: 0.5,
      leafWeightMin: 5,
      penalty: 0.001,
    });
    expect(new Set(fit.nodeFeature)).toEqual(new Set([1, -1]));
    expect(fit.nodeThreshold[fit.roots[0] ?? 0]).toBe(17);
    expect(fitTrees([noise], new Float64Array(400).fill(0.3), undefined, TREES_SMALL).roots).toEqual([]);
  });

  test("leave every child after its parent, and no leaf lighter than allowed", () => {
    const table = madeTable(500, 11);
    const column = (at: number): Int32Array =>
      Int32Array.from({ length: 500 }, (_, row) => table.features[row * 2 + at] ?? 0);
    const targets = Float64Array.from({ length: 500 }, (_, row) => 1 - (table.outcomesBps[row * 2] ?? 0) / 10_000);
    const fit = fitTrees([column(0), column(1)], targets, undefined, TREES_SMALL);
    fit.nodeFeature.forEach((feature, node) => {
      if (feature >= 0) expect(fit.nodeLeft[node]).toBeGreaterThan(node);
    });
    expect(fit.roots.length).toBe(TREES_SMALL.treeCount);
  });
});

describe.each(HEAD_KINDS)("a prior of kind %s", (kind) => {
  const table = madeTable(3_000, 21);
  const rows = rowRange(0, 2_000);
  const rest = rowRange(2_000, 3_000);

  test("ranks rows that it has not seen, is read back from its file, and is the same every time", () => {
    const { file, prior } = fitPrior(table, rows, kind, { seed: 1 });
    const again = fitPrior(table, rows, kind, { seed: 1 });
    expect(again.file.digest).toBe(file.digest);
    const read = loadPrior(JSON.parse(JSON.stringify(file)));
    const scores = predictRows(read, table, rest);
    expect([...scores]).toEqual([...predictRows(prior, table, rest)]);
    const held = new Int32Array(3_000);
    rest.forEach((row, at) => {
      held[row] = scores[at] ?? 0;
    });
    // The rule that made the table comes to .79.
    expect(
      areaUnderCurve({ ...table, rowCount: 1_000, outcomesBps: table.outcomesBps.slice(4_000) }, scores),
    ).toBeGreaterThan(0.74);
  });

  test("reads text where that is all there is to know", () => {
    const texts = madeTable(1_200, 22, { text: true, most: 0.6 });
    const { prior } = fitPrior(texts, rowRange(0, 800), kind, { seed: 1, textBuckets: 1_024 });
    const scores = predictByName(prior, { ...texts, features: new Int32Array(texts.features.length) });
    expect(areaUnderCurve(texts, scores)).toBeGreaterThan(0.95);
  });

  test("is fitted on next to nothing without a crash", () => {
    for (const count of [1, 2, 5]) {
      const { prior } = fitPrior(table, rowRange(0, count), kind, { seed: 1 });
      expect(predictRows(prior, table, rest).every((gain) => Math.abs(gain) <= 10_000)).toBe(true);
    }
  });
});

describe("folds", () => {
  test("test every row once; in time order never with what comes later", () => {
    for (const isInTimeOrder of [false, true]) {
      const table = madeTable(103, 31, { isInTimeOrder });
      const folds = foldsFor(table, 5, 1);
      const tested = folds.flatMap(({ test: rows }) => [...rows]).sort((a, b) => a - b);
      expect(new Set(tested).size).toBe(tested.length);
      expect(tested.length).toBe(isInTimeOrder ? 86 : 103);
      for (const { train, test: rows } of folds) {
        expect([...train].some((row) => rows.includes(row))).toBe(false);
        if (isInTimeOrder) expect(Math.max(...train)).toBeLessThan(Math.min(...rows));
      }
    }
  });

  test("choose a winner by rows not seen", () => {
    const { heads, winner, testedRows } = validate(madeTable(600, 32), { seed: 1, folds: 3 });
    expect(heads.map(({ kind }) => kind)).toEqual([...HEAD_KINDS]);
    const best = Math.max(...heads.map(({ mean }) => mean.averageGapRecovered));
    expect(heads.find(({ kind }) => kind === winner)?.mean.averageGapRecovered).toBe(best);
    expect(testedRows.length).toBe(600);
  });
});
