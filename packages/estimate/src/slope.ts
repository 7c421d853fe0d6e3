/**
 * SLOPE: chooses a tuning constant from the data alone.
 * @module
 */
import type { PointEstimate } from "./running-mean.ts";

const NORMAL_QUANTILE = 1.959963984540054;

/**
 * Chooses among estimates ordered by falling variance and rising bias: the last one whose interval overlaps those of all
 * earlier ones. Its error is within a constant factor of the best choice. It gives no anytime-valid interval.
 *
 * @param candidates - at least one, ordered from the least biased.
 * @returns the index of the chosen estimate.
 *
 * Source: Su, Srinath and Krishnamurthy, "Adaptive estimator selection for off-policy evaluation", ICML 2020; the constant √6 − 1
 * from Tucker and Lee, "Improved estimator selection for off-policy evaluation", 2021.
 *
 * @example
 * ```ts
 * import { slope } from "@calybris/estimate";
 * slope([{ value: 0.5, standardError: 0.1 }, { value: 0.55, standardError: 0.05 }, { value: 0.1, standardError: 0.01 }]); // 1
 * ```
 */
export function slope(candidates: readonly PointEstimate[]): number {
  const margins = candidates.map(({ standardError }) => NORMAL_QUANTILE * standardError);
  let chosen = 0;
  for (let index = 1; index < candidates.length; index += 1) {
    const one = candidates[index] as PointEstimate;
    const agrees = candidates
      .slice(0, index)
      .every(
        (other, at) =>
          Math.abs(one.value - other.value) <= (margins[index] ?? 0) + (Math.sqrt(6) - 1) * (margins[at] ?? 0),
      );
    if (!agrees) break;
    chosen = index;
  }
  return chosen;
}
