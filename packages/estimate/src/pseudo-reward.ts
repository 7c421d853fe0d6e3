/**
 * The variable that anytime-valid intervals bet on: unbiased for the value of the target policy, and at least −k.
 * @module
 */
import { hasAllPropensities, type LoggedRow, weightOf } from "./logged-row.ts";
import { estimateError } from "./estimate-errors.ts";

/**
 * φ = w(R − min(q̂(A), k/w(A))) + Σ_a π(a) min(q̂(a), k/w(a)). Its mean, given the past, is the value of the target policy;
 * it is at least −k. Predictions are clipped per arm inside the sum; clipping them by the chosen arm's weight would make φ
 * biased.
 *
 * @param side - `upper` uses 1 − R and 1 − q̂, whose mean is 1 − value.
 * @param reward - if `row.reward` is unknown, 0 (the default) is conservative on both sides.
 * @throws CalybrisError `CAL_ESTIMATE_ROW_INVALID` if k is above 0 and the log has only the probability of the chosen arm.
 *
 * Source: Waudby-Smith, Wu, Ramdas, Karampatziakis and Mineiro, "Anytime-valid off-policy inference for contextual bandits",
 * arXiv 2210.10768, section 2.
 */
export function pseudoReward(row: LoggedRow, k: number, side: "lower" | "upper", number = 1): number {
  if (k > 0 && !hasAllPropensities(row))
    throw estimateError("CAL_ESTIMATE_ROW_INVALID", {
      row: number,
      field: "logged",
      problem: "needs the probability of every arm for an interval with k above 0",
    });
  const facing = (value: number): number => (side === "lower" ? value : 1 - value);
  const cut = (arm: number): number => Math.min(facing(row.predicted[arm] ?? 0), k / weightOf(row, arm));
  const reward = row.reward === undefined ? 0 : facing(row.reward);
  const weight = weightOf(row, row.chosen);
  const corrected = weight === 0 ? 0 : weight * (reward - (k === 0 ? 0 : cut(row.chosen)));
  if (k === 0) return corrected;
  return row.target.reduce((sum, share, arm) => (share === 0 ? sum : sum + share * cut(arm)), corrected);
}
