/**
 * The ranking quality of a score: rows get the premium tier from the highest score down, and every share of premium is one
 * point of the frontier. Rows with equal scores are treated alike: between the points around them the frontier is a straight
 * line, which is what drawing among them gives.
 *
 * Rows have fractional weights: "needed" is the amount by which the premium tier gains over the cheapest, where it gains,
 * and "missed" the part of that on downgraded rows.
 * @module
 */
import { gainsBps, OUTCOME_MAX_BPS, type Table } from "./table.ts";

/** One point: all rows from some score up got premium. */
export interface FrontierPoint {
  /** Share of rows that were downgraded. */
  readonly downgraded: number;
  /** Share of the largest possible saving: all rows at the cheapest tier are 1. */
  readonly savings: number;
  /** Mean outcome, 0..1. */
  readonly quality: number;
  /** P(downgraded | premium needed): the false-negative rate. */
  readonly missedOfNeeded: number;
  /** P(premium needed | downgraded); 0 if no row was downgraded. */
  readonly neededOfDowngraded: number;
  /** P(downgraded and premium needed): the marginal harm. */
  readonly harm: number;
}

/** Points from no downgraded rows to all. @param scores - one per row; a higher score calls for premium. */
export function frontierOf(table: Table, scores: ArrayLike<number>): readonly FrontierPoint[] {
  const { rowCount, tierNames, costsMicrocents, outcomesBps } = table;
  const tiers = tierNames.length;
  const gains = gainsBps(table);
  const order = orderOf(scores, rowCount);
  const savingOf = (row: number): number =>
    (costsMicrocents[row * tiers + tiers - 1] ?? 0) - (costsMicrocents[row * tiers] ?? 0);
  let [savingsMost, neededAll, quality] = [0, 0, 0];
  for (let row = 0; row < rowCount; row += 1) {
    savingsMost += savingOf(row);
    neededAll += Math.max(0, gains[row] ?? 0);
    quality += outcomesBps[row * tiers + tiers - 1] ?? 0;
  }
  const points: FrontierPoint[] = [];
  let [downgraded, saved, missed] = [0, 0, 0];
  const emit = (): void => {
    points.push({
      downgraded: downgraded / rowCount,
      savings: savingsMost === 0 ? downgraded / rowCount : saved / savingsMost,
      quality: quality / rowCount / OUTCOME_MAX_BPS,
      missedOfNeeded: neededAll === 0 ? 0 : missed / neededAll,
      neededOfDowngraded: downgraded === 0 ? 0 : missed / OUTCOME_MAX_BPS / downgraded,
      harm: missed / OUTCOME_MAX_BPS / rowCount,
    });
  };
  emit();
  for (let at = 0; at < rowCount; at += 1) {
    const row = order[at] ?? 0;
    downgraded += 1;
    saved += savingOf(row);
    missed += Math.max(0, gains[row] ?? 0);
    quality -= gains[row] ?? 0;
    if (at + 1 === rowCount || scores[order[at + 1] ?? 0] !== scores[row]) emit();
  }
  return points;
}

/** Rows in ascending order of score. */
export function orderOf(scores: ArrayLike<number>, count: number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, row) => row);
  return order.sort((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0) || a - b);
}

/** Area under the false-negative rate over savings, 0..1: random has .5, and lower is better. */
export function missArea(points: readonly FrontierPoint[]): number {
  return area(points.map(({ savings, missedOfNeeded }) => [savings, missedOfNeeded]));
}

/**
 * Average performance gap recovered (RouteLLM): the mean, over all shares of premium calls, of the recovered share of the
 * quality gap between the cheap tier and the premium tier. Random has .5.
 */
export function averageGapRecovered(points: readonly FrontierPoint[]): number {
  const gap = gapOf(points);
  if (gap === 0) return Number.NaN;
  const bottom = points.at(-1)?.quality ?? 0;
  return area(points.map(({ downgraded, quality }) => [downgraded, (quality - bottom) / gap]));
}

/** The smallest share of premium calls that recovers `share` of the gap (CPT50 is at .5); NaN if there is no gap. */
export function callShareFor(points: readonly FrontierPoint[], share: number): number {
  const gap = gapOf(points);
  if (gap <= 0) return Number.NaN;
  const bottom = points.at(-1)?.quality ?? 0;
  for (let at = points.length - 1; at > 0; at -= 1) {
    const [to, from] = [points[at], points[at - 1]];
    if (to === undefined || from === undefined) break;
    const [low, high] = [(to.quality - bottom) / gap, (from.quality - bottom) / gap];
    if (low >= share) return 1 - to.downgraded;
    if (high >= share) return 1 - (to.downgraded - ((share - low) / (high - low)) * (to.downgraded - from.downgraded));
  }
  return Number.NaN;
}

/** P(a needed row scores higher than another), where equal scores count half; NaN if all rows are alike. */
export function areaUnderCurve(table: Table, scores: ArrayLike<number>): number {
  const gains = gainsBps(table);
  const order = orderOf(scores, table.rowCount);
  let [positives, rankSum] = [0, 0];
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && scores[order[to] ?? 0] === scores[order[from] ?? 0]) to += 1;
    for (let at = from; at < to; at += 1) {
      if ((gains[order[at] ?? 0] ?? 0) <= 0) continue;
      positives += 1;
      rankSum += (from + to + 1) / 2;
    }
    from = to;
  }
  const negatives = order.length - positives;
  if (positives === 0 || negatives === 0) return Number.NaN;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

function gapOf(points: readonly FrontierPoint[]): number {
  return (points[0]?.quality ?? 0) - (points.at(-1)?.quality ?? 0);
}

function area(points: readonly (readonly [number, number])[]): number {
  let sum = 0;
  for (let at = 1; at < points.length; at += 1) {
    const [from, to] = [points[at - 1], points[at]];
    if (from !== undefined && to !== undefined) sum += (to[0] - from[0]) * (to[1] + from[1]) * 0.5;
  }
  return sum;
}
