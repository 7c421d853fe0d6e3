/**
 * Single tiers: the tiers that no rule needs, and the cost of drawing between tiers. With two tiers, a draw lies on the line
 * between them. With more, the best draw lies on the lower convex hull of the single tiers, and a rule that does not beat
 * the hull has learned nothing.
 * @module
 */
import type { Table } from "./table.ts";

/** A tier that costs at least as much as another and succeeds no more often, without being equal in both. */
export interface DominatedTier {
  readonly tier: string;
  readonly by: string;
  /**
   * Whether it is the most expensive tier. The reference then changes: need is judged against the tier that dominates it.
   */
  readonly isTop: boolean;
}

interface SingleTier {
  readonly index: number;
  readonly cost: number;
  readonly success: number;
}

/** By the means over all rows, cheapest first. Of several dominating tiers, the one with the best success is named. */
export function dominatedTiers(table: Table): readonly DominatedTier[] {
  const singles = singleTiers(table);
  return singles.flatMap((own) => {
    const by = singles.filter((other) => dominates(other, own)).toSorted((a, b) => b.success - a.success)[0];
    if (by === undefined) return [];
    const [tier = "", name = ""] = [table.tierNames[own.index], table.tierNames[by.index]];
    return [{ tier, by: name, isTop: own.index === singles.length - 1 }];
  });
}

function dominates(one: SingleTier, other: SingleTier): boolean {
  return (
    one.cost <= other.cost && one.success >= other.success && (one.cost < other.cost || one.success > other.success)
  );
}

function singleTiers({ rowCount, tierNames, costsMicrocents, outcomesBps }: Table): readonly SingleTier[] {
  const tiers = tierNames.length;
  return tierNames.map((_, index) => {
    let [cost, success] = [0, 0];
    for (let row = 0; row < rowCount; row += 1) {
      cost += costsMicrocents[row * tiers + index] ?? 0;
      success += outcomesBps[row * tiers + index] ?? 0;
    }
    return { index, cost, success };
  });
}

/**
 * The table up to the most expensive tier that is not dominated. Never using a dominated tier is right, so no request needs
 * it. Returns the table itself if its most expensive tier is not dominated.
 */
export function withoutDominatedTop(table: Table): Table {
  let kept = table;
  while (kept.tierNames.length > 2 && dominatedTiers(kept).some(({ isTop }) => isTop)) kept = withoutTop(kept);
  return kept;
}

function withoutTop(table: Table): Table {
  const [tiers, left] = [table.tierNames.length, table.tierNames.length - 1];
  const [outcomesBps, costsMicrocents] = [
    new Uint16Array(table.rowCount * left),
    new Float64Array(table.rowCount * left),
  ];
  for (let row = 0; row < table.rowCount; row += 1) {
    outcomesBps.set(table.outcomesBps.subarray(row * tiers, row * tiers + left), row * left);
    costsMicrocents.set(table.costsMicrocents.subarray(row * tiers, row * tiers + left), row * left);
  }
  return { ...table, tierNames: table.tierNames.slice(0, left), outcomesBps, costsMicrocents };
}

/** The position of a rule: its savings and its false-negative rate. */
export interface SavedAndMissed {
  readonly savings: number;
  readonly missedOfNeeded: number;
}

/**
 * The lowest false-negative rate of a draw between rules at the given savings: their lower convex hull, interpolated
 * linearly.
 */
export function hullMissedAt(rules: readonly SavedAndMissed[], savings: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (const one of rules) {
    if (one.savings === savings) least = Math.min(least, one.missedOfNeeded);
    for (const other of rules) {
      if (one.savings >= savings || other.savings <= savings) continue;
      const part = (savings - one.savings) / (other.savings - one.savings);
      least = Math.min(least, one.missedOfNeeded + part * (other.missedOfNeeded - one.missedOfNeeded));
    }
  }
  return least === Number.POSITIVE_INFINITY ? Number.NaN : least;
}
