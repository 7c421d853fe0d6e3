/**
 * The context of a row for a linear learner: a constant 1, the prior's gain, and the features in spreads (clamped to ±3).
 * @module
 */
import { FEATURE_MISSING } from "@calybris/engine/internal";
import { standardisingOf } from "../design.ts";
import { rowRange, type Table } from "../table.ts";

const STANDARDISED_MAX = 3;
/** Number of first rows that set the usual values, as in a router's warm-up. */
const WARM_UP_ROWS = 1_000;

export interface Contexts {
  readonly size: number;
  /** Writes the context of a row. */
  readonly read: (row: number, scoreBps: number, out: Float64Array) => void;
}

export function contextsOf(table: Table): Contexts {
  const count = table.featureNames.length;
  const { centers, spreads } = standardisingOf(table, rowRange(0, Math.min(WARM_UP_ROWS, table.rowCount)));
  return {
    size: count + 2,
    read: (row, scoreBps, out) => {
      out[0] = 1;
      out[1] = scoreBps / 5_000;
      for (let feature = 0; feature < count; feature += 1) {
        const value = table.features[row * count + feature] as number;
        const away =
          value === FEATURE_MISSING ? 0 : (value - (centers[feature] as number)) / (spreads[feature] as number);
        out[2 + feature] =
          away > STANDARDISED_MAX ? STANDARDISED_MAX : away < -STANDARDISED_MAX ? -STANDARDISED_MAX : away;
      }
    },
  };
}
