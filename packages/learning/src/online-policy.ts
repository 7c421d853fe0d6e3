/**
 * The port of all policies that choose a tier for one request at a time and only see the outcome of their own choice. The
 * engine's router implements it, and so do the policies it is compared with.
 * @module
 */
import type { Table } from "./table.ts";

/** A choice. The object is reused between calls. */
export interface Choice {
  tier: number;
  /** The probability with which the tier was chosen. */
  propensity: number;
}

export interface OnlinePolicy {
  /** Chooses a tier for one row of the table. It must not read the row's outcomes. */
  readonly recommend: (row: number, out: Choice) => void;
  /** Reports the outcome of the choice: success and net reward, both in bps. */
  readonly observe: (row: number, tier: number, successBps: number, rewardBps: number) => void;
}

/** The information that a policy may have in advance. */
export interface PolicySetting {
  readonly table: Table;
  /** The value of a right answer. Varying it traces the frontier. */
  readonly valueMicrocents: number;
  readonly seed: number;
  /** The predicted gain of each row in bps, by a prior that was not fitted on the row; `undefined` without a prior. */
  readonly scoresBps: Int32Array | undefined;
  /** Seven boundaries of regimes over those scores. */
  readonly boundariesBps: readonly number[] | undefined;
}

export interface PolicyKind {
  readonly name: string;
  /** Whether the policy is randomised, so that it is run with several seeds. */
  readonly isRandom: boolean;
  readonly start: (setting: PolicySetting) => OnlinePolicy;
}

/** Net reward in bps of the value, as the engine counts it: clamp((value · success − cost) / value, 0..1). */
export function rewardBps(valueMicrocents: number, successBps: number, costMicrocents: number): number {
  const reward = Math.floor(successBps - (costMicrocents * 10_000) / valueMicrocents);
  return reward < 0 ? 0 : reward > 10_000 ? 10_000 : reward;
}
