/**
 * The port of everything that chooses tiers one request at a time and hears only what became of its own choice. The
 * router of the engine implements it, and so do the policies that it is compared with.
 * @module
 */
import type { Table } from "./table.ts";

/** What was chosen; reused from call to call. */
export interface Choice {
  tier: number;
  /** The probability with which it was chosen. */
  propensity: number;
}

export interface OnlinePolicy {
  /** Chooses for one row of the table. Nothing of its outcomes may be looked at. */
  readonly recommend: (row: number, out: Choice) => void;
  /** What became of the choice: success and net reward, both in bps. */
  readonly observe: (row: number, tier: number, successBps: number, rewardBps: number) => void;
}

/** What a policy may know beforehand. */
export interface PolicySetting {
  readonly table: Table;
  /** What a right answer is worth: the knob that draws the frontier. */
  readonly valueMicrocents: number;
  readonly seed: number;
  /** The predicted gain of each row in bps, from a prior that has not seen it; `undefined` without one. */
  readonly scoresBps: Int32Array | undefined;
  /** Seven boundaries of the regimes of those scores. */
  readonly boundariesBps: readonly number[] | undefined;
}

export interface PolicyKind {
  readonly name: string;
  /** Whether chance plays a part, so that several seeds are worth running. */
  readonly isRandom: boolean;
  readonly start: (setting: PolicySetting) => OnlinePolicy;
}

/** Net reward in bps of the value, as the engine counts it: clamp((value · success − cost) / value, 0..1). */
export function rewardBps(valueMicrocents: number, successBps: number, costMicrocents: number): number {
  const reward = Math.floor(successBps - (costMicrocents * 10_000) / valueMicrocents);
  return reward < 0 ? 0 : reward > 10_000 ? 10_000 : reward;
}
