/**
 * The tallies of a policy, summed by blocks of rows, so that a figure can be computed for any resampling of blocks.
 * Comparisons are paired, because the same blocks are drawn for every policy.
 * @module
 */
import { seededChance } from "./chance.ts";
import { OUTCOME_MAX_BPS, type Table } from "./table.ts";

const BLOCK_COUNT = 40;
const FIELDS = 6;
const [ROWS, DOWNGRADED, SAVED, MISSED, QUALITY, REWARD] = [0, 1, 2, 3, 4, 5];

/** Values that do not depend on the policy: for each block, the possible savings and the need for premium. */
export interface Ground {
  readonly table: Table;
  readonly blockOfRow: Uint16Array;
  readonly savedMost: Float64Array;
  readonly needed: Float64Array;
}

/**
 * Rows in time order are cut into consecutive blocks; other rows are assigned to blocks at random. Only the given rows
 * count.
 */
export function groundOf(table: Table, rows: Int32Array, seed: number): Ground {
  const blockOfRow = new Uint16Array(table.rowCount);
  const chance = seededChance(seed, 4);
  rows.forEach((row, at) => {
    blockOfRow[row] = table.isInTimeOrder ? Math.floor((at * BLOCK_COUNT) / rows.length) : chance.below(BLOCK_COUNT);
  });
  const [savedMost, needed] = [new Float64Array(BLOCK_COUNT), new Float64Array(BLOCK_COUNT)];
  const tiers = table.tierNames.length;
  for (const row of rows) {
    const block = blockOfRow[row] ?? 0;
    const [cheap, dear] = [row * tiers, row * tiers + tiers - 1];
    savedMost[block] =
      (savedMost[block] ?? 0) + (table.costsMicrocents[dear] ?? 0) - (table.costsMicrocents[cheap] ?? 0);
    needed[block] =
      (needed[block] ?? 0) + Math.max(0, (table.outcomesBps[dear] ?? 0) - (table.outcomesBps[cheap] ?? 0));
  }
  return { table, blockOfRow, savedMost, needed };
}

export class Tally {
  readonly sums: Float64Array = new Float64Array(BLOCK_COUNT * FIELDS);
  readonly #ground: Ground;
  readonly #tiers: number;

  constructor(ground: Ground) {
    this.#ground = ground;
    this.#tiers = ground.table.tierNames.length;
  }

  add(row: number, tier: number, rewardBps: number): void {
    const { outcomesBps, costsMicrocents } = this.#ground.table;
    const base = row * this.#tiers;
    const premium = base + this.#tiers - 1;
    const chosen = base + tier;
    const at = (this.#ground.blockOfRow[row] as number) * FIELDS;
    const { sums } = this;
    const outcome = outcomesBps[chosen] as number;
    const lost = (outcomesBps[premium] as number) - outcome;
    sums[at + ROWS] = (sums[at + ROWS] as number) + 1;
    if (chosen !== premium) {
      sums[at + DOWNGRADED] = (sums[at + DOWNGRADED] as number) + 1;
      sums[at + SAVED] =
        (sums[at + SAVED] as number) + (costsMicrocents[premium] as number) - (costsMicrocents[chosen] as number);
      if (lost > 0) sums[at + MISSED] = (sums[at + MISSED] as number) + lost;
    }
    sums[at + QUALITY] = (sums[at + QUALITY] as number) + outcome;
    sums[at + REWARD] = (sums[at + REWARD] as number) + rewardBps;
  }
}

/** One policy at one setting. All values are shares of 1. */
export interface Point {
  readonly savings: number;
  readonly downgraded: number;
  /** P(downgraded | premium needed): the false-negative rate. */
  readonly missedOfNeeded: number;
  /** P(premium needed | downgraded). */
  readonly neededOfDowngraded: number;
  /** P(downgraded and premium needed): the marginal harm. */
  readonly harm: number;
  readonly quality: number;
  readonly reward: number;
}

/** The number of draws of each block; once each is the data itself. */
export const EVERY_BLOCK: Float64Array = new Float64Array(BLOCK_COUNT).fill(1);

/** The mean of several tallies (one per seed), over blocks weighted by their draws. */
export function pointOf(ground: Ground, tallies: readonly Tally[], draws: Float64Array = EVERY_BLOCK): Point {
  const totals = new Float64Array(FIELDS);
  let [savedMost, needed] = [0, 0];
  for (let block = 0; block < BLOCK_COUNT; block += 1) {
    const times = draws[block] ?? 0;
    if (times === 0) continue;
    savedMost += times * (ground.savedMost[block] ?? 0);
    needed += times * (ground.needed[block] ?? 0);
    for (const { sums } of tallies) {
      for (let field = 0; field < FIELDS; field += 1)
        totals[field] = (totals[field] ?? 0) + times * (sums[block * FIELDS + field] ?? 0);
    }
  }
  const [rows = 0, downgraded = 0, saved = 0, missed = 0, quality = 0, reward = 0] = totals;
  const count = tallies.length;
  return {
    savings: savedMost === 0 ? share(downgraded, rows) : saved / count / savedMost,
    downgraded: share(downgraded, rows),
    missedOfNeeded: share(missed / count, needed),
    neededOfDowngraded: share(missed / OUTCOME_MAX_BPS, downgraded),
    harm: share(missed / OUTCOME_MAX_BPS, rows),
    quality: share(quality / OUTCOME_MAX_BPS, rows),
    reward: share(reward / OUTCOME_MAX_BPS, rows),
  };
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

/** Draws of blocks with replacement: the same for every policy of a set. */
export function blockDraws(count: number, seed: number): readonly Float64Array[] {
  const chance = seededChance(seed, 5);
  return Array.from({ length: count }, () => {
    const draws = new Float64Array(BLOCK_COUNT);
    for (let at = 0; at < BLOCK_COUNT; at += 1) {
      const block = chance.below(BLOCK_COUNT);
      draws[block] = (draws[block] ?? 0) + 1;
    }
    return draws;
  });
}

/** A value with its 95 % interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export function estimateOf(statistic: (draws: Float64Array) => number, draws: readonly Float64Array[]): Estimate {
  const values = draws
    .map(statistic)
    .filter((value) => !Number.isNaN(value))
    .sort((a, b) => a - b);
  const at = (quantile: number): number =>
    values[Math.min(values.length - 1, Math.floor(quantile * values.length))] ?? Number.NaN;
  return { value: statistic(EVERY_BLOCK), low: at(0.025), high: at(0.975) };
}

/** Points sorted by savings, including both ends: no downgrades, and all requests downgraded. */
export function frontierThrough(ends: readonly [Point, Point], points: readonly Point[]): readonly Point[] {
  return [...ends, ...points].toSorted((a, b) => a.savings - b.savings || a.missedOfNeeded - b.missedOfNeeded);
}

/**
 * The false-negative rate at the given savings, interpolated linearly between settings, which is what drawing between them
 * gives.
 */
export function missedAt(points: readonly Point[], savings: number): number {
  return valueAt(points, "savings", savings, "missedOfNeeded");
}

export function valueAt(
  points: readonly Point[],
  by: "savings" | "downgraded",
  at: number,
  field: keyof Point,
): number {
  for (let index = 1; index < points.length; index += 1) {
    const [from, to] = [points[index - 1], points[index]];
    if (from === undefined || to === undefined || to[by] < at) continue;
    const part = to[by] === from[by] ? 1 : Math.max(0, (at - from[by]) / (to[by] - from[by]));
    return from[field] + part * (to[field] - from[field]);
  }
  return points.at(-1)?.[field] ?? Number.NaN;
}

/** Area under the false-negative rate over savings. */
export function frontierArea(points: readonly Point[]): number {
  let sum = 0;
  for (let at = 1; at < points.length; at += 1) {
    const [from, to] = [points[at - 1], points[at]];
    if (from !== undefined && to !== undefined)
      sum += (to.savings - from.savings) * (to.missedOfNeeded + from.missedOfNeeded) * 0.5;
  }
  return sum;
}

/** Average performance gap recovered, over all shares of premium calls; NaN if there is no gap. */
export function gapRecovered(ends: readonly [Point, Point], points: readonly Point[]): number {
  const [premium, cheapest] = ends;
  const gap = premium.quality - cheapest.quality;
  if (gap <= 0) return Number.NaN;
  const sorted = [...ends, ...points].toSorted((a, b) => a.downgraded - b.downgraded || b.quality - a.quality);
  let sum = 0;
  for (let at = 1; at < sorted.length; at += 1) {
    const [from, to] = [sorted[at - 1], sorted[at]];
    if (from === undefined || to === undefined) continue;
    sum += (to.downgraded - from.downgraded) * ((from.quality + to.quality) / 2 - cheapest.quality);
  }
  return sum / gap;
}
