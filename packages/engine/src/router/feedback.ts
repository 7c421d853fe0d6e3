/**
 * What an outcome says: success as reported, else from signals of quality, and net reward from success, cost and
 * latency. Integers only.
 * @module
 */
import { BPS_MAX, type Signal } from "@calybris/kernel";

/** What is left of success after a signal. They multiply: two signals are worse than one. */
const LEFT_BPS: Readonly<Record<Signal, number>> = Object.freeze({
  /** Took twice its 95th percentile, or longer. */
  slow: 7_000,
  /** The provider answered with an error. */
  error: 0,
  /** The client sent the same again. */
  retried: 4_000,
  /** The client stopped reading. */
  aborted: 2_000,
  /** The answer was cut off at its limit. */
  truncated: 5_000,
});

/** Success in basis points: as reported, or what the signals leave of it. */
export function successOf(succeeded: boolean | undefined, signals: readonly Signal[]): number {
  if (succeeded !== undefined) return succeeded ? BPS_MAX : 0;
  return signals.reduce((left, signal) => Math.floor((left * LEFT_BPS[signal]) / BPS_MAX), BPS_MAX);
}

/** Reported as a success, and every signal says the opposite. */
export function isContradicted(succeeded: boolean | undefined, signals: readonly Signal[]): boolean {
  return succeeded === true && successOf(undefined, signals) < BPS_MAX / 2;
}

/** Net reward in basis points of the value: clamp((value · success − cost − latency penalty) / value, 0..1). */
export function rewardOf(
  valueMicrocents: bigint,
  successBps: number,
  costMicrocents: bigint,
  latencyPenaltyMicrocents: bigint,
): number {
  if (valueMicrocents <= 0n) return 0;
  const gained = (valueMicrocents * BigInt(successBps)) / BigInt(BPS_MAX);
  const net = gained - costMicrocents - latencyPenaltyMicrocents;
  if (net <= 0n) return 0;
  const share = (net * BigInt(BPS_MAX)) / valueMicrocents;
  return share > BigInt(BPS_MAX) ? BPS_MAX : Number(share);
}
