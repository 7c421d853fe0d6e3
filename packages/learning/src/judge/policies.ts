/**
 * All policies of the comparison on one plan: their tallies at every setting, and the resulting figures.
 * @module
 */
import { seededChance } from "../chance.ts";
import type { HeadKind } from "../fit-prior.ts";
import {
  type Estimate,
  estimateOf,
  frontierArea,
  frontierThrough,
  gapRecovered,
  type Point,
  pointOf,
  Tally,
  valueAt,
} from "../measures.ts";
import { type PolicyKind, rewardBps } from "../online-policy.ts";
import { startCalybris } from "../policies/calybris-policy.ts";
import { contextsOf } from "../policies/contexts.ts";
import { LIN_UCB, LOGISTIC_BANDIT, SQUARE_CB } from "../policies/linear-policies.ts";
import { EPSILON_GREEDY, GREEDY } from "../policies/regime-policies.ts";
import { orderOf } from "../ranking.ts";
import { hullMissedAt } from "../single-tiers.ts";
import { runStream, type StartPolicy, type StreamRun, startKind } from "../stream.ts";
import { gainsBps } from "../table.ts";
import type { Plan } from "./plan.ts";

export type Track = "full" | "bandit";

export const CALYBRIS = "calybris";
export const RANDOM = "random";
/** One threshold on the sum of standardised features: the baseline without learning. */
const STATIC_FLOOR = "static floor";
/** One threshold on the same score that defines the router's regimes. */
export const STATIC_LEARNED = "static floor on the learned score";
export const TREES = "gradient-boosted trees";
const LOGISTIC = "logistic";
export const ORACLE = "oracle";

/** A policy's tallies: one list per setting, one tally per seed. */
export interface Played {
  readonly name: string;
  readonly track: Track;
  readonly seeds: number;
  readonly settings: readonly (readonly Tally[])[];
  /** For online policies, the runs at the typical value. */
  readonly typical: readonly StreamRun[];
}

const SETTINGS_OF_SCORE = 48;

/** Thresholds at quantiles of a score; rows below the threshold are downgraded. */
function playScore(plan: Plan, name: string, scores: ArrayLike<number>): Played {
  const { rows, table, ground } = plan;
  const top = table.tierNames.length - 1;
  const own = Float64Array.from(rows, (row) => scores[row] ?? 0);
  const order = orderOf(own, rows.length);
  const settings: Tally[][] = [];
  let before = Number.NaN;
  for (let setting = 1; setting < SETTINGS_OF_SCORE; setting += 1) {
    const threshold = own[order[Math.floor((setting * rows.length) / SETTINGS_OF_SCORE)] ?? 0] ?? 0;
    if (threshold === before) continue;
    before = threshold;
    const tally = new Tally(ground);
    rows.forEach((row, at) => {
      tally.add(row, (own[at] ?? 0) < threshold ? 0 : top, 0);
    });
    settings.push([tally]);
  }
  return { name, track: "full", seeds: 1, settings, typical: [] };
}

/** The policies of the full-information track: each is a score with all its thresholds. */
export function playScores(plan: Plan): readonly Played[] {
  const { table, scoresByKind, winner } = plan;
  const scoreOf = (kind: HeadKind): Int32Array | undefined => scoresByKind.get(kind);
  const named: (readonly [string, ArrayLike<number> | undefined])[] = [
    [STATIC_FLOOR, untrainedScores(plan)],
    [table.baseline?.name ?? "", table.baseline?.scores],
    [STATIC_LEARNED, scoreOf(winner)],
    [LOGISTIC, scoreOf("logistic")],
    [TREES, bestTrees(plan)],
    [ORACLE, oracleScores(plan)],
  ];
  return named.flatMap(([name, scores]) => (scores === undefined ? [] : [playScore(plan, name, scores)]));
}

/** Of both sizes of trees, the one that misses less. */
function bestTrees(plan: Plan): ArrayLike<number> | undefined {
  const candidates = (["trees", "small trees"] as const).flatMap((kind) => {
    const scores = plan.scoresByKind.get(kind);
    return scores === undefined ? [] : [scores];
  });
  const areas = candidates.map((scores) => {
    const points = playScore(plan, TREES, scores).settings.map((tallies) => pointOf(plan.ground, tallies));
    return frontierArea(frontierThrough(plan.ends, points));
  });
  return candidates[areas.indexOf(Math.min(...areas))];
}

function untrainedScores({ table }: Plan): Float64Array {
  const contexts = contextsOf(table);
  const context = new Float64Array(contexts.size);
  return Float64Array.from({ length: table.rowCount }, (_, row) => {
    contexts.read(row, 0, context);
    let sum = 0;
    for (let at = 2; at < contexts.size; at += 1) sum += context[at] ?? 0;
    return sum;
  });
}

/** Uses the true outcomes: premium goes where its gain per cost is largest. */
function oracleScores({ table }: Plan): Float64Array {
  const tiers = table.tierNames.length;
  const gains = gainsBps(table);
  return Float64Array.from(gains, (gain, row) => {
    const saving = (table.costsMicrocents[row * tiers + tiers - 1] ?? 0) - (table.costsMicrocents[row * tiers] ?? 0);
    return gain / Math.max(1, saving);
  });
}

export interface BanditOptions {
  readonly seeds: number;
  /** Maximum number of decisions of a baseline in total. A baseline beyond it runs fewer seeds, and reports their number. */
  readonly decisionsMax: number;
  readonly onRun: () => void;
}

const BASELINES: readonly PolicyKind[] = [GREEDY, EPSILON_GREEDY, LIN_UCB, SQUARE_CB, LOGISTIC_BANDIT];

/** Number of runs that {@link playBandits} makes, for the progress bar. */
export function banditRuns(plan: Plan, options: Omit<BanditOptions, "onRun">): number {
  return [undefined, ...BASELINES].reduce(
    (sum, kind) => sum + seedsOf(plan, kind, options) * (plan.valuesMicrocents.length + 1),
    0,
  );
}

function seedsOf(
  plan: Plan,
  kind: PolicyKind | undefined,
  { seeds, decisionsMax }: Omit<BanditOptions, "onRun">,
): number {
  if (kind === undefined) return seeds;
  if (!kind.isRandom && plan.table.isInTimeOrder) return 1;
  return Math.max(1, Math.min(seeds, Math.floor(decisionsMax / (plan.rows.length * plan.valuesMicrocents.length))));
}

/** The bandit track: only the chosen tier's outcome is reported. */
export function playBandits(plan: Plan, options: BanditOptions): readonly Played[] {
  const starts: readonly (readonly [string, number, (value: number, seed: number) => StartPolicy])[] = [
    [CALYBRIS, seedsOf(plan, undefined, options), (value, seed) => startCalybris(plan.table, value, seed)],
    ...BASELINES.map(
      (kind) =>
        [
          kind.name,
          seedsOf(plan, kind, options),
          (value: number, seed: number) => startKind(kind, plan.table, value, seed),
        ] as const,
    ),
  ];
  return starts.map(([name, seeds, start]) => {
    const run = (valueMicrocents: number, seed: number): StreamRun => {
      options.onRun();
      return runStream(plan.ground, plan.stages, start(valueMicrocents, seed), { valueMicrocents, seed });
    };
    const each = Array.from({ length: seeds }, (_, seed) => seed + 1);
    const settings = plan.valuesMicrocents.map((value) => each.map((seed) => run(value, seed).tally));
    const typical = each.map((seed) => run(plan.valueTypicalMicrocents, seed));
    return { name, track: "bandit", seeds, settings, typical };
  });
}

/**
 * Random choice between the two ends, equally for every request. At equal savings, random is the best draw between all
 * tiers.
 */
export function playRandom(plan: Plan): Played {
  const chance = seededChance(1, 7);
  const top = plan.table.tierNames.length - 1;
  const settings = [0.2, 0.4, 0.6, 0.8].map((share) => {
    const tally = new Tally(plan.ground);
    for (const row of plan.rows) {
      const tier = chance.share() < share ? 0 : top;
      const at = row * (top + 1) + tier;
      const outcome = plan.table.outcomesBps[at] ?? 0;
      tally.add(row, tier, rewardBps(plan.valueTypicalMicrocents, outcome, plan.table.costsMicrocents[at] ?? 0));
    }
    return [tally];
  });
  return { name: RANDOM, track: "full", seeds: 1, settings, typical: [] };
}

/**
 * Figures at equal savings: the three error rates by denominator, and the reduction of the false-negative rate against three
 * baselines.
 */
export interface AtSavings {
  readonly savings: number;
  readonly missedOfNeeded: Estimate;
  readonly neededOfDowngraded: number;
  readonly harm: number;
  /** 1 − rate / random's rate at the same savings. */
  readonly belowRandom: Estimate;
  readonly belowStatic: Estimate;
  readonly belowStaticLearned: Estimate;
}

export interface PolicyFigures {
  readonly name: string;
  readonly track: Track;
  readonly seeds: number;
  readonly atSavings: readonly AtSavings[];
  readonly area: Estimate;
  readonly gapRecovered: Estimate;
  readonly points: readonly Point[];
}

const SAVINGS: readonly number[] = [0.2, 0.4, 0.6, 0.8];

/** Figures of every policy, with paired 95 % intervals over the same draws of blocks. */
export function figuresOf(
  plan: Plan,
  played: readonly Played[],
  draws: readonly Float64Array[],
): readonly PolicyFigures[] {
  const curves = new Map<string, (draw: Float64Array) => readonly Point[]>();
  for (const { name, settings } of played) {
    const known = new Map<Float64Array, readonly Point[]>();
    curves.set(name, (draw) => {
      const points =
        known.get(draw) ??
        frontierThrough(
          plan.ends,
          settings.map((tallies) => pointOf(plan.ground, tallies, draw)),
        );
      known.set(draw, points);
      return points;
    });
  }
  const singles = plan.table.tierNames.map((_, tier) => {
    const tally = new Tally(plan.ground);
    for (const row of plan.rows) tally.add(row, tier, 0);
    return tally;
  });
  const rate = (name: string, savings: number, draw: Float64Array): number => {
    if (name === RANDOM && singles.length === 2) return savings;
    if (name === RANDOM)
      return hullMissedAt(
        singles.map((tally) => pointOf(plan.ground, [tally], draw)),
        savings,
      );
    const points = curves.get(name)?.(draw);
    return points === undefined ? Number.NaN : valueAt(points, "savings", savings, "missedOfNeeded");
  };
  const below = (name: string, than: string, savings: number): Estimate =>
    estimateOf((draw) => {
      const other = rate(than, savings, draw);
      return other === 0 ? Number.NaN : 1 - rate(name, savings, draw) / other;
    }, draws);
  return played.map(({ name, track, seeds, settings }) => {
    const points = settings.map((tallies) => pointOf(plan.ground, tallies));
    const frontier = frontierThrough(plan.ends, points);
    return {
      name,
      track,
      seeds,
      atSavings: SAVINGS.map((savings) => ({
        savings,
        missedOfNeeded: estimateOf((draw) => rate(name, savings, draw), draws),
        neededOfDowngraded: valueAt(frontier, "savings", savings, "neededOfDowngraded"),
        harm: valueAt(frontier, "savings", savings, "harm"),
        belowRandom: below(name, RANDOM, savings),
        belowStatic: below(name, STATIC_FLOOR, savings),
        belowStaticLearned: below(name, STATIC_LEARNED, savings),
      })),
      area: estimateOf((draw) => frontierArea(curves.get(name)?.(draw) ?? []), draws),
      gapRecovered: estimateOf((draw) => {
        const [premium, cheapest] = plan.endTallies.map((tally) => pointOf(plan.ground, [tally], draw));
        if (premium === undefined || cheapest === undefined) return Number.NaN;
        return gapRecovered(
          [premium, cheapest],
          settings.map((tallies) => pointOf(plan.ground, tallies, draw)),
        );
      }, draws),
      points,
    };
  });
}
