/**
 * The ranking quality of a default prior over a whole table: the share of the quality gap between the two ends that it
 * recovers, by calls, on rows that nothing was fitted on. The category alone is measured too: if it ranks nearly as well,
 * the rest of the prior adds little.
 * @module
 */
import { type HeadKind, textHitsOf } from "../fit-prior.ts";
import { averageGapRecovered, frontierOf } from "../ranking.ts";
import { gainsBps, selectRows, type Table } from "../table.ts";
import { type OverSeeds, overSeeds } from "./over-seeds.ts";
import { thinned, withCallCosts } from "./plan.ts";
import { type Split, splitOf } from "./split.ts";

export interface PriorOptions {
  readonly foldSeeds: number;
  readonly rowsMax: number;
  readonly onProgress?: (share: number) => void;
}

export interface PriorFigures {
  readonly set: string;
  readonly rows: number;
  readonly foldSeeds: number;
  /** APGR, by calls. */
  readonly gapRecovered: OverSeeds;
  /** The same for the mean gain of each category, measured on the other folds. */
  readonly byCategory: OverSeeds;
  /** Number of folds in which each head was chosen. */
  readonly heads: readonly { readonly kind: HeadKind; readonly folds: number }[];
}

/** For tables with two or more tiers, without time order. Deterministic. */
export function judgePriors(whole: Table, { foldSeeds, rowsMax, onProgress }: PriorOptions): PriorFigures {
  const table = thinned(whole, rowsMax);
  const hits = textHitsOf(table);
  const chosen = new Map<HeadKind, number>();
  const figures = Array.from({ length: foldSeeds }, (_, index) => {
    const split = splitOf(table, index + 1, hits);
    for (const kind of split.heads) chosen.set(kind, (chosen.get(kind) ?? 0) + 1);
    onProgress?.((index + 1) / foldSeeds);
    return {
      prior: gapOfScores(table, split, split.scoresBps),
      category: gapOfScores(table, split, categoryGains(table, split)),
    };
  });
  return {
    set: table.name,
    rows: table.rowCount,
    foldSeeds,
    gapRecovered: overSeeds(figures.map(({ prior }) => prior)),
    byCategory: overSeeds(figures.map(({ category }) => category)),
    heads: [...chosen].map(([kind, folds]) => ({ kind, folds })),
  };
}

/** The mean over the folds, because each has its own prior; NaN if the top tier is no better than the cheapest. */
export function gapOfScores(table: Table, { stream, folds }: Split, scoresBps: ArrayLike<number>): number {
  const byCalls = withCallCosts(table);
  const shares = [...new Set(stream.map((row) => folds[row] ?? 0))].map((fold) => {
    const rows = stream.filter((row) => folds[row] === fold);
    const scores = Float64Array.from(rows, (row) => scoresBps[row] ?? 0);
    return averageGapRecovered(frontierOf(selectRows(byCalls, rows), scores));
  });
  const known = shares.filter((share) => !Number.isNaN(share));
  return known.reduce((sum, share) => sum + share, 0) / Math.max(1, known.length);
}

/** For each row, the mean gain of its category in the other folds; if the category has no rows there, the overall mean. */
function categoryGains({ rowCount, categories, ...table }: Table, { folds }: Split): Float64Array {
  const gains = gainsBps({ rowCount, categories, ...table });
  const sums = new Map<number, { sum: number; count: number }>();
  const keyOf = (fold: number, category: number): number => fold * CATEGORIES_MAX + category;
  const add = (key: number, gain: number): void => {
    const cell = sums.get(key) ?? { sum: 0, count: 0 };
    sums.set(key, { sum: cell.sum + gain, count: cell.count + 1 });
  };
  let total = 0;
  for (let row = 0; row < rowCount; row += 1) {
    const [fold, category, gain] = [folds[row] ?? 0, categories[row] ?? 0, gains[row] ?? 0];
    add(keyOf(fold, category), gain);
    add(keyOf(ALL_FOLDS, category), gain);
    total += gain;
  }
  return Float64Array.from({ length: rowCount }, (_, row) => {
    const [fold, category] = [folds[row] ?? 0, categories[row] ?? 0];
    const all = sums.get(keyOf(ALL_FOLDS, category)) ?? { sum: 0, count: 0 };
    const own = sums.get(keyOf(fold, category)) ?? { sum: 0, count: 0 };
    const count = all.count - own.count;
    return count === 0 ? total / Math.max(1, rowCount) : (all.sum - own.sum) / count;
  });
}

const CATEGORIES_MAX = 65_536;
const ALL_FOLDS = 100;
