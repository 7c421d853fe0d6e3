/**
 * The answer to an outcome.
 * @module
 */
import type { Settled } from "./reservation-results.ts";

/** A durable outcome. */
export interface Observed {
  readonly decisionId: string;
  readonly sequence: number;
  readonly successBps: number;
  readonly rewardBps: number;
  /** Whether beliefs and floors were updated. */
  readonly learned: boolean;
  /** `calyout1`, hexadecimal. */
  readonly digest: string;
  /** The state of the decision's reservation; `undefined` if none was to be settled. */
  readonly settlement: Settled | undefined;
  readonly repeated: boolean;
}
