/**
 * Regret against the best policies in hindsight: the best single tier, and the best threshold on the router's own score. It
 * uses one configuration, the default; rows and heads are those of `split.ts`.
 *
 * Every policy starts with the prior and without observations. Regret is per decision, in percentage points of the value of
 * a right answer. The reward is not clamped at 0: an expensive call that fails has a negative reward.
 * @module
 */
import { OFFSETS_EXPLORATION_DEFAULT_BPS } from "@calybris/engine/internal";
import { type HeadKind, textHitsOf } from "../fit-prior.ts";
import { type Choice, type OnlinePolicy, rewardBps } from "../online-policy.ts";
import { CALYBRIS_DEFAULTS, CalybrisPolicy } from "../policies/calybris-policy.ts";
import { LIN_UCB } from "../policies/linear-policies.ts";
import { OffsetsPolicy } from "../policies/offsets-policy.ts";
import { GREEDY } from "../policies/regime-policies.ts";
import { withoutDominatedTop } from "../single-tiers.ts";
import type { Table } from "../table.ts";
import { extraCost, hindsightOf, netOf, valuesOf } from "./best-in-hindsight.ts";
import { type OverSeeds, overSeeds } from "./over-seeds.ts";
import { thinned } from "./plan.ts";
import { gapOfScores } from "./prior-ranking.ts";
import { type Split, splitOf } from "./split.ts";

export interface HindsightOptions {
  /** Each seed is another split into folds. The intervals are over seeds. */
  readonly foldSeeds: number;
  readonly rowsMax: number;
  readonly explorationsBps: readonly number[];
  readonly onProgress?: (share: number) => void;
}

export interface HindsightFigures {
  readonly set: string;
  readonly rows: number;
  readonly foldSeeds: number;
  readonly tiers: number;
  /** In percentage points of the value; negative is better than the rule in hindsight. */
  readonly policies: readonly { readonly name: string; readonly threshold: OverSeeds; readonly bestTier: OverSeeds }[];
  /**
   * For the default prior's score, by calls: the share of the quality gap between the two ends that a ranking by the score
   * recovers. Missing in older results.
   */
  readonly gapRecovered?: OverSeeds;
  /** Missing in results from before shift detection and refitting of the chosen head. */
  readonly heads?: readonly HeadKind[];
  readonly exploration: readonly ExplorationRow[];
}

/** The cost of exploration, and its benefit: the weights with which the best single tier is estimated. */
export interface ExplorationRow {
  readonly explorationBps: number;
  readonly threshold: OverSeeds;
  readonly largestWeight: number;
  /** Share of the target mass that a cap of 20 clips. */
  readonly clippedShare: number;
  /** Effective sample size over the number of decisions. */
  readonly effectiveShare: number;
  /** The same for the top tier, if {@link HOLDOUT_SHARE} of decisions are held out and get it. Missing in older results. */
  readonly heldOut?: { readonly largestWeight: number; readonly effectiveShare: number };
}

export const OFFSETS = "offsets";
const CAP = 20;
/** The default of a policy. */
const HOLDOUT_SHARE = 0.2;
const POINTS = 100;

export function judgeHindsight(whole: Table, options: HindsightOptions): HindsightFigures {
  const table = withoutDominatedTop(thinned(whole, options.rowsMax));
  const hits = textHitsOf(table);
  const regrets = new Map<string, Regrets>();
  const explored = options.explorationsBps.map((explorationBps) => ({
    explorationBps,
    weights: new Weights(),
    heldOut: new Weights(),
  }));
  const recovered: number[] = [];
  const heads: HeadKind[] = [];
  const top = table.tierNames.length - 1;
  for (let seed = 1; seed <= options.foldSeeds; seed += 1) {
    const split = splitOf(table, seed, hits);
    recovered.push(gapOfScores(table, split, split.scoresBps));
    heads.push(...split.heads);
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
      for (const { explorationBps, weights, heldOut } of explored) {
        const policy = offsetsPolicy(table, split, value, seed, explorationBps);
        note(`${OFFSETS} ${explorationBps}`, policy, () => {
          weights.add((policy.shares[ground.tier] as number) / 2 ** 32);
          heldOut.add(HOLDOUT_SHARE + ((1 - HOLDOUT_SHARE) * (policy.shares[top] as number)) / 2 ** 32);
        });
        weights.endRun();
        heldOut.endRun();
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
    gapRecovered: overSeeds(recovered),
    heads,
    exploration: explored.map(({ explorationBps, weights, heldOut }) => ({
      explorationBps,
      threshold: over(`${OFFSETS} ${explorationBps}`).threshold,
      ...weights.figures(),
      heldOut: heldOut.heldOut(),
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

/** Regrets of one policy, by fold seed. */
class Regrets {
  readonly #threshold = new Map<number, number[]>();
  readonly #bestTier = new Map<number, number[]>();

  add(seed: number, threshold: number, bestTier: number): void {
    this.#threshold.set(seed, [...(this.#threshold.get(seed) ?? []), threshold]);
    this.#bestTier.set(seed, [...(this.#bestTier.get(seed) ?? []), bestTier]);
  }

  figures(): { readonly threshold: OverSeeds; readonly bestTier: OverSeeds } {
    return { threshold: overSeeds(pointsOf(this.#threshold)), bestTier: overSeeds(pointsOf(this.#bestTier)) };
  }
}

function pointsOf(bySeed: ReadonlyMap<number, readonly number[]>): readonly number[] {
  return [...bySeed.values()].map((each) => POINTS * meanOf(each));
}

/** Weights of a target policy that always chooses one tier, over runs. */
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

  heldOut(): NonNullable<ExplorationRow["heldOut"]> {
    const { largestWeight, effectiveShare } = this.figures();
    return { largestWeight, effectiveShare };
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
