/**
 * Runs the whole protocol on one table: plan, both tracks, calls, certificate, cold start. The result is plain data.
 * @module
 */

import { type Certified, certify, type RiskKind, thresholdsAt } from "../certify.ts";
import { sampledRows, seededChance } from "../chance.ts";
import { HEAD_KINDS, type HeadKind } from "../fit-prior.ts";
import { blockDraws, type Estimate } from "../measures.ts";
import { areaUnderCurve, averageGapRecovered, callShareFor, frontierOf } from "../ranking.ts";
import { type DominatedTier, dominatedTiers, withoutDominatedTop } from "../single-tiers.ts";
import { gainsBps, selectRows, type Table } from "../table.ts";
import { type Incumbent, incumbentsOf, savableShare } from "./incumbents.ts";
import { type ColdStart, coldStart } from "./learning-curve.ts";
import { type Plan, type PlanOptions, planOf, thinned, withCallCosts } from "./plan.ts";
import {
  banditRuns,
  CALYBRIS,
  figuresOf,
  type Played,
  type PolicyFigures,
  playBandits,
  playRandom,
  playScores,
  STATIC_LEARNED,
} from "./policies.ts";

export interface JudgeOptions {
  readonly seeds: number;
  readonly folds: number;
  readonly resamplings: number;
  /** With more rows, every n-th is kept, in order. */
  readonly rowsMax: number;
  readonly rowsFitMax: number;
  readonly decisionsMax: number;
  readonly seed: number;
  readonly kinds?: readonly HeadKind[];
  /** Number of cold-start trials; default 100. */
  readonly trials?: number;
  /** Called with the share of the work that is done, 0..1. */
  readonly onProgress?: (share: number) => void;
}

export interface SetFigures {
  readonly set: string;
  readonly rowsRead: number;
  readonly rowsJudged: number;
  readonly rowsLeftOut: readonly { readonly reason: string; readonly count: number }[];
  readonly tiers: readonly string[];
  /** Missing in older results. A dominated top tier is excluded from all figures. */
  readonly dominated?: readonly DominatedTier[];
  readonly isInTimeOrder: boolean;
  /** P(premium needed). */
  readonly neededShare: number;
  readonly qualityCheapest: number;
  readonly qualityPremium: number;
  /** The share of the premium tier's cost that the cheapest tier saves: the largest possible saving. */
  readonly savableShare: number;
  readonly heads: readonly {
    readonly kind: HeadKind;
    readonly areaUnderCurve: number;
    readonly gapRecovered: number;
  }[];
  readonly winner: HeadKind;
  readonly isPerCost: boolean;
  readonly policies: readonly PolicyFigures[];
  /** Only for tables with a gap: by calls, each tier at its mean cost. */
  readonly byCalls: readonly CallFigures[] | undefined;
  readonly learning: LearningFigures;
  readonly certificate: CertificateFigures;
  readonly incumbents: readonly Incumbent[];
  /** Only for tables whose tiers all cost the same: those are judged by quality alone. */
  readonly byQuality: QualityFigures | undefined;
}

export interface CallFigures {
  readonly name: string;
  readonly gapRecovered: Estimate;
  readonly callShare50: number;
  readonly callShare80: number;
}

export interface LearningFigures {
  readonly coldStart: ColdStart;
  /** Mean success and mean reward in the first and the last quarter, at the typical value. */
  readonly quarters: {
    readonly first: number;
    readonly last: number;
    readonly rewardFirst: number;
    readonly rewardLast: number;
  };
  /** Mean reward, 0..1 of the value, of each policy, and its regret against the best fixed tier in hindsight. */
  readonly rewards: readonly { readonly name: string; readonly reward: number; readonly regret: number }[];
}

export interface CertificateFigures {
  readonly alpha: number;
  readonly delta: number;
  readonly risk: RiskKind;
  readonly samples: number;
  readonly downgradedShare: number;
  readonly savings: number;
  /** The downgraded share at which random downgrading keeps the risk at α: α over the share that needs premium. */
  readonly randomShare: number;
  /** The risk on the rows that were not used for the certificate. */
  readonly harmElsewhere: number;
}

export interface QualityFigures {
  readonly bestSingle: number;
  readonly policies: readonly { readonly name: string; readonly quality: number }[];
  readonly oracle: number;
}

/** With more rows, the beliefs would forget the first before the stage begins. */
const LABELLED_ROWS_MAX = 12_000;
const CERTIFY_ALPHA = 0.04;
const CERTIFY_DELTA = 0.1;

export function judge(whole: Table, options: JudgeOptions): SetFigures {
  const offered = thinned(whole, options.rowsMax);
  const table = withoutDominatedTop(offered);
  const planOptions: PlanOptions = {
    seed: options.seed,
    folds: options.folds,
    rowsFitMax: options.rowsFitMax,
    kinds: options.kinds ?? HEAD_KINDS,
    labelledRowsMax: LABELLED_ROWS_MAX,
  };
  const plan = planOf(table, planOptions);
  const bandit = { seeds: options.seeds, decisionsMax: options.decisionsMax };
  const isByCalls = plan.isPerCost && plan.ends[0].quality > plan.ends[1].quality;
  const runs = banditRuns(plan, bandit) * (isByCalls ? 2 : 1);
  let done = 0;
  const onRun = (): void => {
    done += 1;
    options.onProgress?.(Math.min(1, done / runs));
  };
  const draws = blockDraws(options.resamplings, options.seed);
  const played = [playRandom(plan), ...playScores(plan), ...playBandits(plan, { ...bandit, onRun })];
  const policies = figuresOf(plan, played, draws);
  const judged = selectRows(table, plan.rows);
  // By calls, and for the certificate: priors of plain gain, with every call of a tier at the same cost.
  const callKinds = planOptions.kinds.filter((kind) => kind !== "trees");
  const callPlan = isByCalls ? planOf(withCallCosts(table), { ...planOptions, kinds: callKinds }, false) : plan;
  const callPolicies = isByCalls
    ? figuresOf(
        callPlan,
        [playRandom(callPlan), ...playScores(callPlan), ...playBandits(callPlan, { ...bandit, onRun })],
        draws,
      )
    : policies;
  return {
    set: table.name,
    rowsRead: whole.rowsRead,
    rowsJudged: plan.rows.length,
    rowsLeftOut: whole.rowsLeftOut,
    tiers: offered.tierNames,
    dominated: dominatedTiers(offered),
    isInTimeOrder: table.isInTimeOrder,
    neededShare: gainsBps(judged).reduce((sum, gain) => sum + (gain > 0 ? 1 : 0), 0) / plan.rows.length,
    qualityCheapest: plan.ends[1].quality,
    qualityPremium: plan.ends[0].quality,
    savableShare: savableShare(judged),
    heads: [...plan.scoresByKind].map(([kind, scores]) => headFigures(judged, kind, plan.rows, scores)),
    winner: plan.winner,
    isPerCost: plan.isPerCost,
    policies,
    byCalls: plan.ends[0].quality > plan.ends[1].quality ? callFigures(callPlan, callPolicies) : undefined,
    learning: learningFigures(plan, played, options),
    certificate: certificateOf(callPlan, options.seed),
    incumbents: incumbentsOf(plan, policies, judged),
    byQuality: savableShare(judged) > 0 ? undefined : qualityFigures(plan, played),
  };
}

function headFigures(judged: Table, kind: HeadKind, rows: Int32Array, scores: Int32Array): SetFigures["heads"][number] {
  const own = rows.map((row) => scores[row] ?? 0);
  return {
    kind,
    areaUnderCurve: areaUnderCurve(judged, own),
    gapRecovered: averageGapRecovered(frontierOf(judged, own)),
  };
}

function callFigures(
  { ends: [premium, cheapest], table, rows, scoresByKind, winner }: Plan,
  policies: readonly PolicyFigures[],
): readonly CallFigures[] {
  const scores = scoresByKind.get(winner);
  const points =
    scores === undefined
      ? []
      : frontierOf(
          selectRows(table, rows),
          rows.map((row) => scores[row] ?? 0),
        );
  return policies.map((policy) => {
    const curve = [premium, cheapest, ...policy.points].toSorted((a, b) => b.downgraded - a.downgraded);
    const shareFor = (part: number): number => {
      const wanted = cheapest.quality + part * (premium.quality - cheapest.quality);
      for (let at = 1; at < curve.length; at += 1) {
        const [from, to] = [curve[at - 1], curve[at]];
        if (from === undefined || to === undefined || to.quality < wanted) continue;
        const step = to.quality === from.quality ? 0 : (wanted - from.quality) / (to.quality - from.quality);
        return 1 - (from.downgraded + Math.max(0, step) * (to.downgraded - from.downgraded));
      }
      return Number.NaN;
    };
    const isScore = policy.name === STATIC_LEARNED;
    return {
      name: policy.name,
      gapRecovered: policy.gapRecovered,
      callShare50: isScore ? callShareFor(points, 0.5) : shareFor(0.5),
      callShare80: isScore ? callShareFor(points, 0.8) : shareFor(0.8),
    };
  });
}

function learningFigures(plan: Plan, played: readonly Played[], { seed, trials }: JudgeOptions): LearningFigures {
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
  const own = played.find(({ name }) => name === CALYBRIS)?.typical ?? [];
  const best = bestFixedReward(plan);
  const rewards = played
    .filter(({ typical }) => typical.length > 0)
    .map(({ name, typical }) => {
      const reward = mean(typical.map((run) => rewardOf(run.tally.sums)));
      return { name, reward, regret: best - reward };
    });
  return {
    coldStart: coldStart(plan.table, plan.valueTypicalMicrocents, seed, trials),
    quarters: {
      first: mean(own.map((run) => run.firstQuarter)),
      last: mean(own.map((run) => run.lastQuarter)),
      rewardFirst: mean(own.map((run) => run.rewardFirst)),
      rewardLast: mean(own.map((run) => run.rewardLast)),
    },
    rewards: [...rewards, { name: "best fixed tier in hindsight", reward: best, regret: 0 }],
  };
}

/** In each block, field 0 counts rows and field 5 sums rewards. */
function rewardOf(sums: Float64Array): number {
  let [rows, reward] = [0, 0];
  for (let at = 0; at < sums.length; at += 6) {
    rows += sums[at] ?? 0;
    reward += sums[at + 5] ?? 0;
  }
  return reward / 10_000 / Math.max(1, rows);
}

function bestFixedReward({ table, rows, valueTypicalMicrocents }: Plan): number {
  const tiers = table.tierNames.length;
  const means = table.tierNames.map((_, tier) => {
    let sum = 0;
    for (const row of rows) {
      const at = row * tiers + tier;
      const net = (table.outcomesBps[at] ?? 0) / 10_000 - (table.costsMicrocents[at] ?? 0) / valueTypicalMicrocents;
      sum += Math.max(0, net);
    }
    return sum / Math.max(1, rows.length);
  });
  return Math.max(...means);
}

/** Half of the rows certify, at thresholds from the other half's scores. The other half measures the resulting harm. */
function certificateOf(plan: Plan, seed: number): CertificateFigures {
  const scores = plan.scoresByKind.get(plan.winner) ?? new Int32Array(plan.table.rowCount);
  const picked = new Set(sampledRows(plan.rows.length, plan.rows.length >> 1, seededChance(seed, 10)));
  const half = (isFirst: boolean): Int32Array => plan.rows.filter((_, at) => picked.has(at) === isFirst);
  const [first, second] = [half(true), half(false)];
  const scoresOf = (rows: Int32Array): Int32Array => rows.map((row) => scores[row] ?? 0);
  const options = { alpha: CERTIFY_ALPHA, delta: CERTIFY_DELTA, risk: "harm" as const };
  const certified: Certified = certify(
    selectRows(plan.table, first),
    scoresOf(first),
    thresholdsAt(scoresOf(second), 64),
    options,
  );
  const elsewhere = selectRows(plan.table, second);
  const gains = gainsBps(elsewhere);
  let harmed = 0;
  scoresOf(second).forEach((score, at) => {
    if (certified.thresholdBps !== undefined && score < certified.thresholdBps && (gains[at] ?? 0) > 0) harmed += 1;
  });
  const needed = gains.reduce((sum, gain) => sum + (gain > 0 ? 1 : 0), 0) / Math.max(1, elsewhere.rowCount);
  return {
    ...options,
    samples: certified.samples,
    downgradedShare: certified.downgradedShare,
    savings: certified.savings,
    randomShare: Math.min(1, CERTIFY_ALPHA / needed),
    harmElsewhere: harmed / Math.max(1, elsewhere.rowCount),
  };
}

function qualityFigures(plan: Plan, played: readonly Played[]): QualityFigures {
  const { table, rows } = plan;
  const tiers = table.tierNames.length;
  const sums = new Float64Array(tiers);
  let oracle = 0;
  for (const row of rows) {
    let best = 0;
    for (let tier = 0; tier < tiers; tier += 1) {
      const outcome = table.outcomesBps[row * tiers + tier] ?? 0;
      sums[tier] = (sums[tier] ?? 0) + outcome;
      best = Math.max(best, outcome);
    }
    oracle += best;
  }
  const share = (sum: number): number => sum / 10_000 / Math.max(1, rows.length);
  return {
    bestSingle: share(Math.max(...sums)),
    oracle: share(oracle),
    policies: played
      .filter(({ track }) => track === "bandit")
      .map(({ name, settings }) => ({ name, quality: qualityOf(settings.at(0) ?? []) })),
  };
}

/** Field 4 is quality. The first setting has the highest value; if tiers cost the same, all settings are alike. */
function qualityOf(tallies: Played["settings"][number]): number {
  let [rows, quality] = [0, 0];
  for (const { sums } of tallies) {
    for (let at = 0; at < sums.length; at += 6) {
      rows += sums[at] ?? 0;
      quality += sums[at + 4] ?? 0;
    }
  }
  return quality / 10_000 / Math.max(1, rows);
}
