/**
 * One split of a table for the regret and drift tracks. Each fold's labelled rows are divided into three disjoint parts:
 * most are for fitting the heads, some for choosing the head and fitting the expected success of each tier, and the rest is
 * reserved for a certificate. The chosen head is refitted on the first two parts. The rows on the other side of the fold are
 * streamed; nothing was fitted on them.
 * @module
 */
import { categoryIndexOf, expectFromPrior } from "@calybris/engine/internal";
import { foldsOf, seededChance, shuffledRows } from "../chance.ts";
import {
  type FittedPrior,
  fitPrior,
  type HeadKind,
  predictRows,
  regimeBoundaries,
  type textHitsOf,
} from "../fit-prior.ts";
import { fitSuccess } from "../fit-success.ts";
import { gainsBps, rowRange, type Table } from "../table.ts";

const [FOLDS, FIT_SHARE, CHOICE_SHARE] = [5, 0.7, 0.15];
const KINDS: readonly HeadKind[] = ["ridge", "needed less harmed", "small trees"];
/** For tables with texts. The stack chooses among its parts itself. */
const KINDS_OF_TEXT: readonly HeadKind[] = ["stack"];
const ROWS_FIT_MAX = 20_000;

/** One split: the stream in order, and what a policy may know about each row. */
export interface Split {
  readonly stream: Int32Array;
  /** For each row, the fold that tests it; −1 if none does. */
  readonly folds: Int8Array;
  readonly scoresBps: Int32Array;
  readonly boundariesBps: readonly number[];
  readonly qualitiesBps: readonly number[];
  /** The chosen head, by fold. */
  readonly heads: readonly HeadKind[];
  readonly expect: (row: number, gainBps: number, out: number[]) => void;
}

/** Without time order, five folds. In time order, five blocks, each after its training rows. */
export function splitOf(table: Table, seed: number, hits: ReturnType<typeof textHitsOf>): Split {
  const scoresBps = new Int32Array(table.rowCount);
  const part = new Int8Array(table.rowCount).fill(-1);
  const priors: ReturnType<typeof fitPrior>["prior"][] = [];
  const boundaries: (readonly number[])[] = [];
  const heads: HeadKind[] = [];
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
    const chosen = chosenPrior(table, fit, choice, seed, hits);
    predictRows(chosen.prior, table, choice).forEach((score, at) => {
      scoresBps[choice[at] ?? 0] = score;
    });
    const success = fitSuccess(table, fit, { rows: choice, scoresBps }, { seed, rowsMax: ROWS_FIT_MAX });
    const boundary = regimeBoundaries(choice.map((row) => scoresBps[row] ?? 0));
    boundaries.push(boundary);
    heads.push(chosen.kind);
    const both = Int32Array.from([...fit, ...choice]).sort();
    const { stackChoice } = chosen;
    const { prior } = fitPrior(table, both, chosen.kind, { seed, hits, rowsMax: ROWS_FIT_MAX, stackChoice });
    priors.push({ ...prior, success: success.map(parsedHead) });
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
    folds: part,
    scoresBps: predictedElsewhere(table, priors, part, scoresBps),
    boundariesBps: Array.from({ length: 7 }, (_, at) => Math.round(meanOf(boundaries.map((each) => each[at] ?? 0)))),
    qualitiesBps,
    heads,
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

/** A row is in the choice part of several folds. In the stream, it has the score of the fold that tests it. */
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

/** The head with the smallest squared error on rows that it was not fitted on. */
function chosenPrior(
  table: Table,
  fit: Int32Array,
  choice: Int32Array,
  seed: number,
  hits: ReturnType<typeof textHitsOf>,
): FittedPrior & { readonly kind: HeadKind } {
  const gains = gainsBps(table);
  const fitted = (table.texts === undefined ? KINDS : KINDS_OF_TEXT).map((kind) => {
    const own = fitPrior(table, fit, kind, { seed, hits, rowsMax: ROWS_FIT_MAX });
    const predicted = predictRows(own.prior, table, choice);
    const errors = Float64Array.from(choice, (row, at) => ((gains[row] ?? 0) - (predicted[at] ?? 0)) ** 2);
    return { ...own, kind, error: meanOf(errors) };
  });
  return fitted.reduce((least, each) => (each.error < least.error ? each : least));
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

function meanOf(values: readonly number[] | Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / Math.max(1, values.length);
}
