/**
 * The answer to an outcome.
 * @module
 */

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
  readonly repeated: boolean;
}
