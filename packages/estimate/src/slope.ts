/**
 * The choice of a tuning constant from the data alone: SLOPE.
 * @module
 */
import type { PointEstimate } from "./running-mean.ts";

const NORMAL_QUANTILE = 1.959963984540054;

/**
 * Chooses among estimates in order of falling variance and growing bias: the last whose interval still overlaps those of all
 * before it. Its error is within a constant factor of the best choice. It gives no interval that is valid at any time.
 *
 * @param candidates - at least one; ordered from the least biased on.
 * @returns the index of the chosen one.
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
