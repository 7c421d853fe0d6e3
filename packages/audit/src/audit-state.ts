/**
 * What is known of the entries before the next one, in short.
 * @module
 */

/** What the entries so far add up to. */
export interface AuditState {
  /** Journal sequence of the last entry; 0 before the first. */
  readonly sequence: number;
  /** Number of the last decision; 0 before the first. */
  readonly decisionSequence: bigint;
  /** Microseconds since the Unix epoch, of the last entry. */
  readonly at: number;
  /** The active policy; 0 before genesis. */
  readonly policyId: number;
  /** The policy that decides in shadow; 0 for none. */
  readonly stagedId: number;
  /** The share of the tenants, in basis points, that it decides for; 0 without a canary. */
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
