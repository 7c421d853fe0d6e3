/**
 * Pooling: beliefs about each tier, whether it ran often, seldom or never. A mean has a part that all tiers share and a part
 * of its own. Each is shrunk towards 0 by a number of prior observations:
 *
 *     b_k    = N_k · own / (N_k + own)                    the weight of a tier in the common part
 *     common = Σ b_k · mean_k / (prior + Σ b_k)
 *     θ_k    = common + (mean_k − common) · N_k / (N_k + own)
 *
 * Without a common part, a change that affects all tiers would look like one of the tier that runs most, because the others
 * are not observed. The prior observations of a tier's own part depend on the outcomes: many while outcomes agree with it,
 * and few if two tiers differ by more than chance explains.
 *
 * Means are in sixteenths of a basis point, counts in ten-thousandths of an observation, variances in square basis points.
 * Every product stays below 2^53.
 * @module
 */
import { SIXTEENTHS } from "@calybris/kernel";

export const OBSERVATION = 10_000;
/** The value 1 for shares; shares are rounded down. */
export const SHARE_ONE: number = 2 ** 20;
/** Two tiers are compared only if each has this many observations. */
const COMPARED_MIN: number = 20 * OBSERVATION;
const SQUARE: number = SIXTEENTHS * SIXTEENTHS;

/** Observations, by tier. */
export interface Observed {
  readonly means: ArrayLike<number>;
  readonly counts: ArrayLike<number>;
  readonly variances: ArrayLike<number>;
}

/** The strength of shrinkage. */
export interface Strength {
  /** In counts: the maximum, while outcomes agree, and the minimum. */
  readonly most: number;
  readonly least: number;
  /** The square of the number of deviations by which two tiers may differ by chance. */
  readonly deviationsSquared: number;
}

/** The share of the prior that is left after a count of observations, over {@link SHARE_ONE}. */
export function shareLeft(prior: number, count: number): number {
  return Math.floor((prior * SHARE_ONE) / (prior + count));
}

/** Computes the mean of each tier, shrunk towards the common mean, which is shrunk towards 0. */
export function pool(
  { means, counts }: Omit<Observed, "variances">,
  common: number,
  own: number,
  out: Float64Array,
): void {
  let [sum, weight] = [0, 0];
  for (let tier = 0; tier < out.length; tier++) {
    const count = counts[tier] as number;
    const share = Math.floor((count * shareLeft(own, count)) / SHARE_ONE);
    sum += share * (means[tier] as number);
    weight += share;
  }
  const shared = Math.floor(sum / (common + weight));
  for (let tier = 0; tier < out.length; tier++) {
    const seen = SHARE_ONE - shareLeft(own, counts[tier] as number);
    out[tier] = shared + Math.floor((((means[tier] as number) - shared) * seen) / SHARE_ONE);
  }
}

/**
 * Prior counts of a tier's own part: the variance of an outcome over that of the part, according to the two tiers that
 * differ most beyond chance.
 */
export function strengthOf(
  { means, counts, variances }: Observed,
  { most, least, deviationsSquared }: Strength,
): number {
  let strength = most;
  for (let one = 0; one < means.length; one++) {
    if ((counts[one] as number) < COMPARED_MIN) continue;
    for (let other = 0; other < one; other++) {
      if ((counts[other] as number) < COMPARED_MIN) continue;
      const apart = (means[one] as number) - (means[other] as number);
      const chance = squareOfMean(variances, counts, one) + squareOfMean(variances, counts, other);
      const excess = apart * apart - deviationsSquared * chance;
      if (excess <= 0) continue;
      const variance = (variances[one] as number) + (variances[other] as number);
      strength = Math.min(strength, Math.floor((variance * SQUARE * OBSERVATION) / excess));
    }
  }
  return Math.max(least, strength);
}

/** The variance of a mean, in square sixteenths. */
function squareOfMean(variances: ArrayLike<number>, counts: ArrayLike<number>, tier: number): number {
  return Math.floor(((variances[tier] as number) * SQUARE * OBSERVATION) / (counts[tier] as number));
}
