/**
 * How often a choice is in the boundary zone, as a discounted share of the decisions that were drawn, in millionths. It sets
 * how much is explored there, so that the average share of exploration is the one that the policy asks for.
 * @module
 */
import { BEYOND_BOUNDARY, BPS_MAX } from "@calybris/kernel";

const MILLION = 1_000_000;
/** A decision counts for a 1,024th. */
const MEMORY = 1_024;

export class BoundaryShare {
  /** Before anything was drawn every choice is uncertain. */
  ppm: number = MILLION;

  forget(): void {
    this.ppm = MILLION;
  }

  add(isBoundary: boolean): void {
    this.ppm += Math.trunc(((isBoundary ? MILLION : 0) - this.ppm) / MEMORY);
  }

  /**
   * The share to explore within the zone, where a tenth of it is explored beyond, rounded down; at most everything.
   *
   * @param averageBps - over all decisions.
   */
  explorationBps(averageBps: number): number {
    const parts = BEYOND_BOUNDARY * this.ppm + (MILLION - this.ppm);
    return Math.min(BPS_MAX, Math.floor((averageBps * BEYOND_BOUNDARY * MILLION) / parts));
  }
}
