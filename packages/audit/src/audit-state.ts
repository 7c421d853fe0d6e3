/**
 * A summary of the entries before the next one.
 * @module
 */

/** The state after the entries so far. */
export interface AuditState {
  /** Journal sequence of the last entry; 0 before the first. */
  readonly sequence: number;
  /** Number of the last decision; 0 before the first. */
  readonly decisionSequence: bigint;
  /** Time of the last entry, in microseconds since the Unix epoch. */
  readonly at: number;
  /** The active policy; 0 before genesis. */
  readonly policyId: number;
  /** The staged policy, which decides in shadow; 0 if none is staged. */
  readonly stagedId: number;
  /** The share of tenants for which the staged policy decides, in basis points; 0 without a canary. */
  readonly canaryBps: number;
}

export const EMPTY_STATE: AuditState = Object.freeze({
  sequence: 0,
  decisionSequence: 0n,
  at: 0,
  policyId: 0,
  stagedId: 0,
  canaryBps: 0,
});
