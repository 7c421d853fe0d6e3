/**
 * Each tier on its own: which of them no rule needs, and what drawing between them costs. With two tiers a draw lies on the line between
 * both; with more, the best draw lies on the lower convex hull of the single tiers, and a rule that does not beat the hull has
 * learned nothing.
 * @module
 */
import type { Table } from "./table.ts";

/** A tier that costs at least as much as another and succeeds no more often, and is not its equal in both. */
export interface DominatedTier {
  readonly tier: string;
  readonly by: string;
  /** Of the most expensive tier the reference changes: what needs it is judged against the tier that dominates it. */
  readonly isTop: boolean;
}

interface SingleTier {
  readonly index: number;
  readonly cost: number;
  readonly success: number;
}

/** By the means over all rows, cheapest first. The one that dominates is the best of those that do. */
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
 * The table as far as the most expensive tier that is not dominated: never using a dominated one is right, so no request needs it.
 * The table itself where the most expensive tier is not.
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

/** Where a rule lies: what it saves, and what it misses. */
export interface SavedAndMissed {
  readonly savings: number;
  readonly missedOfNeeded: number;
}

/** The least that a draw between rules misses at some savings: the lower convex hull of them, by a straight line. */
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
