import { SHAPE_COUNT, scoreShapes } from "@calybris/engine/internal";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  fitRidge,
  fittedValues,
  levelOf,
  type RidgeRows,
  STEP_COUNT,
  seededChance,
  stepBins,
  stepEdges,
  stepLevels,
  stepSums,
  stepTrees,
} from "../src/index.ts";

// Goal: steps of shapes are what they stand for: indicator columns in a fit, and a tree of each shape in a prior.
// Method: beside one indicator column a step, and each value of a shape sent through the trees.

const STEPS = STEP_COUNT / SHAPE_COUNT;

function madeColumns(seed: number, rows: number, valueMax: number): readonly Int32Array[] {
  const chance = seededChance(seed, 1);
  return Array.from({ length: SHAPE_COUNT }, () => Int32Array.from({ length: rows }, () => chance.below(valueMax)));
}

/** Row × step, 1 where the value lies above the edge. */
function indicators(columns: readonly Int32Array[], edges: readonly Int32Array[]): Float64Array {
  const rows = columns[0]?.length ?? 0;
  const dense = new Float64Array(rows * STEP_COUNT);
  for (let row = 0; row < rows; row += 1)
    for (const [shape, own] of edges.entries())
      for (const [step, edge] of own.entries())
        dense[row * STEP_COUNT + shape * STEPS + step] = (columns[shape]?.[row] ?? 0) > edge ? 1 : 0;
  return dense;
}

const heightsOf = (seed: number): Float64Array => {
  const chance = seededChance(seed, 2);
  return Float64Array.from({ length: STEP_COUNT }, () => chance.share() - 0.5);
};

test("levels and sums of steps are those of indicator columns", () => {
  fc.assert(
    fc.property(
      fc.nat(10_000),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 30 }),
      (seed, rows, most) => {
        const columns = madeColumns(seed, rows, most);
        const edges = stepEdges(columns);
        const bins = stepBins(edges, columns);
        const dense = indicators(columns, edges);
        const [heights, values] = [heightsOf(seed), heightsOf(seed + 1)];
        const levels = stepLevels(heights);
        const sums = stepSums(bins, (row) => values[row] ?? 0);
        for (let row = 0; row < rows; row += 1) {
          const own = dense.subarray(row * STEP_COUNT, (row + 1) * STEP_COUNT);
          const plain = own.reduce((sum, is, step) => sum + is * (heights[step] ?? 0), 0);
          expect(levelOf(levels, bins, row)).toBeCloseTo(plain, 9);
        }
        for (let step = 0; step < STEP_COUNT; step += 1) {
          let plain = 0;
          for (let row = 0; row < rows; row += 1) plain += (dense[row * STEP_COUNT + step] ?? 0) * (values[row] ?? 0);
          expect(sums[step]).toBeCloseTo(plain, 9);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test("edges ascend, repeat no value, and leave rows above the last", () => {
  fc.assert(
    fc.property(
      fc.nat(10_000),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 30 }),
      (seed, rows, most) => {
        const columns = madeColumns(seed, rows, most);
        for (const [shape, edges] of stepEdges(columns).entries()) {
          expect(edges.length).toBeLessThanOrEqual(STEPS);
          expect([...edges]).toEqual([...new Set(edges)].sort((one, other) => one - other));
          expect(Math.max(...(columns[shape] ?? []))).toBeGreaterThan(edges.at(-1) ?? -1);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test("a ridge over steps is the ridge over their indicator columns", () => {
  const [count, chance] = [120, seededChance(3, 1)];
  const columns = madeColumns(3, count, 50);
  const edges = stepEdges(columns);
  const none = { categories: new Uint16Array(count), categoryCount: 1, text: undefined };
  const targets = Float64Array.from(
    { length: count },
    (_, row) => ((columns[0]?.[row] ?? 0) > 20 ? 1 : 0) + chance.share(),
  );
  const weights = Float64Array.from({ length: count }, () => 0.5 + chance.share());
  const shared = { rowCount: count, ...none, targets, weights };
  const steps: RidgeRows = { ...shared, dense: new Float64Array(0), denseCount: 0, steps: stepBins(edges, columns) };
  const dense: RidgeRows = { ...shared, dense: indicators(columns, edges), denseCount: STEP_COUNT };
  const one = fitRidge(steps, { dense: 1, category: 10, text: 1, step: 7 }, 1e-9);
  const other = fitRidge(dense, { dense: 7, category: 10, text: 1 }, 1e-9);
  const predicted = fittedValues(dense, other);
  const alike = (fit: typeof one): void => {
    for (const [row, value] of fittedValues(steps, fit).entries()) expect(value).toBeCloseTo(predicted[row] ?? 0, 4);
  };
  alike(one);
  // A fit that begins nearby ends in the same place.
  const near = fitRidge(steps, { dense: 1, category: 10, text: 1, step: 300 }, 1e-9);
  const started = fitRidge(steps, { dense: 1, category: 10, text: 1, step: 7 }, 1e-9, near);
  alike(started);
});

test("the trees of a prior add what the steps add, at every value of a shape", () => {
  fc.assert(
    fc.property(
      fc.nat(10_000),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 40 }),
      (seed, rows, most) => {
        const columns = madeColumns(seed, rows, most);
        const edges = stepEdges(columns);
        const heights = heightsOf(seed);
        const trees = stepTrees(edges, heights);
        const inIntegers = {
          roots: Int32Array.from(trees.roots),
          nodeFeature: Int16Array.from(trees.nodeFeature),
          nodeThreshold: Int32Array.from(trees.nodeThreshold),
          nodeLeft: Int32Array.from(trees.nodeLeft),
          leafMillibps: Int32Array.from(trees.leaf, (leaf) => Math.round(leaf * 10_000_000)),
        };
        const levels = stepLevels(heights);
        for (let value = -1; value <= most; value += 1) {
          const shapes = new Int32Array(SHAPE_COUNT).fill(value);
          const bins = stepBins(
            edges,
            [...shapes].map((each) => Int32Array.of(each)),
          );
          expect(Math.abs(scoreShapes(inIntegers, shapes) - 10_000 * levelOf(levels, bins, 0))).toBeLessThan(1.1);
        }
      },
    ),
    { numRuns: 30 },
  );
});
