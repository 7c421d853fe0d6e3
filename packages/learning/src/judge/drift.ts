/**
 * Drifting worlds: rows of a set are drawn repeatedly for 20,000 decisions, and after half of them the world may change.
 * After 2,000 decisions to react, the router is compared with the best threshold in hindsight for the remaining decisions.
 *
 * The prior, its regimes and the costs are those of a split of the table. Only the tiers' outcomes or the prior's scores
 * change.
 * @module
 */
import { OFFSETS_EXPLORATION_DEFAULT_BPS } from "@calybris/engine/internal";
import { seededChance } from "../chance.ts";
import { type HeadKind, textHitsOf } from "../fit-prior.ts";
import { type Choice, type OnlinePolicy, rewardBps } from "../online-policy.ts";
import { CALYBRIS_DEFAULTS, CalybrisPolicy } from "../policies/calybris-policy.ts";
import { OffsetsPolicy } from "../policies/offsets-policy.ts";
import type { Table } from "../table.ts";
import { extraCost, hindsightOf, netByRule, netOf, valuesOf } from "./best-in-hindsight.ts";
import { type OverSeeds, overSeeds } from "./over-seeds.ts";
import { thinned } from "./plan.ts";
import { type Split, splitOf } from "./split.ts";

export interface DriftOptions {
  readonly foldSeeds: number;
  readonly rowsMax: number;
  /** Total number of decisions; the world changes after half of them. */
  readonly decisions?: number;
  readonly onProgress?: (share: number) => void;
}

/** Figures of one world, in percentage points of the value below the best threshold in hindsight; negative is worse. */
export interface DriftFigures {
  readonly set: string;
  readonly world: string;
  readonly decisions: number;
  readonly foldSeeds: number;
  /** The threshold that follows from the prior and the costs. It never learns. */
  readonly fixed: OverSeeds;
  readonly regimes: OverSeeds;
  readonly offsets: OverSeeds;
  /**
   * Number of decisions until 90 % of the loss caused by the world is recovered, counted from the change or, for a wrong
   * prior, from the start; `null` if the loss is below one point, or is never recovered.
   */
  readonly decisionsToRecover: number | null;
  /** The head of each prior. Missing in results from before stacks of texts. */
  readonly heads?: readonly HeadKind[];
}

/** The differences of a world: the change of a tier's outcomes after the move, and of the score throughout. */
interface World {
  readonly name: string;
  readonly tier?: number;
  /** The share of `from` outcomes that flips. */
  readonly from?: "success" | "failure";
  readonly share?: number;
  readonly score?: (bps: number, middleBps: number) => number;
}

export const DRIFT_WORLDS: readonly World[] = [
  { name: "nothing happens" },
  { name: "the cheap tier improves: 75 % of its failures become successes", tier: 0, from: "failure", share: 0.75 },
  { name: "the premium tier fails 25 % more", tier: 1, from: "success", share: 0.25 },
  { name: "the cheap tier fails 40 % more", tier: 0, from: "success", share: 0.4 },
  { name: "the prior is 20 points too high", score: (bps) => bps + 2_000 },
  { name: "the prior is 20 points too low", score: (bps) => bps - 2_000 },
  { name: "the prior's order is reversed", score: (bps, middleBps) => 2 * middleBps - bps },
];

const DECISIONS = 20_000;
const NOTICE_SHARE = 0.1;
const [RECOVERED, WINDOW, LOSS_MIN_POINTS] = [0.9, 250, 1];
const POINTS = 100;
/** Indexes into the values of a split: a low one and a middle one. */
const VALUE_INDEXES = [1, 3];

/** For tables with two tiers. Deterministic. */
export function judgeDrift(whole: Table, options: DriftOptions): readonly DriftFigures[] {
  const table = thinned(whole, options.rowsMax);
  const hits = textHitsOf(table);
  const decisions = options.decisions ?? DECISIONS;
  const splits = Array.from({ length: options.foldSeeds }, (_, index) => splitOf(table, index + 1, hits));
  return DRIFT_WORLDS.map((world, at) => {
    const runs = splits.map((split, index) => {
      options.onProgress?.((at + index / splits.length) / DRIFT_WORLDS.length);
      return lived(table, split, world, decisions, index + 1);
    });
    const over = (of: (run: Lived) => number): OverSeeds => overSeeds(runs.map(of));
    const recovered = runs.flatMap(({ recovery }) => recovery).sort((one, other) => one - other);
    const median = recovered[recovered.length >> 1];
    return {
      set: table.name,
      world: world.name,
      decisions,
      foldSeeds: options.foldSeeds,
      fixed: over((run) => run.fixed),
      regimes: over((run) => run.regimes),
      offsets: over((run) => run.offsets),
      decisionsToRecover: median === undefined || !Number.isFinite(median) ? null : median,
      heads: splits.flatMap(({ heads }) => heads),
    };
  });
}

interface Lived {
  readonly fixed: number;
  readonly regimes: number;
  readonly offsets: number;
  readonly recovery: readonly number[];
}

/** The rows of a world as a table, with the matching split. */
interface Moved {
  readonly table: Table;
  readonly split: Split;
  /** 0 for a prior that is wrong from the start. */
  readonly movedAt: number;
}

function lived(table: Table, split: Split, world: World, decisions: number, seed: number): Lived {
  const moved = movedTo(table, split, world, decisions, seed);
  const values = valuesOf(table, split);
  const runs = VALUE_INDEXES.map((index) => {
    const value = values[Math.min(index, values.length - 1)] as number;
    return atValue(moved, value, seed);
  });
  const mean = (of: (run: Lived) => number): number => runs.reduce((sum, run) => sum + of(run), 0) / runs.length;
  return {
    fixed: mean((run) => run.fixed),
    regimes: mean((run) => run.regimes),
    offsets: mean((run) => run.offsets),
    recovery: runs.flatMap(({ recovery }) => recovery),
  };
}

function atValue({ table, split, movedAt }: Moved, valueMicrocents: number, seed: number): Lived {
  const { scoresBps, boundariesBps, qualitiesBps, expect } = split;
  const setting = { table, valueMicrocents, seed, scoresBps, boundariesBps };
  const from = Math.floor(table.rowCount * (0.5 + NOTICE_SHARE));
  const late = hindsightOf(table, { ...split, stream: split.stream.slice(from) }, valueMicrocents).threshold;
  const below = (rewards: Float64Array): number => POINTS * (meanOf(rewards.subarray(from)) - late);
  const offsets = rewardsOf(
    table,
    new OffsetsPolicy({
      table,
      valueMicrocents,
      seed,
      explorationBps: OFFSETS_EXPLORATION_DEFAULT_BPS,
      qualitiesBps,
      prior: { scoresBps, boundariesBps, expect },
    }),
    valueMicrocents,
  );
  const published = new CalybrisPolicy(setting, { ...CALYBRIS_DEFAULTS, explorationBps: 500, discountPpm: 998_000 });
  const fixed = Float64Array.from({ length: table.rowCount }, (_, row) => {
    const isPremium = (scoresBps[row] ?? 0) / 10_000 > extraCost(table, row) / valueMicrocents;
    return netOf(table, row, isPremium ? 1 : 0, valueMicrocents);
  });
  const { rule } = hindsightOf(table, { ...split, stream: split.stream.slice(movedAt) }, valueMicrocents);
  const best = Float64Array.from({ length: table.rowCount }, (_, row) =>
    netByRule(table, scoresBps, row, valueMicrocents, rule),
  );
  return {
    fixed: below(fixed),
    regimes: below(rewardsOf(table, published, valueMicrocents)),
    offsets: below(offsets),
    recovery: recoveryOf(offsets.subarray(movedAt), fixed.subarray(movedAt), best.subarray(movedAt)),
  };
}

/**
 * Number of decisions until a window has recovered 90 % of the fixed threshold's loss against the best in hindsight,
 * compared decision by decision on the same requests; empty if that loss is below one point.
 */
function recoveryOf(rewards: Float64Array, fixed: Float64Array, best: Float64Array): readonly number[] {
  const loss = meanOf(best) - meanOf(fixed);
  if (POINTS * loss < LOSS_MIN_POINTS) return [];
  const shortfall = (at: number): number => (best[at] as number) - (rewards[at] as number);
  let sum = 0;
  for (let at = 0; at < rewards.length; at += 1) {
    sum += shortfall(at) - (at >= WINDOW ? shortfall(at - WINDOW) : 0);
    if (at + 1 >= WINDOW && sum / WINDOW <= (1 - RECOVERED) * loss) return [at + 1];
  }
  return [Number.POSITIVE_INFINITY];
}

function movedTo(table: Table, split: Split, world: World, decisions: number, seed: number): Moved {
  const chance = seededChance(seed, 61);
  const source = Int32Array.from({ length: decisions }, () => split.stream[chance.below(split.stream.length)] ?? 0);
  const [outcomesBps, costsMicrocents] = [new Uint16Array(2 * decisions), new Float64Array(2 * decisions)];
  const sorted = split.stream.map((row) => split.scoresBps[row] ?? 0).sort();
  const middle = sorted[sorted.length >> 1] ?? 0;
  const scoreOf = (bps: number): number => world.score?.(bps, middle) ?? bps;
  const expected: number[] = [];
  for (const [at, row] of source.entries()) {
    const turns = chance.share() < (world.share ?? 0) && at >= decisions / 2;
    for (const tier of [0, 1]) {
      const outcome = table.outcomesBps[row * 2 + tier] ?? 0;
      const isTurned = turns && tier === world.tier && outcome >= 5_000 === (world.from === "success");
      outcomesBps[at * 2 + tier] = isTurned ? 10_000 - outcome : outcome;
      costsMicrocents[at * 2 + tier] = table.costsMicrocents[row * 2 + tier] ?? 0;
    }
  }
  const scoresBps = source.map((row) => scoreOf(split.scoresBps[row] ?? 0));
  const boundariesBps = split.boundariesBps.map(scoreOf).sort((one, other) => one - other);
  return {
    movedAt: world.score === undefined ? decisions / 2 : 0,
    table: {
      ...table,
      rowCount: decisions,
      featureNames: [],
      features: new Int32Array(0),
      categories: new Uint16Array(decisions),
      texts: undefined,
      outcomesBps,
      costsMicrocents,
    },
    split: {
      ...split,
      stream: Int32Array.from({ length: decisions }, (_, at) => at),
      scoresBps,
      boundariesBps,
      // The level is the prior's for the row; the gain around it is the world's.
      expect: (at, gainBps, out) => {
        const row = source[at] ?? 0;
        split.expect(row, split.scoresBps[row] ?? 0, expected);
        const level = Math.trunc(((expected[0] ?? 0) + (expected[1] ?? 0)) / 2);
        out.length = 2;
        out[0] = level - Math.trunc(gainBps / 2);
        out[1] = out[0] + gainBps;
      },
    },
  };
}

function rewardsOf(table: Table, policy: OnlinePolicy, value: number): Float64Array {
  const choice: Choice = { tier: 0, propensity: 1 };
  return Float64Array.from({ length: table.rowCount }, (_, row) => {
    policy.recommend(row, choice);
    const at = row * 2 + choice.tier;
    const successBps = table.outcomesBps[at] ?? 0;
    policy.observe(row, choice.tier, successBps, rewardBps(value, successBps, table.costsMicrocents[at] ?? 0));
    return netOf(table, row, choice.tier, value);
  });
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
