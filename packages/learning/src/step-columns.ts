/**
 * The contribution of each shape of a text, as a function of nine steps at tenths of the rows, so that a ridge can fit a
 * curve and not only a line. A weight is the height of one step, so a penalty smooths neighbouring tenths. The steps of one
 * shape become one tree of the prior.
 * @module
 */
import { SHAPE_COUNT, shapesOf } from "@calybris/engine/internal";
import type { TreesFit } from "./trees.ts";

const STEPS = 9;
const TENTHS = STEPS + 1;
/** Number of step heights. */
export const STEP_COUNT: number = SHAPE_COUNT * STEPS;
/** Number of values before and after all steps. */
const LEVEL_COUNT = SHAPE_COUNT * TENTHS;

/** Edges by shape, ascending: a value above an edge takes its step. With repeated values there are fewer than nine. */
export type StepEdges = readonly Int32Array[];

/** Row × shape: the number of steps taken. */
export type StepBins = Uint8Array;

/** One column per shape, one value per row. */
export function shapeColumns(texts: readonly string[], rows: Int32Array): readonly Int32Array[] {
  const columns = Array.from({ length: SHAPE_COUNT }, () => new Int32Array(rows.length));
  const shapes = new Int32Array(SHAPE_COUNT);
  rows.forEach((row, at) => {
    shapesOf(texts[row] ?? "", shapes);
    for (const [shape, column] of columns.entries()) column[at] = shapes[shape] ?? 0;
  });
  return columns;
}

export function stepEdges(columns: readonly Int32Array[]): StepEdges {
  return columns.map((column) => {
    const sorted = column.toSorted();
    const most = sorted.at(-1) ?? 0;
    const tenths = Array.from(
      { length: STEPS },
      (_, at) => sorted[Math.floor(((at + 1) * sorted.length) / TENTHS)] ?? 0,
    );
    return Int32Array.from(new Set(tenths.filter((edge) => edge < most)));
  });
}

export function stepBins(edges: StepEdges, columns: readonly Int32Array[]): StepBins {
  const bins = new Uint8Array((columns[0]?.length ?? 0) * SHAPE_COUNT);
  for (const [shape, column] of columns.entries())
    column.forEach((value, row) => {
      let taken = 0;
      while (value > (edges[shape]?.[taken] ?? Number.POSITIVE_INFINITY)) taken += 1;
      bins[row * SHAPE_COUNT + shape] = taken;
    });
  return bins;
}

/** The cumulative sums of step heights, by shape and number of steps taken. */
export function stepLevels(heights: Float64Array): Float64Array {
  const levels = new Float64Array(LEVEL_COUNT);
  for (let shape = 0; shape < SHAPE_COUNT; shape += 1)
    for (let taken = 1; taken < TENTHS; taken += 1)
      levels[shape * TENTHS + taken] =
        (levels[shape * TENTHS + taken - 1] ?? 0) + (heights[shape * STEPS + taken - 1] ?? 0);
  return levels;
}

/** The contribution of a row's steps. */
export function levelOf(levels: Float64Array, bins: StepBins, row: number): number {
  let sum = 0;
  for (let shape = 0, from = row * SHAPE_COUNT; shape < SHAPE_COUNT; shape += 1)
    sum += levels[shape * TENTHS + (bins[from + shape] ?? 0)] ?? 0;
  return sum;
}

/** The transpose of {@link levelOf}: for each step, the sum of the values of the rows that take it. */
export function stepSums(bins: StepBins, values: (row: number) => number): Float64Array {
  const ended = new Float64Array(LEVEL_COUNT);
  const rowCount = bins.length / SHAPE_COUNT;
  for (let row = 0; row < rowCount; row += 1) {
    const value = values(row);
    for (let shape = 0, from = row * SHAPE_COUNT; shape < SHAPE_COUNT; shape += 1) {
      const level = shape * TENTHS + (bins[from + shape] ?? 0);
      ended[level] = (ended[level] ?? 0) + value;
    }
  }
  const sums = new Float64Array(STEP_COUNT);
  for (let shape = 0; shape < SHAPE_COUNT; shape += 1) {
    let sum = 0;
    for (let step = STEPS - 1; step >= 0; step -= 1) {
      sum += ended[shape * TENTHS + step + 1] ?? 0;
      sums[shape * STEPS + step] = sum;
    }
  }
  return sums;
}

/** The steps of each shape as one tree; a shape without steps, or with all heights 0, has none. */
export function stepTrees(edges: StepEdges, heights: Float64Array): TreesFit {
  const fit: TreesFit = { intercept: 0, roots: [], nodeFeature: [], nodeThreshold: [], nodeLeft: [], leaf: [] };
  const levels = stepLevels(heights);
  const node = (): number => {
    fit.nodeThreshold.push(0);
    fit.nodeLeft.push(0);
    fit.leaf.push(0);
    return fit.nodeFeature.push(-1) - 1;
  };
  /** Grows the subtree at `at`, for rows that take `first` to `last` steps. */
  const grow = (shape: number, at: number, first: number, last: number): void => {
    if (first === last) {
      fit.leaf[at] = levels[shape * TENTHS + first] ?? 0;
      return;
    }
    const middle = (first + last) >> 1;
    fit.nodeFeature[at] = shape;
    fit.nodeThreshold[at] = edges[shape]?.[middle] ?? 0;
    const left = node();
    fit.nodeLeft[at] = left;
    node();
    grow(shape, left, first, middle);
    grow(shape, left + 1, middle + 1, last);
  };
  for (const [shape, own] of edges.entries()) {
    const isFlat = own.every((_, step) => (heights[shape * STEPS + step] ?? 0) === 0);
    if (isFlat) continue;
    const root = node();
    fit.roots.push(root);
    grow(shape, root, 0, own.length);
  }
  return fit;
}
