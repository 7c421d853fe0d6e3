/**
 * Ridge regression of one target on dense columns, categories, steps and text at once, by conjugate gradients on the normal
 * equations. No matrix is formed, so the cost grows with the hits and not with the number of buckets.
 * @module
 */

import { type BucketShares, knownBuckets, weightsKnown, weightsOfAll } from "./known-buckets.ts";
import { levelOf, STEP_COUNT, type StepBins, stepLevels, stepSums } from "./step-columns.ts";

export interface RidgeRows {
  readonly rowCount: number;
  readonly dense: Float64Array;
  readonly denseCount: number;
  readonly categories: Uint16Array;
  readonly categoryCount: number;
  readonly text: BucketShares | undefined;
  /** Steps of the texts' shapes. */
  readonly steps?: StepBins | undefined;
  readonly targets: Float64Array;
  /** One per row; `undefined` for weights of 1. */
  readonly weights: Float64Array | undefined;
}

export interface RidgePenalties {
  readonly dense: number;
  readonly category: number;
  readonly text: number;
  /** Penalty of the height of a step; only used if there are steps. */
  readonly step?: number;
}

export interface RidgeFit {
  readonly intercept: number;
  readonly dense: Float64Array;
  readonly categories: Float64Array;
  readonly text: Float64Array;
  /** Heights of steps; empty if there are none. */
  readonly steps: Float64Array;
}

const STEPS_MAX = 60;
const TOLERANCE = 1e-5;

/**
 * Weights that minimise Σ w (target − fit)² + Σ penalty · weight². The intercept is unpenalised, except for its centring.
 *
 * @param tolerance - the share of the initial gradient at which the iteration stops.
 * @param start - a similar fit with the same columns, from which the iteration starts.
 */
export function fitRidge(
  rows: RidgeRows,
  penalties: RidgePenalties,
  tolerance: number = TOLERANCE,
  start?: RidgeFit,
): RidgeFit {
  if (rows.text === undefined) return fitColumns(rows, penalties, tolerance, start);
  const own = knownBuckets(rows.text);
  const begun = start === undefined ? undefined : { ...start, text: weightsKnown(own, start.text) };
  const fit = fitColumns({ ...rows, text: own.text }, penalties, tolerance, begun);
  return { ...fit, text: weightsOfAll(own, fit.text, rows.text.bucketCount) };
}

function fitColumns(
  rows: RidgeRows,
  penalties: RidgePenalties,
  tolerance: number,
  start: RidgeFit | undefined,
): RidgeFit {
  const { rowCount, targets, weights } = rows;
  const { textFrom, denseCount, stepsFrom, size } = placesOf(rows);
  let [weightSum, targetSum] = [0, 0];
  for (let row = 0; row < rowCount; row += 1) {
    weightSum += weights?.[row] ?? 1;
    targetSum += (weights?.[row] ?? 1) * (targets[row] ?? 0);
  }
  // One additional column of ones: the intercept, with a negligible penalty.
  const columns = size + 1;
  const base = weightSum === 0 ? 0 : targetSum / weightSum;
  const penalty = new Float64Array(columns);
  penalty.fill(penalties.dense, 0, denseCount);
  penalty.fill(penalties.category, denseCount, stepsFrom);
  penalty.fill(penalties.step ?? penalties.category, stepsFrom, textFrom);
  penalty.fill(penalties.text, textFrom, size);
  penalty[size] = 1e-3;

  const residual = new Float64Array(rowCount);
  for (let row = 0; row < rowCount; row += 1) residual[row] = (weights?.[row] ?? 1) * ((targets[row] ?? 0) - base);
  const scale = diagonal(rows, columns, penalty);
  const image = new Float64Array(rowCount);
  const solution = start === undefined ? new Float64Array(columns) : solutionOf(start, base);
  const gradient = transposed(rows, residual, columns);
  const powerFirst = gradient.reduce((sum, value, at) => sum + (value * value) / (scale[at] ?? 1), 0);
  if (start !== undefined) {
    multiplied(rows, solution, image);
    const fitted = transposed(
      rows,
      image.map((value, row) => value * (weights?.[row] ?? 1)),
      columns,
    );
    for (let at = 0; at < columns; at += 1)
      gradient[at] = (gradient[at] ?? 0) - (fitted[at] ?? 0) - (penalty[at] ?? 0) * (solution[at] ?? 0);
  }
  const preconditioned = gradient.map((value, at) => value / (scale[at] ?? 1));
  const direction = preconditioned.slice();
  let power = dot(gradient, preconditioned);
  for (let step = 0; step < STEPS_MAX && power > tolerance * tolerance * powerFirst; step += 1) {
    multiplied(rows, direction, image);
    for (let row = 0; row < rowCount; row += 1) image[row] = (image[row] ?? 0) * (weights?.[row] ?? 1);
    const normal = transposed(rows, image, columns);
    for (let at = 0; at < columns; at += 1) normal[at] = (normal[at] ?? 0) + (penalty[at] ?? 0) * (direction[at] ?? 0);
    const length = power / dot(direction, normal);
    for (let at = 0; at < columns; at += 1) {
      solution[at] = (solution[at] ?? 0) + length * (direction[at] ?? 0);
      gradient[at] = (gradient[at] ?? 0) - length * (normal[at] ?? 0);
      preconditioned[at] = (gradient[at] ?? 0) / (scale[at] ?? 1);
    }
    const next = dot(gradient, preconditioned);
    for (let at = 0; at < columns; at += 1)
      direction[at] = (preconditioned[at] ?? 0) + (next / power) * (direction[at] ?? 0);
    power = next;
  }
  return {
    intercept: base + (solution[size] ?? 0),
    dense: solution.slice(0, denseCount),
    categories: solution.slice(denseCount, stepsFrom),
    text: solution.slice(textFrom, size),
    steps: solution.slice(stepsFrom, textFrom),
  };
}

/** The fitted value of each row. */
export function fittedValues(rows: RidgeRows, fit: RidgeFit): Float64Array {
  const values = new Float64Array(rows.rowCount);
  multiplied(rows, solutionOf(fit, 0), values);
  return values;
}

/** All weights in the order of the columns; `base` is subtracted from the intercept. */
function solutionOf({ dense, categories, steps, text, intercept }: RidgeFit, base: number): Float64Array {
  const parts = [dense, categories, steps, text, Float64Array.of(intercept - base)];
  const solution = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let from = 0;
  for (const part of parts) {
    solution.set(part, from);
    from += part.length;
  }
  return solution;
}

/** The first index of each kind of column: dense columns, categories, steps, buckets, and then the intercept. */
function placesOf({ denseCount, categoryCount, steps, text }: RidgeRows): {
  readonly denseCount: number;
  readonly stepsFrom: number;
  readonly textFrom: number;
  readonly size: number;
} {
  const stepsFrom = denseCount + categoryCount;
  const textFrom = stepsFrom + (steps === undefined ? 0 : STEP_COUNT);
  return { denseCount, stepsFrom, textFrom, size: textFrom + (text?.bucketCount ?? 0) };
}

/** X · direction, the intercept's column last. */
function multiplied(rows: RidgeRows, direction: Float64Array, out: Float64Array): void {
  const { rowCount, dense, denseCount, categories, steps, text } = rows;
  const { stepsFrom, textFrom } = placesOf(rows);
  const levels = steps === undefined ? undefined : stepLevels(direction.subarray(stepsFrom, textFrom));
  const last = direction[direction.length - 1] ?? 0;
  for (let row = 0; row < rowCount; row += 1) {
    let sum = last + (direction[denseCount + (categories[row] ?? 0)] ?? 0);
    for (let at = 0, from = row * denseCount; at < denseCount; at += 1)
      sum += (dense[from + at] ?? 0) * (direction[at] ?? 0);
    if (levels !== undefined && steps !== undefined) sum += levelOf(levels, steps, row);
    if (text !== undefined) {
      const end = text.starts[row + 1] ?? 0;
      for (let at = text.starts[row] ?? 0; at < end; at += 1)
        sum += (text.shares[at] ?? 0) * (direction[textFrom + (text.buckets[at] ?? 0)] ?? 0);
    }
    out[row] = sum;
  }
}

/** Xᵀ · values. */
function transposed(rows: RidgeRows, values: Float64Array, columns: number): Float64Array {
  const { rowCount, dense, denseCount, categories, steps, text } = rows;
  const { stepsFrom, textFrom } = placesOf(rows);
  const out = new Float64Array(columns);
  if (steps !== undefined)
    out.set(
      stepSums(steps, (row) => values[row] ?? 0),
      stepsFrom,
    );
  for (let row = 0; row < rowCount; row += 1) {
    const value = values[row] ?? 0;
    for (let at = 0, from = row * denseCount; at < denseCount; at += 1)
      out[at] = (out[at] ?? 0) + (dense[from + at] ?? 0) * value;
    const category = denseCount + (categories[row] ?? 0);
    out[category] = (out[category] ?? 0) + value;
    if (text !== undefined) {
      const end = text.starts[row + 1] ?? 0;
      for (let at = text.starts[row] ?? 0; at < end; at += 1) {
        const column = textFrom + (text.buckets[at] ?? 0);
        out[column] = (out[column] ?? 0) + (text.shares[at] ?? 0) * value;
      }
    }
    out[columns - 1] = (out[columns - 1] ?? 0) + value;
  }
  return out;
}

/** The diagonal of the normal equations, used as preconditioner. */
function diagonal(rows: RidgeRows, columns: number, penalty: Float64Array): Float64Array {
  const { rowCount, dense, denseCount, categories, steps, text, weights } = rows;
  const { stepsFrom, textFrom } = placesOf(rows);
  const out = penalty.slice();
  if (steps !== undefined)
    stepSums(steps, (row) => weights?.[row] ?? 1).forEach((sum, at) => {
      out[stepsFrom + at] = (out[stepsFrom + at] ?? 0) + sum;
    });
  for (let row = 0; row < rowCount; row += 1) {
    const weight = weights?.[row] ?? 1;
    for (let at = 0, from = row * denseCount; at < denseCount; at += 1)
      out[at] = (out[at] ?? 0) + weight * (dense[from + at] ?? 0) ** 2;
    const category = denseCount + (categories[row] ?? 0);
    out[category] = (out[category] ?? 0) + weight;
    if (text !== undefined) {
      const end = text.starts[row + 1] ?? 0;
      for (let at = text.starts[row] ?? 0; at < end; at += 1) {
        const column = textFrom + (text.buckets[at] ?? 0);
        out[column] = (out[column] ?? 0) + weight * (text.shares[at] ?? 0) ** 2;
      }
    }
    out[columns - 1] = (out[columns - 1] ?? 0) + weight;
  }
  return out;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at += 1) sum += (a[at] ?? 0) * (b[at] ?? 0);
  return sum;
}
