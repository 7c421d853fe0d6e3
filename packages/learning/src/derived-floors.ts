/**
 * Warm-start floors derived from labelled data: the mean quality at the largest downgraded share whose marginal harm,
 * P(downgraded and premium needed), is at most 5 %. The published floors are shown beside them.
 * @module
 */
import { frontierOf } from "./ranking.ts";
import { selectRows, type Table } from "./table.ts";

/** The default warm-start floors of a policy. The first five and the last are published values. */
export const WARM_START_FLOORS: Readonly<Record<string, number>> = Object.freeze({
  support: 0.55,
  coding: 0.72,
  trading: 0.78,
  compliance: 0.92,
  security: 0.92,
  extraction: 0.6,
  analysis: 0.7,
  creative: 0.65,
  default: 0.75,
});

const FLOOR_HARM = 0.05;
const CATEGORY_ROWS_MIN = 200;

export interface DerivedFloor {
  readonly name: string;
  readonly rows: number;
  readonly floorBps: number;
  readonly qualityCheapestBps: number;
  readonly qualityPremiumBps: number;
  readonly downgradedBps: number;
}

/**
 * Floors of the whole table, and of each category with 200 rows or more.
 *
 * @param scores - by priors that were not fitted on the row.
 */
export function derivedFloors(table: Table, rows: Int32Array, scores: ArrayLike<number>): readonly DerivedFloor[] {
  const floors = [floorOf("all", table, rows, scores)];
  for (const [index, name] of table.categoryNames.entries()) {
    const own = rows.filter((row) => table.categories[row] === index);
    if (own.length >= CATEGORY_ROWS_MIN && own.length < rows.length) floors.push(floorOf(name, table, own, scores));
  }
  return floors;
}

function floorOf(name: string, table: Table, rows: Int32Array, scores: ArrayLike<number>): DerivedFloor {
  const points = frontierOf(
    selectRows(table, rows),
    rows.map((row) => scores[row] ?? 0),
  );
  const allowed = points.filter(({ harm }) => harm <= FLOOR_HARM).at(-1);
  const bps = (share: number | undefined): number => Math.floor((share ?? 0) * 10_000);
  return {
    name,
    rows: rows.length,
    floorBps: bps(allowed?.quality),
    qualityCheapestBps: bps(points.at(-1)?.quality),
    qualityPremiumBps: bps(points[0]?.quality),
    downgradedBps: bps(allowed?.downgraded),
  };
}
