/**
 * The whole stream from its first row, with nothing labelled beforehand: only what the chosen tier did is ever known. The
 * prior is fitted again and again on the router's own log, as `calybris train` would on a journal: after every doubling of
 * the stream, and whenever enough cheap answers have failed since.
 *
 * What the log does not hold cannot be known: of a request that got premium, nobody learns whether the cheap tier would
 * have done. The cheap tier's success is fitted on the rows that it ran; the premium one's is its mean.
 * @module
 */
import { categoryIndexOf, predictGainBps, type Prior, scoreText } from "@calybris/engine";
import { seededChance } from "../chance.ts";
import { fitPrior, regimeBoundaries } from "../fit-prior.ts";
import { type Ground, Tally } from "../measures.ts";
import { type Choice, rewardBps } from "../online-policy.ts";
import { CALYBRIS_DEFAULTS, CalybrisPolicy } from "../policies/calybris-policy.ts";
import type { Table } from "../table.ts";

export interface FromNothingRun {
  readonly tally: Tally;
  readonly fits: number;
}

const FIRST_FIT_AT = 250;
/** A fit is due when so many more failures are known than at the last, or a quarter more. */
const [FAILURES_MORE, FAILURES_MORE_SHARE] = [8, 0.25];
const FIT_ROWS_MAX = 12_000;
const LOG_ROWS_TOLD = 6_000;
const BOUNDARY_ROWS = 4_000;
const EXPLORATION_BPS = 20;

interface Log {
  readonly rows: number[];
  readonly tiers: number[];
  readonly successesBps: number[];
  readonly rewardsBps: number[];
  failures: number;
  premiumSum: number;
  premiumCount: number;
}

/** Two tiers. Deterministic in the seed. */
export function runFromNothing(
  ground: Ground,
  rows: Int32Array,
  valueMicrocents: number,
  seed: number,
): FromNothingRun {
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
  const options = { ...CALYBRIS_DEFAULTS, explorationBps: EXPLORATION_BPS, anomalyShareBps: 500 };
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
    if (position + 1 >= fitAt) fitAt *= 2;
    failuresAtFit = log.failures;
    const prior = fitLogged(table, log, seed + fits);
    if (prior === undefined) continue;
    fits += 1;
    policy = start();
    tell(policy, prior, table, log, seed + fits);
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

/** On the rows that the cheap tier ran: premium's mean success less what the cheap tier did. */
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
  return fitPrior(table, rows, "small trees", { seed, targets, rowsMax: FIT_ROWS_MAX }).prior;
}

/** Failures are rare and all of them stay; of the others as many as fit. */
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

/** The new prior's scores and boundaries, and the log's rewards in its regimes. */
function tell(policy: CalybrisPolicy, prior: Prior, table: Table, log: Log, seed: number): void {
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
  const some = Int32Array.from({ length: BOUNDARY_ROWS }, () => scoreOf(log.rows[chance.below(log.rows.length)] ?? 0));
  policy.setScore(scoreOf, regimeBoundaries(some));
  const step = Math.max(1, Math.floor(log.rows.length / LOG_ROWS_TOLD));
  for (let at = 0; at < log.rows.length; at += step)
    policy.warmLogged(log.rows[at] ?? 0, log.tiers[at] ?? 0, log.rewardsBps[at] ?? 0);
}
