/**
 * The bandit track: one row at a time, a tier is chosen for each, and only the chosen tier's outcome is reported.
 *
 * A stream has stages. The information available before a stage comes from labelled rows outside it: earlier rows if they
 * are in time order, else those of the other folds. The stage's prior was fitted on them, and every policy receives their
 * outcomes before the stage begins.
 * @module
 */
import { seededChance, shuffledRows } from "./chance.ts";
import { type Ground, Tally } from "./measures.ts";
import { type Choice, type OnlinePolicy, type PolicyKind, rewardBps } from "./online-policy.ts";
import type { Table } from "./table.ts";

export interface Stage {
  readonly rows: Int32Array;
  readonly scoresBps: Int32Array | undefined;
  readonly boundariesBps: readonly number[] | undefined;
  /** Labelled past rows that a policy may receive before the stage begins. Their scores are by priors not fitted on them. */
  readonly labelledRows: Int32Array;
}

export interface StreamRun {
  readonly tally: Tally;
  /** Mean success of the first and of the last quarter of the counted rows, 0..1. */
  readonly firstQuarter: number;
  readonly lastQuarter: number;
  /** Mean net reward per quarter, 0..1 of the value. */
  readonly rewardFirst: number;
  readonly rewardLast: number;
  /** Downgraded rows by the tier that ran. */
  readonly tierCounts: Float64Array;
}

/** Starts a policy on a stage. If rows are in time order, the previous stage's policy is passed in to continue. */
export type StartPolicy = (stage: Stage, before: OnlinePolicy | undefined) => OnlinePolicy;

export function runStream(
  ground: Ground,
  stages: readonly Stage[],
  start: StartPolicy,
  options: { readonly valueMicrocents: number; readonly seed: number },
): StreamRun {
  const { table } = ground;
  const tiers = table.tierNames.length;
  const { valueMicrocents, seed } = options;
  const tally = new Tally(ground);
  const tierCounts = new Float64Array(tiers);
  const counted = stages.reduce((sum, stage) => sum + stage.rows.length, 0);
  const quarters = new Float64Array(8);
  const choice: Choice = { tier: 0, propensity: 1 };
  let position = 0;
  let policy: OnlinePolicy | undefined;
  for (const [index, stage] of stages.entries()) {
    policy = start(stage, table.isInTimeOrder ? policy : undefined);
    const order = table.isInTimeOrder ? undefined : shuffledRows(stage.rows.length, seededChance(seed, 16 + index));
    for (let at = 0; at < stage.rows.length; at += 1) {
      const row = stage.rows[order === undefined ? at : (order[at] as number)] as number;
      policy.recommend(row, choice);
      const { tier } = choice;
      const successBps = table.outcomesBps[row * tiers + tier] as number;
      const reward = rewardBps(valueMicrocents, successBps, table.costsMicrocents[row * tiers + tier] as number);
      policy.observe(row, tier, successBps, reward);
      tally.add(row, tier, reward);
      tierCounts[tier] = (tierCounts[tier] as number) + 1;
      const quarter = Math.min(3, Math.floor((4 * position) / counted));
      quarters[quarter] = (quarters[quarter] as number) + successBps;
      quarters[4 + quarter] = (quarters[4 + quarter] as number) + reward;
      position += 1;
    }
  }
  const mean = (at: number): number => (quarters[at] ?? 0) / 10_000 / Math.max(1, counted / 4);
  return {
    tally,
    firstQuarter: mean(0),
    lastQuarter: mean(3),
    rewardFirst: mean(4),
    rewardLast: mean(7),
    tierCounts,
  };
}

/** Starts a kind of policy. If rows are in time order, the policy continues from stage to stage. */
export function startKind(kind: PolicyKind, table: Table, valueMicrocents: number, seed: number): StartPolicy {
  return ({ scoresBps, boundariesBps, labelledRows }, before) => {
    if (before !== undefined) return before;
    const policy = kind.start({ table, valueMicrocents, seed, scoresBps, boundariesBps });
    const tiers = table.tierNames.length;
    const choice: Choice = { tier: 0, propensity: 1 };
    for (const row of labelledRows) {
      policy.recommend(row, choice);
      for (let tier = 0; tier < tiers; tier += 1) {
        const at = row * tiers + tier;
        const successBps = table.outcomesBps[at] ?? 0;
        policy.observe(row, tier, successBps, rewardBps(valueMicrocents, successBps, table.costsMicrocents[at] ?? 0));
      }
    }
    return policy;
  };
}
