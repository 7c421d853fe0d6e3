/**
 * The shares of the tiers that a belief gives one decision, and the believed success of each. The regimes router has a table
 * that is the same for every decision. The offsets router derives the shares from the expected success and the cost of each
 * tier.
 * @module
 */
import type { BeliefEntry, OffsetBelief } from "./learning-entry.ts";
import { offsetPropensities, SIXTEENTHS } from "./offset-propensity.ts";
import { TIER_COUNT_MAX } from "./recommendation.ts";
import { BPS_MAX } from "./units.ts";

const means = new Float64Array(TIER_COUNT_MAX);

/**
 * The shares of a belief's tiers in one decision, over 2^32, by position in `tiers`; they sum to it. Allocates nothing.
 *
 * @param expected - the success expected of each tier of the policy, in bps; read by offsets only.
 * @param costShares - the share of the value that each of `tiers` costs, from `costShare`; read by offsets only.
 * @param out - at least as long as `tiers`.
 * @returns whether the choice is in the boundary zone; always false for a table.
 */
export function drawnShares(
  belief: BeliefEntry,
  expected: ArrayLike<number>,
  costShares: ArrayLike<number>,
  out: Float64Array,
): boolean {
  const { tiers } = belief;
  if (belief.method === undefined) {
    for (let position = 0; position < tiers.length; position++) out[position] = belief.table[position] as number;
    return false;
  }
  for (let position = 0; position < tiers.length; position++)
    means[position] = successOf(belief, position, expected) - (costShares[position] as number);
  return offsetPropensities(means, belief.deviations, tiers.length, belief.explorationBps, out);
}

/**
 * The believed success of the tier in a position, 0 to 10,000 bps: the mean of its Beta counts, or expectation plus offset.
 */
export function believedBps(belief: BeliefEntry, position: number, expected: ArrayLike<number>): number {
  if (belief.method === undefined) {
    const [good, bad] = [belief.alpha[position] as number, belief.beta[position] as number];
    return Math.floor((good * BPS_MAX) / (good + bad));
  }
  const bps = Math.floor(successOf(belief, position, expected) / SIXTEENTHS);
  return bps < 0 ? 0 : bps > BPS_MAX ? BPS_MAX : bps;
}

/** In sixteenths of a bps, not clamped. */
function successOf(
  { tiers, means: offsets, flat }: OffsetBelief,
  position: number,
  expected: ArrayLike<number>,
): number {
  const own = offsets[position] as number;
  return flat === true ? own : own + (expected[tiers[position] as number] as number) * SIXTEENTHS;
}
