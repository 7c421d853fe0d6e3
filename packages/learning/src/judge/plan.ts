/**
 * The plan by which one table is judged: the rows that count, the prior that scores them, the regimes, and the values of a
 * right answer at which the policies run. All of it is fixed before any policy runs, and is the same for all policies.
 * @module
 */
import { foldsOf, sampledRows, seededChance } from "../chance.ts";
import { foldsFor } from "../cross-validation.ts";
import {
  type FitOptions,
  fitPrior,
  type HeadKind,
  perCostTargets,
  predictRows,
  regimeBoundaries,
  textHitsOf,
} from "../fit-prior.ts";
import { type Ground, groundOf, type Point, pointOf, Tally } from "../measures.ts";
import { frontierOf, missArea } from "../ranking.ts";
import type { Stage } from "../stream.ts";
import { gainsBps, rowRange, selectRows, type Table } from "../table.ts";

export interface PlanOptions {
  readonly seed: number;
  readonly folds: number;
  readonly rowsFitMax: number;
  readonly kinds: readonly HeadKind[];
  /** Maximum number of labelled past rows that a router receives before a fold begins. */
  readonly labelledRowsMax: number;
}

export interface Plan {
  readonly table: Table;
  readonly ground: Ground;
  /** Rows that count, ascending. */
  readonly rows: Int32Array;
  readonly stages: readonly Stage[];
  /** For each kind of head, the gain of every counted row as predicted by a prior that was not fitted on it. */
  readonly scoresByKind: ReadonlyMap<HeadKind, Int32Array>;
  readonly winner: HeadKind;
  readonly isPerCost: boolean;
  /** All requests at the most expensive tier, and all at the cheapest. */
  readonly ends: readonly [Point, Point];
  readonly endTallies: readonly [Tally, Tally];
  readonly valuesMicrocents: readonly number[];
  /** Twice the value of a right answer at which premium breaks even on average. */
  readonly valueTypicalMicrocents: number;
}

/** Below this, savings are so similar that gain per cost is equivalent to gain. */
const SPREAD_MIN = 0.05;

/** @param isPerCost - whether the priors predict gain per cost. Default: true if savings differ between rows. */
export function planOf(
  table: Table,
  options: PlanOptions,
  isPerCost: boolean = savingSpread(table) > SPREAD_MIN,
): Plan {
  const folds = foldsFor(table, options.folds, options.seed);
  const hits = textHitsOf(table);
  const fitted = isPerCost ? perCostTargets(table) : {};
  const scoresByKind = new Map<HeadKind, Int32Array>();
  const rows = Int32Array.from(folds.flatMap(({ test }) => [...test])).sort();
  for (const kind of options.kinds) {
    const scores = new Int32Array(table.rowCount);
    for (const { train, test } of folds) {
      const { prior } = fitPrior(table, train, kind, {
        seed: options.seed,
        hits,
        rowsMax: options.rowsFitMax,
        ...fitted,
      });
      const predicted = predictRows(prior, table, test);
      test.forEach((row, at) => {
        scores[row] = predicted[at] ?? 0;
      });
    }
    if (table.isInTimeOrder) scoreFirstBlock(table, folds[0]?.train, kind, scores, { ...options, hits, ...fitted });
    scoresByKind.set(kind, scores);
  }
  const winner = winnerOf(table, rows, scoresByKind, isPerCost);
  const scores = scoresByKind.get(winner) ?? new Int32Array(table.rowCount);
  const chance = seededChance(options.seed, 6);
  const stages: readonly Stage[] = folds.map(({ train, test }) => ({
    rows: test,
    scoresBps: scores,
    boundariesBps: regimeBoundaries(train.map((row) => scores[row] ?? 0)),
    labelledRows: sampledRows(train.length, options.labelledRowsMax, chance).map((at) => train[at] ?? 0),
  }));
  const ground = groundOf(table, rows, options.seed);
  const endTallies: readonly [Tally, Tally] = [
    constantTally(ground, rows, table.tierNames.length - 1),
    constantTally(ground, rows, 0),
  ];
  const ends: readonly [Point, Point] = [pointOf(ground, [endTallies[0]]), pointOf(ground, [endTallies[1]])];
  const tips = tippingShares(table, stages);
  const savingMean = meanSaving(table, rows);
  const costMost = table.costsMicrocents.reduce((most, cost) => Math.max(most, cost), 1);
  const gainMean = gainsBps(table).reduce((sum, gain) => sum + gain, 0) / 10_000 / Math.max(1, table.rowCount);
  return {
    table,
    ground,
    rows,
    stages,
    scoresByKind,
    winner,
    isPerCost,
    ends,
    endTallies,
    // If nothing can be saved, the value of a right answer is set so high that cost is negligible.
    valuesMicrocents:
      savingMean > 0 ? valuesAround(tips).map((share) => Math.max(1, savingMean / share)) : [1_000 * costMost],
    valueTypicalMicrocents:
      savingMean > 0 ? Math.max(1, (2 * savingMean) / Math.max(0.001, Math.abs(gainMean))) : 1_000 * costMost,
  };
}

const FIRST_BLOCK_FOLDS = 3;

/** The first block has no earlier rows: its rows are scored by cross-validation within the block. */
function scoreFirstBlock(
  table: Table,
  block: Int32Array | undefined,
  kind: HeadKind,
  scores: Int32Array,
  { seed, rowsFitMax, ...fitted }: PlanOptions & Partial<FitOptions>,
): void {
  if (block === undefined) return;
  const fold = foldsOf(block.length, FIRST_BLOCK_FOLDS, seededChance(seed, 11));
  for (let index = 0; index < FIRST_BLOCK_FOLDS; index += 1) {
    const [train, test] = [block.filter((_, at) => fold[at] !== index), block.filter((_, at) => fold[at] === index)];
    if (train.length === 0) continue;
    const { prior } = fitPrior(table, train, kind, { ...fitted, seed, rowsMax: rowsFitMax });
    const predicted = predictRows(prior, table, test);
    test.forEach((row, at) => {
      scores[row] = predicted[at] ?? 0;
    });
  }
}

/** The standard deviation of premium's extra cost, over its mean. */
function savingSpread(table: Table): number {
  const tiers = table.tierNames.length;
  let [sum, squares] = [0, 0];
  for (let row = 0; row < table.rowCount; row += 1) {
    const saving = (table.costsMicrocents[row * tiers + tiers - 1] ?? 0) - (table.costsMicrocents[row * tiers] ?? 0);
    sum += saving;
    squares += saving * saving;
  }
  const mean = sum / Math.max(1, table.rowCount);
  return mean <= 0 ? 0 : Math.sqrt(Math.max(0, squares / table.rowCount - mean * mean)) / mean;
}

function winnerOf(
  table: Table,
  rows: Int32Array,
  scoresByKind: ReadonlyMap<HeadKind, Int32Array>,
  isPerCost: boolean,
): HeadKind {
  const judged = selectRows(table, rows);
  let [winner, least]: [HeadKind | undefined, number] = [undefined, Number.POSITIVE_INFINITY];
  for (const [kind, scores] of scoresByKind) {
    const points = frontierOf(
      judged,
      rows.map((row) => scores[row] ?? 0),
    );
    const area = isPerCost ? missArea(points) : qualityLoss(points);
    if (winner === undefined || area < least) [winner, least] = [kind, area];
  }
  return winner ?? "ridge";
}

/** Lower is better: the negative area under quality over the downgraded share. */
function qualityLoss(points: ReturnType<typeof frontierOf>): number {
  let sum = 0;
  for (let at = 1; at < points.length; at += 1) {
    const [from, to] = [points[at - 1], points[at]];
    if (from !== undefined && to !== undefined)
      sum -= (to.downgraded - from.downgraded) * (to.quality + from.quality) * 0.5;
  }
  return sum;
}

function constantTally(ground: Ground, rows: Int32Array, tier: number): Tally {
  const tally = new Tally(ground);
  for (const row of rows) tally.add(row, tier, 0);
  return tally;
}

function meanSaving(table: Table, rows: Int32Array): number {
  const tiers = table.tierNames.length;
  let sum = 0;
  for (const row of rows)
    sum += (table.costsMicrocents[row * tiers + tiers - 1] ?? 0) - (table.costsMicrocents[row * tiers] ?? 0);
  return sum / Math.max(1, rows.length);
}

/**
 * For each regime, the mean gain over the mean saving, in units of the overall mean saving: the point at which premium
 * breaks even.
 */
function tippingShares(table: Table, stages: readonly Stage[]): readonly number[] {
  const tiers = table.tierNames.length;
  const gains = gainsBps(table);
  const [gainSums, savingSums, counts] = [new Float64Array(8), new Float64Array(8), new Float64Array(8)];
  for (const { rows, scoresBps, boundariesBps } of stages) {
    if (scoresBps === undefined || boundariesBps === undefined) continue;
    for (const row of rows) {
      let regime = 0;
      while (regime < boundariesBps.length && (scoresBps[row] ?? 0) >= (boundariesBps[regime] ?? 0)) regime += 1;
      gainSums[regime] = (gainSums[regime] ?? 0) + (gains[row] ?? 0) / 10_000;
      const saving = (table.costsMicrocents[row * tiers + tiers - 1] ?? 0) - (table.costsMicrocents[row * tiers] ?? 0);
      savingSums[regime] = (savingSums[regime] ?? 0) + saving;
      counts[regime] = (counts[regime] ?? 0) + 1;
    }
  }
  const saving =
    savingSums.reduce((a, b) => a + b, 0) /
    Math.max(
      1,
      counts.reduce((a, b) => a + b, 0),
    );
  return [...gainSums]
    .map((gain, regime) => (gain * saving) / (savingSums[regime] ?? 1))
    .filter((share) => Number.isFinite(share) && share > 0)
    .sort((a, b) => a - b);
}

/** Values between the regimes' break-even points and beyond both ends; if there are fewer than ten, more in between. */
function valuesAround(tips: readonly number[]): readonly number[] {
  const [first = 0.05, last = 0.5] = [tips[0], tips.at(-1)];
  const between = tips.slice(1).map((tip, at) => (tip + (tips[at] ?? tip)) / 2);
  const shares = [first / 4, first / 2, ...between, last * 1.5, last * 3];
  for (let at = 0; shares.length < 10 && at < 8; at += 1) shares.push(first * (last / first) ** ((at + 0.5) / 8));
  return [...new Set(shares)].sort((a, b) => a - b);
}

/** The same table with every tier at its mean cost, so that calls are counted instead of money. */
export function withCallCosts(table: Table): Table {
  const tiers = table.tierNames.length;
  const means = table.tierNames.map((_, tier) => {
    let sum = 0;
    for (let row = 0; row < table.rowCount; row += 1) sum += table.costsMicrocents[row * tiers + tier] ?? 0;
    return Math.round(sum / Math.max(1, table.rowCount));
  });
  const costsMicrocents = table.costsMicrocents.map((_, at) => means[at % tiers] ?? 0);
  return { ...table, costsMicrocents };
}

/** Every n-th row, in order, so that at most `rowsMax` remain. */
export function thinned(table: Table, rowsMax: number): Table {
  const step = Math.ceil(table.rowCount / rowsMax);
  return step <= 1
    ? table
    : selectRows(
        table,
        rowRange(0, table.rowCount).filter((row) => row % step === 0),
      );
}
