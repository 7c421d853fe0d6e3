/**
 * Cross-validation: a prior is only measured on rows that it was not fitted on. Unordered rows are split into random folds.
 * Rows in time order are cut into blocks, each predicted from the blocks before it, because no data from the future is
 * available.
 * @module
 */
import { foldsOf, seededChance } from "./chance.ts";
import { type FitOptions, fitPrior, HEAD_KINDS, type HeadKind, predictRows, textHitsOf } from "./fit-prior.ts";
import { areaUnderCurve, averageGapRecovered, callShareFor, frontierOf, missArea } from "./ranking.ts";
import { rowRange, selectRows, type Table } from "./table.ts";

export interface Fold {
  readonly train: Int32Array;
  readonly test: Int32Array;
}

export interface FoldFigures {
  readonly testRows: number;
  /** NaN if all rows are alike. */
  readonly areaUnderCurve: number;
  /** NaN if the premium tier is no better than the cheapest. */
  readonly averageGapRecovered: number;
  readonly missArea: number;
}

export interface Validated {
  readonly kind: HeadKind;
  readonly folds: readonly FoldFigures[];
  readonly mean: Omit<FoldFigures, "testRows">;
  readonly callShare50: number;
  readonly callShare80: number;
  /** The score of each row by a prior fitted without that row, in bps. Only rows in `testedRows` have one. */
  readonly scores: Int32Array;
}

export interface Validation {
  readonly heads: readonly Validated[];
  readonly winner: HeadKind;
  /** Rows that are in a test fold, ascending. */
  readonly testedRows: Int32Array;
}

export function foldsFor(table: Table, count: number, seed: number): readonly Fold[] {
  if (table.isInTimeOrder) return blocksOf(table.rowCount, count);
  const fold = foldsOf(table.rowCount, count, seededChance(seed, 3));
  const all = rowRange(0, table.rowCount);
  return Array.from({ length: count }, (_, index) => ({
    train: all.filter((row) => fold[row] !== index),
    test: all.filter((row) => fold[row] === index),
  })).filter(({ train, test }) => train.length > 0 && test.length > 0);
}

/** One more block than folds: the first block is only used for training. */
function blocksOf(rowCount: number, count: number): readonly Fold[] {
  const edges = Array.from({ length: count + 2 }, (_, index) => Math.floor((index * rowCount) / (count + 1)));
  return Array.from({ length: count }, (_, index) => ({
    train: rowRange(0, edges[index + 1] ?? 0),
    test: rowRange(edges[index + 1] ?? 0, edges[index + 2] ?? 0),
  })).filter(({ train, test }) => train.length > 0 && test.length > 0);
}

export interface ValidationOptions extends FitOptions {
  readonly folds: number;
  readonly kinds?: readonly HeadKind[];
  readonly onFold?: (done: number) => void;
}

/** Fits and tests every kind on every fold. The winner recovers the most of the gap, or, without a gap, misses the least. */
export function validate(table: Table, options: ValidationOptions): Validation {
  const hits = options.hits ?? textHitsOf(table, options.textBuckets);
  const folds = foldsFor(table, options.folds, options.seed);
  let done = 0;
  const heads = (options.kinds ?? HEAD_KINDS).map((kind) => {
    const scores = new Int32Array(table.rowCount);
    const figures = folds.map(({ train, test }) => {
      const { prior } = fitPrior(table, train, kind, { ...options, hits });
      const predicted = predictRows(prior, table, test);
      test.forEach((row, at) => {
        scores[row] = predicted[at] ?? 0;
      });
      done += 1;
      options.onFold?.(done);
      return figuresOf(selectRows(table, test), predicted);
    });
    const points = frontierOf(table, scores);
    return {
      kind,
      folds: figures,
      mean: {
        areaUnderCurve: mean(figures.map((fold) => fold.areaUnderCurve)),
        averageGapRecovered: mean(figures.map((fold) => fold.averageGapRecovered)),
        missArea: mean(figures.map((fold) => fold.missArea)),
      },
      callShare50: callShareFor(points, 0.5),
      callShare80: callShareFor(points, 0.8),
      scores,
    };
  });
  const testedRows = Int32Array.from(folds.flatMap(({ test }) => [...test])).sort();
  return { heads, winner: winnerOf(heads), testedRows };
}

function figuresOf(table: Table, scores: Int32Array): FoldFigures {
  const points = frontierOf(table, scores);
  return {
    testRows: table.rowCount,
    areaUnderCurve: areaUnderCurve(table, scores),
    averageGapRecovered: averageGapRecovered(points),
    missArea: missArea(points),
  };
}

function winnerOf(heads: readonly Validated[]): HeadKind {
  const merit = ({ mean: { averageGapRecovered: recovered, missArea: area } }: Validated): number =>
    Number.isNaN(recovered) ? -area : recovered;
  const best = heads.reduce((winner, head) => (merit(head) > merit(winner) ? head : winner));
  return best.kind;
}

/** The mean of the values that are not NaN. */
function mean(values: readonly number[]): number {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}
