/**
 * Regret against what hindsight knows: the best single tier, and the best threshold on the very score that the router has. One
 * configuration, the one that is shipped. Each fold's labelled rows are split into three disjoint parts: most fit the heads,
 * some choose the head and fit what is expected of each tier, and the last part is left for a certificate. Rows of the other
 * side of the fold are streamed; nothing was fitted on them.
 *
 * Every policy begins with the prior and nothing observed. Regret is in points of the value of a right answer, per decision, and the
 * reward is not cut off at 0: an expensive call that fails costs what it costs.
 * @module
 */
import { categoryIndexOf, expectFromPrior, OFFSETS_EXPLORATION_DEFAULT_BPS } from "@calybris/engine/internal";
import { foldsOf, seededChance, shuffledRows } from "../chance.ts";
import { fitPrior, type HeadKind, predictRows, regimeBoundaries, textHitsOf } from "../fit-prior.ts";
import { fitSuccess } from "../fit-success.ts";
import { type Choice, type OnlinePolicy, rewardBps } from "../online-policy.ts";
import { CALYBRIS_DEFAULTS, CalybrisPolicy } from "../policies/calybris-policy.ts";
import { LIN_UCB } from "../policies/linear-policies.ts";
import { OffsetsPolicy } from "../policies/offsets-policy.ts";
import { GREEDY } from "../policies/regime-policies.ts";
import { gainsBps, rowRange, type Table } from "../table.ts";
import { thinned } from "./plan.ts";

export interface HindsightOptions {
  /** Each another split into folds; the intervals are over them. */
  readonly foldSeeds: number;
  readonly rowsMax: number;
  readonly explorationsBps: readonly number[];
  readonly onProgress?: (share: number) => void;
}

/** A mean over fold seeds with a 95 % interval of Student's t. */
export interface OverSeeds {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

export interface HindsightFigures {
  readonly set: string;
  readonly rows: number;
  readonly foldSeeds: number;
  readonly tiers: number;
  /** In points of the value; negative is better than hindsight's rule. */
  readonly policies: readonly { readonly name: string; readonly threshold: OverSeeds; readonly bestTier: OverSeeds }[];
  readonly exploration: readonly ExplorationRow[];
}

/** What exploration costs, and what it buys: the weights of estimating the best single tier. */
export interface ExplorationRow {
  readonly explorationBps: number;
  readonly threshold: OverSeeds;
  readonly largestWeight: number;
  /** Target mass that a cap of 20 cuts off. */
  readonly clippedShare: number;
  /** Effective sample size over the decisions. */
  readonly effectiveShare: number;
}

export const OFFSETS = "offsets";
const [FOLDS, FIT_SHARE, CHOICE_SHARE] = [5, 0.7, 0.15];
const KINDS: readonly HeadKind[] = ["ridge", "small trees"];
const ROWS_FIT_MAX = 20_000;
/** Quantiles of the score at which the two ends tip over: each sets what a right answer is worth. */
const TIPPING_QUANTILES = [0.1, 0.25, 0.4, 0.55, 0.7, 0.85];
const GAIN_MIN_BPS = 50;
const CAP = 20;
/** Of 95 %, by degrees of freedom from 1. */
const STUDENT = [12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];
const POINTS = 100;

/** One split: the stream in its order, and what a policy may know of each row. */
interface Split {
  readonly stream: Int32Array;
  readonly scoresBps: Int32Array;
  readonly boundariesBps: readonly number[];
  readonly qualitiesBps: readonly number[];
  readonly expect: (row: number, gainBps: number, out: number[]) => void;
}

export function judgeHindsight(whole: Table, options: HindsightOptions): HindsightFigures {
  const table = thinned(whole, options.rowsMax);
  const hits = textHitsOf(table);
  const regrets = new Map<string, Regrets>();
  const explored = options.explorationsBps.map((explorationBps) => ({ explorationBps, weights: new Weights() }));
  for (let seed = 1; seed <= options.foldSeeds; seed += 1) {
    const split = splitOf(table, seed, hits);
    const values = valuesOf(table, split);
    for (const [index, value] of values.entries()) {
      const ground = hindsightOf(table, split, value);
      const note = (name: string, policy: OnlinePolicy, each?: (row: number) => void): void => {
        const mean = played(table, split.stream, policy, value, each);
        const regret = regrets.get(name) ?? new Regrets();
        regret.add(seed, ground.threshold - mean, ground.bestTier - mean);
        regrets.set(name, regret);
      };
      for (const [name, policy] of policiesOf(table, split, value, seed)) note(name, policy);
      for (const { explorationBps, weights } of explored) {
        const policy = offsetsPolicy(table, split, value, seed, explorationBps);
        note(`${OFFSETS} ${explorationBps}`, policy, () => {
          weights.add((policy.shares[ground.tier] as number) / 2 ** 32);
        });
        weights.endRun();
      }
      options.onProgress?.((seed - 1 + (index + 1) / values.length) / options.foldSeeds);
    }
  }
  const over = (name: string): { readonly threshold: OverSeeds; readonly bestTier: OverSeeds } =>
    (regrets.get(name) ?? new Regrets()).figures();
  return {
    set: table.name,
    rows: table.rowCount,
    foldSeeds: options.foldSeeds,
    tiers: table.tierNames.length,
    policies: [OFFSETS, "regimes", "greedy", "LinUCB", "score as it is"].map((name) => ({ name, ...over(name) })),
    exploration: explored.map(({ explorationBps, weights }) => ({
      explorationBps,
      threshold: over(`${OFFSETS} ${explorationBps}`).threshold,
      ...weights.figures(),
    })),
  };
}

function policiesOf(
  table: Table,
  split: Split,
  valueMicrocents: number,
  seed: number,
): readonly (readonly [string, OnlinePolicy])[] {
  const { scoresBps, boundariesBps } = split;
  const setting = { table, valueMicrocents, seed, scoresBps, boundariesBps };
  const published = { ...CALYBRIS_DEFAULTS, explorationBps: 500, discountPpm: 998_000 };
  const tiers = table.tierNames.length;
  return [
    [OFFSETS, offsetsPolicy(table, split, valueMicrocents, seed, OFFSETS_EXPLORATION_DEFAULT_BPS)],
    ["regimes", new CalybrisPolicy(setting, published)],
    ["greedy", GREEDY.start(setting)],
    ["LinUCB", LIN_UCB.start(setting)],
    [
      "score as it is",
      {
        recommend: (row, out) => {
          out.tier = (scoresBps[row] ?? 0) / 10_000 > extraCost(table, row) / valueMicrocents ? tiers - 1 : 0;
          out.propensity = 1;
        },
        observe: () => {},
      },
    ],
  ];
}

function offsetsPolicy(
  table: Table,
  { scoresBps, boundariesBps, qualitiesBps, expect }: Split,
  valueMicrocents: number,
  seed: number,
  explorationBps: number,
): OffsetsPolicy {
  const prior = { scoresBps, boundariesBps, expect };
  return new OffsetsPolicy({ table, valueMicrocents, seed, explorationBps, qualitiesBps, prior });
}

/** Five folds without an order; in time order, each of five blocks after what came before. */
function splitOf(table: Table, seed: number, hits: ReturnType<typeof textHitsOf>): Split {
  const scoresBps = new Int32Array(table.rowCount);
  const part = new Int8Array(table.rowCount).fill(-1);
  const priors: ReturnType<typeof fitPrior>["prior"][] = [];
  const boundaries: (readonly number[])[] = [];
  let qualitiesBps: readonly number[] = [];
  const all = rowRange(0, table.rowCount);
  const fold = foldsOf(table.rowCount, FOLDS, seededChance(seed, 3));
  const edge = (block: number): number => Math.floor((block * table.rowCount) / (FOLDS + 1));
  for (let index = 0; index < FOLDS; index += 1) {
    const isTest = (row: number): boolean =>
      table.isInTimeOrder ? row >= edge(index + 1) && row < edge(index + 2) : fold[row] === index;
    const isTrain = (row: number): boolean => (table.isInTimeOrder ? row < edge(index + 1) : fold[row] !== index);
    const train = all.filter(isTrain);
    const order = shuffledRows(train.length, seededChance(seed, 77 + index)).map((at) => train[at] ?? 0);
    const [fitEnd, choiceEnd] = [FIT_SHARE, FIT_SHARE + CHOICE_SHARE].map((share) => Math.floor(share * order.length));
    const [fit, choice] = [order.slice(0, fitEnd).sort(), order.slice(fitEnd, choiceEnd).sort()];
    const own = chosenPrior(table, fit, choice, seed, hits);
    for (const rows of [choice, all.filter(isTest)])
      predictRows(own, table, rows).forEach((score, at) => {
        scoresBps[rows[at] ?? 0] = score;
      });
    const success = fitSuccess(table, fit, { rows: choice, scoresBps }, { seed, rowsMax: ROWS_FIT_MAX });
    const boundary = regimeBoundaries(choice.map((row) => scoresBps[row] ?? 0));
    boundaries.push(boundary);
    priors.push({ ...own, success: success.map(parsedHead) });
    if (index === 0)
      qualitiesBps = table.tierNames.map((_, tier) =>
        Math.round(meanOf(Array.from(choice, (row) => table.outcomesBps[row * table.tierNames.length + tier] ?? 0))),
      );
    for (const row of all) if (isTest(row)) part[row] = index;
  }
  const rows = all.filter((row) => (part[row] ?? -1) >= 0);
  const categories = priors.map((prior) => table.categoryNames.map((name) => categoryIndexOf(prior, name)));
  return {
    stream: table.isInTimeOrder ? rows : shuffledRows(rows.length, seededChance(seed, 16)).map((at) => rows[at] ?? 0),
    scoresBps: predictedElsewhere(table, priors, part, scoresBps),
    boundariesBps: Array.from({ length: 7 }, (_, at) => Math.round(meanOf(boundaries.map((each) => each[at] ?? 0)))),
    qualitiesBps,
    expect: (row, gainBps, out) => {
      const index = part[row] ?? 0;
      const prior = priors[index];
      if (prior === undefined) return;
      const category = categories[index]?.[table.categories[row] ?? 0] ?? 0;
      const from = row * table.featureNames.length;
      expectFromPrior(prior, table.features, category, gainBps, table.tierNames.length, out, from);
    },
  };
}

/** A row is in the choice part of several folds: in the stream it has the score of the fold that it is tested by. */
function predictedElsewhere(
  table: Table,
  priors: readonly ReturnType<typeof fitPrior>["prior"][],
  part: Int8Array,
  scoresBps: Int32Array,
): Int32Array {
  for (const [index, prior] of priors.entries()) {
    const rows = rowRange(0, table.rowCount).filter((row) => part[row] === index);
    predictRows(prior, table, rows).forEach((score, at) => {
      scoresBps[rows[at] ?? 0] = score;
    });
  }
  return scoresBps;
}

/** The head whose squared error is least on rows that it was not fitted on. */
function chosenPrior(
  table: Table,
  fit: Int32Array,
  choice: Int32Array,
  seed: number,
  hits: ReturnType<typeof textHitsOf>,
): ReturnType<typeof fitPrior>["prior"] {
  const gains = gainsBps(table);
  const fitted = KINDS.map((kind) => {
    const { prior } = fitPrior(table, fit, kind, { seed, hits, rowsMax: ROWS_FIT_MAX });
    const predicted = predictRows(prior, table, choice);
    const error = choice.reduce((sum, row, at) => sum + ((gains[row] ?? 0) - (predicted[at] ?? 0)) ** 2, 0);
    return { prior, error };
  });
  return fitted.reduce((best, each) => (each.error < best.error ? each : best)).prior;
}

function parsedHead(
  head: ReturnType<typeof fitSuccess>[number],
): ReturnType<typeof fitPrior>["prior"]["success"][number] {
  return {
    ...head,
    weightsMillibps: Int32Array.from(head.weightsMillibps),
    categoriesBps: Int32Array.from(head.categoriesBps),
  };
}

function valuesOf(table: Table, { stream, scoresBps }: Split): readonly number[] {
  const sorted = stream.map((row) => scoresBps[row] ?? 0).sort();
  const saving = meanOf(Array.from(stream, (row) => extraCost(table, row)));
  const gains = TIPPING_QUANTILES.map((share) =>
    Math.max(GAIN_MIN_BPS, sorted[Math.floor(share * sorted.length)] ?? GAIN_MIN_BPS),
  );
  return [...new Set(gains)].map((gain) => (Math.max(1, saving) * 10_000) / gain);
}

/** The mean reward of the best single tier, and of the best threshold on the score, with costs known or without. */
function hindsightOf(
  table: Table,
  { stream, scoresBps }: Split,
  value: number,
): { readonly threshold: number; readonly bestTier: number; readonly tier: number } {
  const top = table.tierNames.length - 1;
  const singles = table.tierNames.map((_, tier) => meanOf(Array.from(stream, (row) => netOf(table, row, tier, value))));
  const bestTier = Math.max(...singles);
  let threshold = Number.NEGATIVE_INFINITY;
  for (const isCostKnown of [false, true]) {
    const rows = Array.from(stream, (row) => ({
      key: (scoresBps[row] ?? 0) / 10_000 - (isCostKnown ? extraCost(table, row) / value : 0),
      gain: netOf(table, row, top, value) - netOf(table, row, 0, value),
    })).sort((one, other) => one.key - other.key);
    let mean = singles[top] ?? 0;
    threshold = Math.max(threshold, mean);
    for (const [at, { key, gain }] of rows.entries()) {
      mean -= gain / rows.length;
      if (rows[at + 1]?.key !== key) threshold = Math.max(threshold, mean);
    }
  }
  return { threshold, bestTier, tier: singles.indexOf(bestTier) };
}

function played(
  table: Table,
  stream: Int32Array,
  policy: OnlinePolicy,
  value: number,
  each: ((row: number) => void) | undefined,
): number {
  const tiers = table.tierNames.length;
  const choice: Choice = { tier: 0, propensity: 1 };
  let sum = 0;
  for (const row of stream) {
    policy.recommend(row, choice);
    each?.(row);
    const at = row * tiers + choice.tier;
    const successBps = table.outcomesBps[at] ?? 0;
    policy.observe(row, choice.tier, successBps, rewardBps(value, successBps, table.costsMicrocents[at] ?? 0));
    sum += netOf(table, row, choice.tier, value);
  }
  return sum / Math.max(1, stream.length);
}

/** Not cut off at 0, in shares of the value. */
function netOf({ tierNames, outcomesBps, costsMicrocents }: Table, row: number, tier: number, value: number): number {
  const at = row * tierNames.length + tier;
  return (outcomesBps[at] ?? 0) / 10_000 - (costsMicrocents[at] ?? 0) / value;
}

function extraCost({ tierNames, costsMicrocents }: Table, row: number): number {
  const from = row * tierNames.length;
  return (costsMicrocents[from + tierNames.length - 1] ?? 0) - (costsMicrocents[from] ?? 0);
}

/** Regrets of one policy, by fold seed. */
class Regrets {
  readonly #threshold = new Map<number, number[]>();
  readonly #bestTier = new Map<number, number[]>();

  add(seed: number, threshold: number, bestTier: number): void {
    this.#threshold.set(seed, [...(this.#threshold.get(seed) ?? []), threshold]);
    this.#bestTier.set(seed, [...(this.#bestTier.get(seed) ?? []), bestTier]);
  }

  figures(): { readonly threshold: OverSeeds; readonly bestTier: OverSeeds } {
    return { threshold: overSeeds(this.#threshold), bestTier: overSeeds(this.#bestTier) };
  }
}

function overSeeds(bySeed: ReadonlyMap<number, readonly number[]>): OverSeeds {
  const means = [...bySeed.values()].map((each) => POINTS * meanOf(each));
  const mean = meanOf(means);
  const variance = means.reduce((sum, each) => sum + (each - mean) ** 2, 0) / Math.max(1, means.length - 1);
  const t = means.length < 2 ? Number.NaN : (STUDENT[means.length - 2] ?? 1.96);
  const half = t * Math.sqrt(variance / means.length);
  return { mean, low: mean - half, high: mean + half };
}

/** Weights of a target that always takes one tier, over runs. */
class Weights {
  #count = 0;
  #largest = 0;
  #clipped = 0;
  #run: number[] = [];
  readonly #effective: number[] = [];

  /** @param propensity - of the target's tier, above 0. */
  add(propensity: number): void {
    this.#count += 1;
    this.#largest = Math.max(this.#largest, 1 / propensity);
    this.#clipped += Math.max(0, 1 - CAP * propensity);
    this.#run.push(propensity);
  }

  /** The expected effective sample size: the second moment of a weight is the mean of 1 / propensity. */
  endRun(): void {
    const squares = this.#run.reduce((sum, propensity) => sum + 1 / propensity, 0);
    this.#effective.push(this.#run.length / Math.max(1, squares));
    this.#run = [];
  }

  figures(): Pick<ExplorationRow, "largestWeight" | "clippedShare" | "effectiveShare"> {
    return {
      largestWeight: this.#largest,
      clippedShare: this.#clipped / Math.max(1, this.#count),
      effectiveShare: meanOf(this.#effective),
    };
  }
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
