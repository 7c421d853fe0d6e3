/**
 * The floor of each tier: the lowest quality of its enabled candidates.
 * @module
 */
import type { PolicySnapshot } from "@calybris/kernel";

/**
 * Cheapest tier first. A tier without enabled candidates has the floor of the next tier up, or else of the next one down.
 */
export function tierFloorsOf(snapshot: PolicySnapshot): readonly number[] {
  const floors: (number | undefined)[] = snapshot.tiers.map((_, tier) => {
    const qualities = snapshot.policy.candidates
      .filter(({ enabled }, index) => enabled === 1 && snapshot.candidateTiers[index] === tier)
      .map(({ qualityBps }) => Number(qualityBps));
    return qualities.length === 0 ? undefined : Math.min(...qualities);
  });
  return floors.map(
    (floor, tier) =>
      floor ??
      floors.slice(tier).find((above) => above !== undefined) ??
      floors.slice(0, tier).findLast((below) => below !== undefined) ??
      0,
  );
}
