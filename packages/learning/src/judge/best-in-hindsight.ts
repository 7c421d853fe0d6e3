/**
 * The best policies in hindsight for a stream: the best single tier, and the best threshold on the router's score. Rewards
 * are shares of the value of a right answer. They are not clamped at 0: an expensive call that fails has a negative reward.
 * @module
 */
import type { Table } from "../table.ts";
import type { Split } from "./split.ts";

const GAIN_MIN_BPS = 50;
/** Quantiles of the score at which premium breaks even. Each determines a value of a right answer. */
const TIPPING_QUANTILES = [0.1, 0.25, 0.4, 0.55, 0.7, 0.85];

/** The values of a right answer, in microcents. */
export function valuesOf(table: Table, { stream, scoresBps }: Split): readonly number[] {
  const sorted = stream.map((row) => scoresBps[row] ?? 0).sort();
  const saving = meanOf(Array.from(stream, (row) => extraCost(table, row)));
  const gains = TIPPING_QUANTILES.map((share) =>
    Math.max(GAIN_MIN_BPS, sorted[Math.floor(share * sorted.length)] ?? GAIN_MIN_BPS),
  );
  return [...new Set(gains)].map((gain) => (Math.max(1, saving) * 10_000) / gain);
}

/**
 * Chooses premium if the score is above a limit. If costs are known, premium's extra cost is subtracted from the score
 * first.
 */
export interface ThresholdRule {
  readonly isCostKnown: boolean;
  readonly limit: number;
}

export interface Hindsight {
  /** Mean rewards of the best threshold and of the best single tier. */
  readonly threshold: number;
  readonly bestTier: number;
  readonly tier: number;
  readonly rule: ThresholdRule;
}

/** The mean reward of the best single tier, and of the best threshold on the score, with or without known costs. */
export function hindsightOf(table: Table, { stream, scoresBps }: Split, value: number): Hindsight {
  const top = table.tierNames.length - 1;
  const singles = table.tierNames.map((_, tier) => meanOf(Array.from(stream, (row) => netOf(table, row, tier, value))));
  const bestTier = Math.max(...singles);
  let threshold = Number.NEGATIVE_INFINITY;
  let rule: ThresholdRule = { isCostKnown: false, limit: Number.NEGATIVE_INFINITY };
  for (const isCostKnown of [false, true]) {
    const rows = Array.from(stream, (row) => ({
      key: keyOf(table, scoresBps, row, value, isCostKnown),
      gain: netOf(table, row, top, value) - netOf(table, row, 0, value),
    })).sort((one, other) => one.key - other.key);
    let mean = singles[top] ?? 0;
    if (mean > threshold) [threshold, rule] = [mean, { isCostKnown, limit: Number.NEGATIVE_INFINITY }];
    for (const [at, { key, gain }] of rows.entries()) {
      mean -= gain / rows.length;
      if (rows[at + 1]?.key !== key && mean > threshold) [threshold, rule] = [mean, { isCostKnown, limit: key }];
    }
  }
  return { threshold, bestTier, tier: singles.indexOf(bestTier), rule };
}

/** The reward of a row under a threshold rule. */
export function netByRule(
  table: Table,
  scoresBps: Int32Array,
  row: number,
  value: number,
  { isCostKnown, limit }: ThresholdRule,
): number {
  const isPremium = keyOf(table, scoresBps, row, value, isCostKnown) > limit;
  return netOf(table, row, isPremium ? table.tierNames.length - 1 : 0, value);
}

function keyOf(table: Table, scoresBps: Int32Array, row: number, value: number, isCostKnown: boolean): number {
  return (scoresBps[row] ?? 0) / 10_000 - (isCostKnown ? extraCost(table, row) / value : 0);
}

/** The reward as a share of the value, not clamped at 0. */
export function netOf(
  { tierNames, outcomesBps, costsMicrocents }: Table,
  row: number,
  tier: number,
  value: number,
): number {
  const at = row * tierNames.length + tier;
  return (outcomesBps[at] ?? 0) / 10_000 - (costsMicrocents[at] ?? 0) / value;
}

/** The extra cost of the most expensive tier over the cheapest. */
export function extraCost({ tierNames, costsMicrocents }: Table, row: number): number {
  const from = row * tierNames.length;
  return (costsMicrocents[from + tierNames.length - 1] ?? 0) - (costsMicrocents[from] ?? 0);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
