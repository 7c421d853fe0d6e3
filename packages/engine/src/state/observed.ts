/**
 * The answer to an outcome.
 * @module
 */
import type { Settled } from "./reservation-results.ts";

/** An outcome that is durable. */
export interface Observed {
  readonly decisionId: string;
  readonly sequence: number;
  readonly successBps: number;
  readonly rewardBps: number;
  /** Whether beliefs and floors took it in. */
  readonly learned: boolean;
  /** `calyout1`, hexadecimal. */
  readonly digest: string;
  /** The state of the decision's reservation; `undefined` unless it was to be settled and there is one. */
  readonly settlement: Settled | undefined;
  readonly repeated: boolean;
}
