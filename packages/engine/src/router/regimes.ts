/**
 * Regimes: eight classes of similar requests, distinguished by one integer score. The score is the prior's predicted gain;
 * without a prior, it is the sum of the features' deviations from their usual values. Boundaries are learned in the warm-up
 * and frozen by a journal entry. They never move on their own.
 * @module
 */
import { FEATURE_MISSING, REGIME_COUNT, type RegimesEntry, WARM_UP_REGIME } from "@calybris/kernel";
import { EIGHTHS, type Statistics } from "./statistics.ts";

/** Scores are in thousandths of a standard deviation, at most three deviations per feature. */
const SCORE_SCALE = 1_000;
const SCORE_MOST = 3 * SCORE_SCALE;

/** The usual values for the score of a request without a prior, in eighths. */
export interface Standard {
  readonly means: readonly number[];
  readonly deviations: readonly number[];
}

/** The sum of the features' deviations from their means, in standard deviations, with outliers clamped. */
export function standardisedScore(standard: Standard, values: readonly number[]): number {
  let score = 0;
  for (let feature = 0; feature < standard.means.length; feature++) {
    const deviation = standard.deviations[feature] as number;
    const value = values[feature] ?? FEATURE_MISSING;
    if (deviation === 0 || value === FEATURE_MISSING) continue;
    const distance = value * EIGHTHS - (standard.means[feature] as number);
    const scaled = Math.trunc((distance * SCORE_SCALE) / deviation);
    score += scaled > SCORE_MOST ? SCORE_MOST : scaled < -SCORE_MOST ? -SCORE_MOST : scaled;
  }
  return score;
}

/** The regime of a score: the number of boundaries at or below it. Before there are boundaries, the warm-up regime. */
export function regimeOf(boundaries: readonly number[] | undefined, score: number): number {
  if (boundaries === undefined) return WARM_UP_REGIME;
  let regime = 0;
  while (regime < boundaries.length && score >= (boundaries[regime] as number)) regime += 1;
  return regime;
}

/** Seven quantiles of scores. Equal quantiles leave regimes empty, which is harmless. */
export function quantiles(scores: readonly number[]): readonly number[] {
  const sorted = scores.toSorted((a, b) => a - b);
  return Array.from({ length: REGIME_COUNT - 1 }, (_, index) => {
    const at = Math.floor(((index + 1) * sorted.length) / REGIME_COUNT);
    return sorted[Math.min(at, sorted.length - 1)] ?? 0;
  });
}

/** The entry that freezes the regimes from the requests of the warm-up. */
export function freezeRegimes(
  statistics: Statistics,
  seen: readonly (readonly number[])[],
  features: number,
  scoreOf?: (values: readonly number[]) => number,
): RegimesEntry {
  const each = Array.from({ length: features }, (_, feature) => feature);
  const standard: Standard = {
    means: each.map((feature) => statistics.mean(WARM_UP_REGIME, feature)),
    deviations: each.map((feature) => statistics.deviation(WARM_UP_REGIME, feature)),
  };
  const scores = seen.map(scoreOf ?? ((values) => standardisedScore(standard, values)));
  return { kind: "regimes", boundaries: quantiles(scores), ...standard };
}
