/**
 * The whole stream from its first row, without any labels: only the chosen tier's outcome becomes known. The prior is
 * refitted on the router's own log, like `calybris train` on a journal: whenever the log has grown by a quarter, and after
 * enough new failures of the cheap tier.
 *
 * The log has no counterfactuals: for a request that got premium, the success of the cheap tier is unknown. The cheap tier's
 * success is fitted on the rows that it ran; premium's success is its mean.
 * @module
 */
import type { Prior } from "@calybris/engine";
import { categoryIndexOf, predictGainBps, scoreText } from "@calybris/engine/internal";
import { seededChance } from "../chance.ts";
import { fitPrior } from "../fit-prior.ts";
import {
  blockDraws,
  type Estimate,
  EVERY_BLOCK,
  estimateOf,
  type Ground,
  groundOf,
  type Point,
  pointOf,
  Tally,
} from "../measures.ts";
import { type Choice, rewardBps } from "../online-policy.ts";
import { CALYBRIS_DEFAULTS, CalybrisPolicy } from "../policies/calybris-policy.ts";
import { rowRange, type Table } from "../table.ts";
import type { TreesOptions } from "../trees.ts";

export interface FromNothingRun {
  readonly tally: Tally;
  readonly fits: number;
}

const FIRST_FIT_AT = 250;
/** New failures until a fit is due: at least this many, and at least this share of the failures at the last fit. */
const [FAILURES_MORE, FAILURES_MORE_SHARE] = [8, 0.05];
const FIT_ROWS_MAX = 12_000;
/** A new kind of failure has only a handful of rows, so leaves may be small. */
const SHARP_TREES: TreesOptions = Object.freeze({
  treeCount: 60,
  leavesMax: 12,
  rate: 0.2,
  leafWeightMin: 4,
  penalty: 1,
});
const LOG_ROWS_TOLD = 6_000;
const BOUNDARY_ROWS = 4_000;
/**
 * Three boundaries are quantiles of the scores of cheap-tier rows. Four are at fixed gains: a new kind of failure has only a
 * handful of rows, and any quantile would put them into one regime with hundreds of successes.
 */
const CHEAP_QUANTILES = [0.5, 0.8, 0.95];
const FAILING_GAINS_BPS = [400, 1_200, 3_000, 6_000];
/** Half of the explored requests are downgraded blindly, and their failures count like any other. */
const EXPLORATION_BPS = 5;

interface Log {
  readonly rows: number[];
  readonly tiers: number[];
  readonly successesBps: number[];
  readonly rewardsBps: number[];
  failures: number;
  premiumSum: number;
  premiumCount: number;
}

/** For tables with two tiers. Deterministic in the seed. */
function runFromNothing(ground: Ground, rows: Int32Array, valueMicrocents: number, seed: number): FromNothingRun {
  const { table } = ground;
  const tiers = table.tierNames.length;
  const tally = new Tally(ground);
  const log: Log = {
    rows: [],
    tiers: [],
    successesBps: [],
    rewardsBps: [],
    failures: 0,
    premiumSum: 0,
    premiumCount: 0,
  };
  const options = { ...CALYBRIS_DEFAULTS, explorationBps: EXPLORATION_BPS, anomalyShareBps: 0 };
  const start = (): CalybrisPolicy =>
    new CalybrisPolicy({ table, valueMicrocents, seed, scoresBps: undefined, boundariesBps: undefined }, options);
  let policy = start();
  let [fits, fitAt, failuresAtFit] = [0, FIRST_FIT_AT, 0];
  const choice: Choice = { tier: 0, propensity: 1 };
  for (const [position, row] of rows.entries()) {
    policy.recommend(row, choice);
    const { tier } = choice;
    const successBps = table.outcomesBps[row * tiers + tier] ?? 0;
    const reward = rewardBps(valueMicrocents, successBps, table.costsMicrocents[row * tiers + tier] ?? 0);
    policy.observe(row, tier, successBps, reward);
    tally.add(row, tier, reward);
    note(log, row, tier, tiers, successBps, reward);
    const isDue = log.failures - failuresAtFit >= Math.max(FAILURES_MORE, FAILURES_MORE_SHARE * failuresAtFit);
    if (position + 1 < fitAt && !isDue) continue;
    if (position + 1 >= fitAt) fitAt = Math.ceil(fitAt * 1.25);
    failuresAtFit = log.failures;
    const prior = fitLogged(table, log, seed + fits);
    if (prior === undefined) continue;
    fits += 1;
    policy = start();
    replayLog(policy, prior, table, log, seed + fits);
  }
  return { tally, fits };
}

function note(log: Log, row: number, tier: number, tiers: number, successBps: number, reward: number): void {
  log.rows.push(row);
  log.tiers.push(tier);
  log.successesBps.push(successBps);
  log.rewardsBps.push(reward);
  if (tier === tiers - 1) {
    log.premiumSum += successBps;
    log.premiumCount += 1;
  } else if (successBps < 5_000) log.failures += 1;
}

/** Fits on the rows that the cheap tier ran. The target is premium's mean success less the cheap tier's outcome. */
function fitLogged(table: Table, log: Log, seed: number): Prior | undefined {
  const premium = table.tierNames.length - 1;
  const ran: number[] = [];
  const targets = new Float64Array(table.rowCount);
  const expected = log.premiumCount === 0 ? 1 : log.premiumSum / log.premiumCount / 10_000;
  let failed = 0;
  for (let at = 0; at < log.rows.length; at += 1) {
    if (log.tiers[at] === premium) continue;
    const row = log.rows[at] ?? 0;
    ran.push(row);
    targets[row] = expected - (log.successesBps[at] ?? 0) / 10_000;
    if ((log.successesBps[at] ?? 0) < 5_000) failed += 1;
  }
  if (failed < 3 || ran.length - failed < 3) return undefined;
  const rows = balanced(ran, targets, seed);
  return fitPrior(table, rows, "small trees", { seed, targets, rowsMax: FIT_ROWS_MAX, trees: SHARP_TREES }).prior;
}

/** Failures are rare, so all are kept; of the other rows, as many as fit. */
function balanced(rows: readonly number[], targets: Float64Array, seed: number): Int32Array {
  const failed = rows.filter((row) => (targets[row] ?? 0) > 0.5);
  const others = rows.filter((row) => (targets[row] ?? 0) <= 0.5);
  const chance = seededChance(seed, 12);
  const room = Math.max(0, FIT_ROWS_MAX - failed.length);
  const step = Math.max(1, others.length / room);
  const picked: number[] = [];
  for (let at = chance.share() * step; at < others.length; at += step) picked.push(others[Math.floor(at)] ?? 0);
  return Int32Array.from([...failed, ...picked]).sort();
}

/** Activates the new prior's scores and boundaries, and replays the log's rewards in the new regimes. */
function replayLog(policy: CalybrisPolicy, prior: Prior, table: Table, log: Log, seed: number): void {
  const featureCount = table.featureNames.length;
  const indexes = table.categoryNames.map((name) => categoryIndexOf(prior, name));
  const scoreOf = (row: number): number =>
    predictGainBps(
      prior,
      table.features,
      indexes[table.categories[row] ?? 0] ?? 0,
      prior.text === undefined ? 0 : scoreText(prior, table.texts?.[row] ?? ""),
      row * featureCount,
    );
  const chance = seededChance(seed, 13);
  const cheap = log.rows.filter((_, at) => log.tiers[at] === 0);
  const some = Int32Array.from({ length: BOUNDARY_ROWS }, () => scoreOf(cheap[chance.below(cheap.length)] ?? 0)).sort();
  const quantiles = CHEAP_QUANTILES.map((share) => some[Math.floor(share * some.length)] ?? 0);
  policy.setScore(
    scoreOf,
    [...quantiles, ...FAILING_GAINS_BPS].sort((a, b) => a - b),
  );
  const step = Math.max(1, Math.floor(log.rows.length / LOG_ROWS_TOLD));
  for (let at = 0; at < log.rows.length; at += step)
    policy.warmLogged(log.rows[at] ?? 0, log.tiers[at] ?? 0, log.rewardsBps[at] ?? 0);
}

/** Mean figures over the runs of several seeds: at their own savings, and at the requested savings. */
export interface FromNothing {
  readonly seeds: number;
  readonly fits: number;
  readonly savings: number;
  readonly missedOfNeeded: Estimate;
  readonly neededOfDowngraded: Estimate;
  readonly harm: number;
  /** P(needed | downgraded) of random downgrading, divided by ours. */
  readonly timesFewerThanRandom: number;
  readonly atSavings: number;
  readonly missedOfNeededThere: Estimate;
}

/**
 * The end to mix the policy with to reach the requested savings, and its share. The mixture is a policy, so it is the same
 * in every resampling; only its savings differ.
 */
function mixtureAt(own: number, ends: readonly number[], wanted: number): readonly [end: number, share: number] {
  const end = own >= wanted ? 0 : 1;
  const width = (ends[end] ?? own) - own;
  return [end, width === 0 ? 0 : Math.max(0, Math.min(1, (wanted - own) / width))];
}

/** The gain at which premium is worth its cost: one part in twenty. */
const TIPPING_SHARE = 0.05;

export function judgeFromNothing(
  table: Table,
  options: {
    readonly seeds: number;
    readonly atSavings: number;
    readonly resamplings: number;
    readonly onRun?: () => void;
  },
): FromNothing {
  const rows = rowRange(0, table.rowCount);
  const ground = groundOf(table, rows, 1);
  const tiers = table.tierNames.length;
  let saving = 0;
  for (const row of rows)
    saving += (table.costsMicrocents[row * tiers + tiers - 1] ?? 0) - (table.costsMicrocents[row * tiers] ?? 0);
  const valueMicrocents = saving / rows.length / TIPPING_SHARE;
  const runs = Array.from({ length: options.seeds }, (_, seed) => {
    const run = runFromNothing(ground, rows, valueMicrocents, seed + 1);
    options.onRun?.();
    return run;
  });
  const tallies = runs.map(({ tally }) => tally);
  const draws = blockDraws(options.resamplings, 1);
  const ends = [tiers - 1, 0].map((tier) => {
    const tally = new Tally(ground);
    for (const row of rows) tally.add(row, tier, 0);
    return tally;
  });
  const pointAt = (draw: Float64Array): Point => pointOf(ground, tallies, draw);
  const point = pointAt(EVERY_BLOCK);
  const needed = pointOf(ground, ends.slice(1)).neededOfDowngraded;
  const mixed = mixtureAt(
    point.savings,
    ends.map((tally) => pointOf(ground, [tally]).savings),
    options.atSavings,
  );
  return {
    seeds: options.seeds,
    fits: runs.reduce((sum, { fits }) => sum + fits, 0) / Math.max(1, runs.length),
    savings: point.savings,
    missedOfNeeded: estimateOf((draw) => pointAt(draw).missedOfNeeded, draws),
    neededOfDowngraded: estimateOf((draw) => pointAt(draw).neededOfDowngraded, draws),
    harm: point.harm,
    timesFewerThanRandom: point.neededOfDowngraded === 0 ? Number.POSITIVE_INFINITY : needed / point.neededOfDowngraded,
    atSavings: options.atSavings,
    missedOfNeededThere: estimateOf((draw) => {
      const all = ends.map((tally) => pointOf(ground, [tally], draw));
      const [other, share] = mixed;
      return share * (all[other]?.missedOfNeeded ?? Number.NaN) + (1 - share) * pointAt(draw).missedOfNeeded;
    }, draws),
  };
}
