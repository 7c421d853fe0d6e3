/**
 * Means over fold seeds, with intervals over them.
 * @module
 */

/** A mean over fold seeds with a 95 % interval by Student's t. */
export interface OverSeeds {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** Quantiles for 95 %, by degrees of freedom from 1. */
const STUDENT = [12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];

/** The mean of one figure per seed; without an interval if there is only one seed. */
export function overSeeds(figures: readonly number[]): OverSeeds {
  const mean = figures.reduce((sum, each) => sum + each, 0) / Math.max(1, figures.length);
  const variance = figures.reduce((sum, each) => sum + (each - mean) ** 2, 0) / Math.max(1, figures.length - 1);
  const t = figures.length < 2 ? Number.NaN : (STUDENT[figures.length - 2] ?? 1.96);
  const half = t * Math.sqrt(variance / figures.length);
  return { mean, low: mean - half, high: mean + half };
}
