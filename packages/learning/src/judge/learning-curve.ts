/**
 * The learning speed of a router: from a cold start, over the quarters of a stream, and after the world has switched.
 * @module
 */
import { LEARNING_DEFAULTS } from "@calybris/engine/internal";
import { type Chance, seededChance } from "../chance.ts";
import { type Choice, rewardBps } from "../online-policy.ts";
import { CALYBRIS_DEFAULTS, type CalybrisOptions, CalybrisPolicy } from "../policies/calybris-policy.ts";
import { rowRange, type Table, TableBuilder } from "../table.ts";

export interface ColdStart {
  readonly trials: number;
  readonly decisionsPerTrial: number;
  readonly explorationBps: number;
  /** Number of decisions after which the median trial is ahead of random and stays ahead; `null` if it never is. */
  readonly decisionsUntilBetter: number | null;
}

const TRIALS = 100;
const TRIAL_DECISIONS = 500;
/** A cold start has the default exploration and discount of a policy. */
const { explorationBps, discountPpm } = LEARNING_DEFAULTS;
const COLD: CalybrisOptions = Object.freeze({ ...CALYBRIS_DEFAULTS, explorationBps, discountPpm });

/**
 * Trials without a prior, each on different rows (a contiguous range if rows are in time order). Random's reward is
 * computed, not drawn: the mean over the tiers, row by row. The result is the number of decisions after which the median
 * trial is ahead of random, and stays ahead to its end.
 */
export function coldStart(table: Table, valueMicrocents: number, seed: number, trials: number = TRIALS): ColdStart {
  const chance = seededChance(seed, 8);
  const decisions = Math.min(TRIAL_DECISIONS, table.rowCount);
  const ahead = Array.from({ length: trials }, (_, trial) => {
    const rows = trialRows(table, decisions, chance);
    const setting = { table, valueMicrocents, seed: seed + trial, scoresBps: undefined, boundariesBps: undefined };
    return aheadOfRandom(table, rows, new CalybrisPolicy(setting, COLD), valueMicrocents);
  });
  let behindAt = 0;
  for (let decision = 0; decision < decisions; decision += 1) {
    const sorted = ahead.map((trial) => trial[decision] ?? 0).sort((a, b) => a - b);
    if ((sorted[trials >> 1] ?? 0) <= 0) behindAt = decision + 1;
  }
  return {
    trials,
    decisionsPerTrial: decisions,
    explorationBps: COLD.explorationBps,
    decisionsUntilBetter: behindAt === decisions ? null : behindAt + 1,
  };
}

function trialRows(table: Table, count: number, chance: Chance): Int32Array {
  if (!table.isInTimeOrder) return Int32Array.from({ length: count }, () => chance.below(table.rowCount));
  const from = chance.below(Math.max(1, table.rowCount - count + 1));
  return rowRange(from, from + count);
}

/** Cumulative reward minus random's, after each decision. */
function aheadOfRandom(table: Table, rows: Int32Array, policy: CalybrisPolicy, valueMicrocents: number): Float64Array {
  const tiers = table.tierNames.length;
  const choice: Choice = { tier: 0, propensity: 1 };
  let ahead = 0;
  return Float64Array.from(rows, (row) => {
    policy.recommend(row, choice);
    let [mean, own] = [0, 0];
    for (let tier = 0; tier < tiers; tier += 1) {
      const at = row * tiers + tier;
      const reward = rewardBps(valueMicrocents, table.outcomesBps[at] ?? 0, table.costsMicrocents[at] ?? 0);
      mean += reward / tiers;
      if (tier === choice.tier) own = reward;
    }
    policy.observe(row, choice.tier, table.outcomesBps[row * tiers + choice.tier] ?? 0, own);
    ahead += own - mean;
    return ahead;
  });
}

export interface WorldSwitch {
  readonly discountPpm: number;
  readonly decisionsBefore: number;
  /**
   * Number of decisions until the mean reward of the last 100 has recovered 90 % of the loss caused by the switch; the
   * median of the trials.
   */
  readonly decisionsToRecover: number | null;
}

const SWITCH_BEFORE = 3_000;
const SWITCH_AFTER = 3_000;
const SWITCH_TRIALS = 30;
const WINDOW = 100;
const RECOVERED = 0.9;

/** Two tiers of equal price whose qualities (.9 and .3) swap after 3,000 decisions. */
export function worldSwitch(discountPpm: number, trials: number = SWITCH_TRIALS): WorldSwitch {
  const untils = Array.from({ length: trials }, (_, trial) => {
    const chance = seededChance(trial, 9);
    const builder = new TableBuilder("switch", ["x"], ["a", "b"], SWITCH_BEFORE + SWITCH_AFTER);
    for (let row = 0; row < SWITCH_BEFORE + SWITCH_AFTER; row += 1) {
      const [a, b] = row < SWITCH_BEFORE ? [0.3, 0.9] : [0.9, 0.3];
      const outcomesBps = [chance.share() < a ? 10_000 : 0, chance.share() < b ? 10_000 : 0];
      builder.add({ features: [0], category: "any", outcomesBps, costsMicrocents: [0, 0] });
    }
    return recoveredAfter(builder.finish({ isInTimeOrder: true }), trial, discountPpm);
  }).sort((a, b) => a - b);
  const median = untils[trials >> 1] ?? Number.POSITIVE_INFINITY;
  return {
    discountPpm,
    decisionsBefore: SWITCH_BEFORE,
    decisionsToRecover: Number.isFinite(median) ? median : null,
  };
}

function recoveredAfter(table: Table, seed: number, discountPpm: number): number {
  const policy = new CalybrisPolicy(
    { table, valueMicrocents: 1_000_000, seed, scoresBps: undefined, boundariesBps: undefined },
    { ...COLD, discountPpm },
  );
  const choice: Choice = { tier: 0, propensity: 1 };
  const recent: number[] = [];
  let sum = 0;
  for (let row = 0; row < table.rowCount; row += 1) {
    policy.recommend(row, choice);
    const success = table.outcomesBps[row * 2 + choice.tier] ?? 0;
    policy.observe(row, choice.tier, success, success);
    if (row < SWITCH_BEFORE) continue;
    // The expected success of the choice, to exclude luck.
    const expected = choice.tier === 0 ? 0.9 : 0.3;
    recent.push(expected);
    sum += expected;
    if (recent.length > WINDOW) sum -= recent.shift() ?? 0;
    if (recent.length === WINDOW && sum / WINDOW >= 0.3 + RECOVERED * 0.6 * ATTAINABLE) return row - SWITCH_BEFORE + 1;
  }
  return Number.POSITIVE_INFINITY;
}

/** With 5 % of exploration, half of it goes to the worse tier. */
const ATTAINABLE = 0.975;
