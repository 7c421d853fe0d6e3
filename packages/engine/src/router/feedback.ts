/**
 * Success and net reward of an outcome: success as reported, or else from quality signals; net reward from success, cost and
 * latency. Integers only.
 * @module
 */
import { BPS_MAX, type Signal } from "@calybris/kernel";

/** The success that remains after a signal. Signals multiply: two are worse than one. */
const LEFT_BPS: Readonly<Record<Signal, number>> = Object.freeze({
  /** It took at least twice its 95th percentile. */
  slow: 7_000,
  /** The provider answered with an error. */
  error: 0,
  /** The client repeated the request. */
  retried: 4_000,
  /** The client stopped reading. */
  aborted: 2_000,
  /** The answer was cut off at its limit. */
  truncated: 5_000,
});

/** Success in basis points: as reported, or what remains after the signals. */
export function successOf(succeeded: boolean | undefined, signals: readonly Signal[]): number {
  if (succeeded !== undefined) return succeeded ? BPS_MAX : 0;
  return signals.reduce((left, signal) => Math.floor((left * LEFT_BPS[signal]) / BPS_MAX), BPS_MAX);
}

/** Whether a success was reported although the signals leave less than half of it. */
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
