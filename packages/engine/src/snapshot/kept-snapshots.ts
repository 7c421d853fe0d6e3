/**
 * Retention of snapshots in a journal's directory: the last two, for a start, and six earlier ones, spread over the journal,
 * so that `calybris verify` can begin in several places at once.
 * @module
 */

/** A start needs the newest, or the one before if the newest is damaged. */
export const LATEST_KEPT = 2;
export const SNAPSHOTS_KEPT_MAX = 8;

/**
 * The snapshots to remove. Each step removes the one whose neighbours are closest to each other.
 *
 * @param sequences - of all existing snapshots, in any order.
 * @param keptMax - how many may stay; at least the last two do.
 */
export function superfluousSnapshots(
  sequences: readonly number[],
  keptMax: number = SNAPSHOTS_KEPT_MAX,
): readonly number[] {
  const kept = sequences.toSorted((a, b) => a - b);
  const removed: number[] = [];
  while (kept.length > keptMax) {
    const between = (at: number): number => (kept[at + 1] ?? Number.POSITIVE_INFINITY) - (kept[at - 1] ?? 0);
    let closest = 0;
    for (let at = 1; at < kept.length - LATEST_KEPT; at++) if (between(at) < between(closest)) closest = at;
    removed.push(...kept.splice(closest, 1));
  }
  return removed;
}
