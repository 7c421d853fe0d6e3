/**
 * The transfer track: a prior fitted on one table predicts another table. Features are matched by name, an unknown category
 * counts as none, and text is used as it is.
 * @module
 */
import type { Prior } from "@calybris/engine";
import { categoryIndexOf, FEATURE_MISSING, predictGainBps, scoreText } from "@calybris/engine/internal";
import { fitPrior } from "../fit-prior.ts";
import { areaUnderCurve, averageGapRecovered, frontierOf, missArea } from "../ranking.ts";
import { rowRange, type Table } from "../table.ts";

export interface Transfer {
  readonly from: string;
  readonly to: string;
  readonly areaUnderCurve: number;
  /** NaN if premium is no better on the predicted table. */
  readonly gapRecovered: number;
  readonly missArea: number;
}

/** Applies every table's prior to every other table. */
export function transfers(tables: readonly Table[], seed: number, onFit: () => void): readonly Transfer[] {
  return tables.flatMap((from) => {
    const { prior } = fitPrior(from, rowRange(0, from.rowCount), "ridge", { seed });
    onFit();
    return tables.filter((to) => to !== from).map((to) => transferOf(prior, from, to));
  });
}

function transferOf(prior: Prior, from: Table, to: Table): Transfer {
  const scores = predictByName(prior, to);
  const points = frontierOf(to, scores);
  return {
    from: from.name,
    to: to.name,
    areaUnderCurve: areaUnderCurve(to, scores),
    gapRecovered: averageGapRecovered(points),
    missArea: missArea(points),
  };
}

/** The gains that a prior predicts for every row of a table whose features may be in another order, or missing. */
export function predictByName(prior: Prior, table: Table): Int32Array {
  const count = table.featureNames.length;
  const columns = prior.featureNames.map((name) => table.featureNames.indexOf(name));
  const indexes = table.categoryNames.map((name) => categoryIndexOf(prior, name));
  const features = new Int32Array(columns.length);
  return Int32Array.from({ length: table.rowCount }, (_, row) => {
    columns.forEach((column, at) => {
      features[at] = column === -1 ? FEATURE_MISSING : (table.features[row * count + column] ?? FEATURE_MISSING);
    });
    const text = table.texts === undefined ? 0 : scoreText(prior, table.texts[row] ?? "");
    return predictGainBps(prior, features, indexes[table.categories[row] ?? 0] ?? 0, text);
  });
}
