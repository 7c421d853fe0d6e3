/**
 * The discounted share of drawn decisions whose choice is in the boundary zone, in millionths. It sets the exploration
 * within the zone, so that the average share of exploration is the policy's.
 * @module
 */
import { BEYOND_BOUNDARY, BPS_MAX } from "@calybris/kernel";

const MILLION = 1_000_000;
/** Each decision has a weight of 1/1,024. */
const MEMORY = 1_024;

export class BoundaryShare {
  /** Before the first draw, every choice counts as uncertain. */
  ppm: number = MILLION;

  forget(): void {
    this.ppm = MILLION;
  }

  add(isBoundary: boolean): void {
    this.ppm += Math.trunc(((isBoundary ? MILLION : 0) - this.ppm) / MEMORY);
  }

  /**
   * The share to explore within the zone, if a tenth of it is explored outside; rounded down, and at most 10,000.
   *
   * @param averageBps - the average over all decisions.
   */
  explorationBps(averageBps: number): number {
    const parts = BEYOND_BOUNDARY * this.ppm + (MILLION - this.ppm);
    return Math.min(BPS_MAX, Math.floor((averageBps * BEYOND_BOUNDARY * MILLION) / parts));
  }
}
