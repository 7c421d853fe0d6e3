/**
 * Fits the success heads of a prior: with two tiers, one head for the level (the mean success of the cheapest and the top
 * tier), else one head per tier. First a ridge over features and category on the rows that the prior was fitted on. Then, on
 * rows that the prior was not fitted on, a linear stack of that ridge and the predicted gain, because a prior's predictions
 * are too good on its own rows.
 * @module
 */
import type { SuccessFile } from "@calybris/engine/internal";
import { type FitOptions, fitPrior, predictRows } from "./fit-prior.ts";
import { OUTCOME_MAX_BPS, type Table } from "./table.ts";

/** Rows that the prior was not fitted on, and its predictions for them. */
export interface Unseen {
  readonly rows: Int32Array;
  /** By row of the table, in bps. */
  readonly scoresBps: Int32Array;
}

const GAIN_MAX = 10;
const I32_MAX = 2_147_483_647;
const ADDED_MAX_BPS = 20_000;
/** Penalty of the stack, in rows: its preference for the unchanged ridge without a share of the gain. */
const STACK_PENALTY = 20;

/**
 * @param rows - rows that the prior was fitted on.
 * @param unseen - other rows; with fewer than 20, the ridge is used unchanged.
 */
export function fitSuccess(
  table: Table,
  rows: Int32Array,
  unseen: Unseen,
  options: Pick<FitOptions, "seed" | "rowsMax" | "penalties">,
): readonly SuccessFile[] {
  const tiers = table.tierNames.length;
  const targets = tiers === 2 ? [levelsOf(table)] : table.tierNames.map((_, tier) => successesOf(table, tier));
  return targets.map((target) => headOf(table, rows, target, unseen, options));
}

function levelsOf({ rowCount, tierNames, outcomesBps }: Table): Float64Array {
  const tiers = tierNames.length;
  return Float64Array.from(
    { length: rowCount },
    (_, row) => ((outcomesBps[row * tiers] ?? 0) + (outcomesBps[row * tiers + tiers - 1] ?? 0)) / 2 / OUTCOME_MAX_BPS,
  );
}

function successesOf({ rowCount, tierNames, outcomesBps }: Table, tier: number): Float64Array {
  const tiers = tierNames.length;
  return Float64Array.from({ length: rowCount }, (_, row) => (outcomesBps[row * tiers + tier] ?? 0) / OUTCOME_MAX_BPS);
}

function headOf(
  table: Table,
  rows: Int32Array,
  targets: Float64Array,
  { rows: others, scoresBps }: Unseen,
  options: Pick<FitOptions, "seed" | "rowsMax" | "penalties">,
): SuccessFile {
  const plain: Table = { ...table, texts: undefined };
  const { file, prior } = fitPrior(plain, rows, "ridge", { ...options, targets });
  const { head, categories, categoryOtherBps } = file;
  const predicted = predictRows(prior, plain, others);
  const stack = stackOf(
    Array.from(others, (row, at) => ({
      ridge: (predicted[at] ?? 0) / OUTCOME_MAX_BPS,
      gain: (scoresBps[row] ?? 0) / OUTCOME_MAX_BPS,
      target: targets[row] ?? 0,
    })),
  );
  const scaled = (value: number, max: number): number => clamped(value * stack.ridge, max);
  const weights = head.kind === "linear" ? head.weightsMillibps : [];
  return {
    interceptMillibps: clamped(
      head.interceptMillibps * stack.ridge + stack.intercept * OUTCOME_MAX_BPS * 1_000,
      I32_MAX,
    ),
    weightsMillibps: weights.map((weight) => scaled(weight, I32_MAX)),
    categoriesBps: [...categories.map(({ gainBps }) => gainBps), categoryOtherBps].map((each) =>
      scaled(each, ADDED_MAX_BPS),
    ),
    gainThousandths: clamped(stack.gain * 1_000, GAIN_MAX * 1_000),
  };
}

interface StackRow {
  readonly ridge: number;
  readonly gain: number;
  readonly target: number;
}

/**
 * target ≈ intercept + ridge · the ridge + gain · the gain, by least squares with penalties around ridge = 1 and gain = 0.
 */
function stackOf(rows: readonly StackRow[]): {
  readonly intercept: number;
  readonly ridge: number;
  readonly gain: number;
} {
  if (rows.length < STACK_PENALTY) return { intercept: 0, ridge: 1, gain: 0 };
  const mean = (of: (row: StackRow) => number): number => rows.reduce((sum, row) => sum + of(row), 0) / rows.length;
  const [ridgeMean, gainMean, targetMean] = [
    mean((row) => row.ridge),
    mean((row) => row.gain),
    mean((row) => row.target),
  ];
  let [rr, rg, gg, ry, gy] = [0, 0, 0, 0, 0];
  for (const row of rows) {
    const [r, g, y] = [row.ridge - ridgeMean, row.gain - gainMean, row.target - targetMean];
    rr += r * r;
    rg += r * g;
    gg += g * g;
    ry += r * y;
    gy += g * y;
  }
  // Penalties are in rows of typical spread.
  const [ridgePenalty, gainPenalty] = [
    (STACK_PENALTY * rr) / rows.length + 1e-9,
    (STACK_PENALTY * gg) / rows.length + 1e-9,
  ];
  const [a, b, c] = [rr + ridgePenalty, rg, gg + gainPenalty];
  const [p, q] = [ry + ridgePenalty, gy];
  const determinant = a * c - b * b;
  const isSingular = Math.abs(determinant) < 1e-12 * a * c;
  const ridge = isSingular ? 1 : (p * c - b * q) / determinant;
  const gain = isSingular ? 0 : (a * q - b * p) / determinant;
  return { intercept: targetMean - ridge * ridgeMean - gain * gainMean, ridge, gain };
}

function clamped(value: number, max: number): number {
  return Math.max(-max, Math.min(max, Math.round(value))) + 0;
}
