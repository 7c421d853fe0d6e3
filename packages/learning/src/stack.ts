/**
 * The stack for a table with texts: a ridge over features, categories, words and the steps of shapes (`step-columns.ts`),
 * and a needed-less-harmed head over the same columns, combined into one linear head. Its parts are the ridge's words, its
 * steps and the rest of it, and needed less harmed.
 *
 * The penalties of steps and words and the weights of the parts are chosen on inner folds, by the squared out-of-fold error
 * (Wolpert, Stacked generalization, 1992; Breiman, Stacked regressions, 1996). No weight is negative, and each is shrunk to
 * 0.4 with the strength of 400 rows. The parts of the ridge share one weight, unless separate weights rank the rows of the
 * inner folds better. The final fit, with the chosen penalties and weights, is on all rows.
 * @module
 */
import { foldsOf, seededChance } from "./chance.ts";
import { fitNet } from "./log-odds.ts";
import { fitRidge, fittedValues, type RidgeFit, type RidgePenalties, type RidgeRows } from "./ridge.ts";
import { shapeColumns, stepBins, stepEdges, stepTrees } from "./step-columns.ts";
import type { TreesFit } from "./trees.ts";
import { weightsOfParts } from "./weights-of-parts.ts";

export interface StackRows {
  readonly rows: Int32Array;
  /** The design of some of the rows, without steps. */
  readonly design: (rows: Int32Array) => RidgeRows;
  /** By row of the table. */
  readonly texts: readonly string[];
  /** Penalties of features and categories, raised to a minimum; that of words is chosen. */
  readonly penalties: RidgePenalties;
  readonly seed: number;
  /** The choice of an earlier stack on mostly the same rows; saves choosing again. */
  readonly choice?: StackChoice | undefined;
}

export interface Stack {
  /** Already multiplied by the weights of its parts. */
  readonly ridge: RidgeFit;
  /** The steps, as trees over the thirteen integers of a shape. */
  readonly shapes: TreesFit;
  readonly choice: StackChoice;
}

/** The values that inner folds choose. */
export interface StackChoice {
  readonly penalties: { readonly text: number; readonly step: number };
  readonly weights: Readonly<Record<Part, number>>;
}

type Part = "words" | "steps" | "rest" | "net";

const INNER_FOLDS = 4;
/** With fewer rows, nothing is chosen and the defaults apply. */
const ROWS_MIN = 40;
/** Descending, because each fit starts from the previous one. */
const STEP_PENALTIES: readonly number[] = [1_000, 300, 100];
const TEXT_PENALTIES: readonly number[] = [128, 48, 24, 12, 6];
/** Penalty of words while the penalty of steps is chosen. */
const TEXT_PENALTY_FIRST = 48;
const PENALTY_MIN = 10;
/** Share of the gradient; loose, because each fit is one of many. */
const TOLERANCE = 1e-3;
/** Parts overlap, so each weight is centred below one half. */
const [CENTER, HELD_BY_ROWS] = [0.4, 400];
const USUAL_WEIGHTS = { words: CENTER, steps: CENTER, rest: CENTER, net: CENTER };

/** Deterministic in the seed. */
export function fitStack({ rows, design, texts, penalties, seed, choice }: StackRows): Stack {
  const base = {
    dense: Math.max(PENALTY_MIN, penalties.dense),
    category: Math.max(PENALTY_MIN, penalties.category),
  };
  const columns = shapeColumns(texts, rows);
  const edges = stepEdges(columns);
  const all = { ...design(rows), steps: stepBins(edges, columns) };
  const withSteps = (places: Int32Array): RidgeRows => ({
    ...design(places.map((each) => rows[each] ?? 0)),
    steps: stepBins(
      edges,
      columns.map((column) => places.map((each) => column[each] ?? 0)),
    ),
  });
  const usual = { penalties: { text: penalties.text, step: STEP_PENALTIES[0] ?? 0 }, weights: USUAL_WEIGHTS };
  const own = choice ?? (rows.length < ROWS_MIN ? usual : chosen(all, withSteps, base, seed));
  const { weights } = own;
  const ridge = fitRidge(all, { ...base, ...own.penalties }, TOLERANCE);
  const net = fitNet(all, { ...base, ...own.penalties });
  const added = (part: Float64Array, weight: number, other: Float64Array): Float64Array =>
    part.map((value, at) => value * weight + (other[at] ?? 0) * weights.net);
  const parts = partsOf(all, ridge);
  // The intercept makes the mean prediction equal to the mean target.
  const mean = (values: Float64Array): number => meanOf(values, all.weights);
  const intercept =
    mean(all.targets) -
    weights.words * mean(parts.words) -
    weights.steps * mean(parts.steps) -
    weights.rest * (mean(parts.rest) - ridge.intercept) -
    weights.net * (mean(fittedValues(all, net)) - net.intercept);
  const steps = added(ridge.steps, weights.steps, net.steps);
  return {
    ridge: {
      intercept,
      dense: added(ridge.dense, weights.rest, net.dense),
      categories: added(ridge.categories, weights.rest, net.categories),
      text: added(ridge.text, weights.words, net.text),
      steps,
    },
    shapes: stepTrees(edges, steps),
    choice: own,
  };
}

/**
 * Predicts each row by fits on the other folds, then chooses first the penalties and then the weights with the smallest
 * squared error.
 */
function chosen(
  { rowCount, targets, weights = new Float64Array(rowCount).fill(1) }: RidgeRows,
  design: (places: Int32Array) => RidgeRows,
  base: Omit<RidgePenalties, "text">,
  seed: number,
): StackChoice {
  const fold = foldsOf(rowCount, INNER_FOLDS, seededChance(seed, 21));
  const at = Int32Array.from({ length: rowCount }, (_, place) => place);
  const inner = Array.from({ length: INNER_FOLDS }, (_, index) => {
    const outside = at.filter((each) => fold[each] === index);
    return { outside, fit: design(at.filter((each) => fold[each] !== index)), test: design(outside) };
  });
  const together = (of: (fold: (typeof inner)[number], index: number) => Float64Array): Float64Array => {
    const values = new Float64Array(rowCount);
    for (const [index, each] of inner.entries())
      for (const [from, value] of of(each, index).entries()) values[each.outside[from] ?? 0] = value;
    return values;
  };
  let fits: readonly (RidgeFit | undefined)[] = [];
  const tried = (penalties: StackChoice["penalties"]): Tried => {
    const fitted = inner.map(({ fit }, index) => fitRidge(fit, { ...base, ...penalties }, TOLERANCE, fits[index]));
    fits = fitted;
    const predicted = together(({ test }, index) => fittedValues(test, fitted[index] as RidgeFit));
    const errors = targets.map((target, row) => (target - (predicted[row] ?? 0)) ** 2);
    return { penalties, fitted, error: meanOf(errors, weights) };
  };
  const { step } = bestOf(STEP_PENALTIES.map((each) => tried({ text: TEXT_PENALTY_FIRST, step: each }))).penalties;
  const { penalties, fitted } = bestOf(TEXT_PENALTIES.map((text) => tried({ text, step })));
  const parts = inner.map(({ fit, test }, index) => ({
    ...partsOf(test, fitted[index] as RidgeFit),
    net: fittedValues(test, fitNet(fit, { ...base, ...penalties })),
  }));
  const part = (name: Part): Float64Array => together((_, index) => parts[index]?.[name] ?? new Float64Array(0));
  const [words, steps, rest, net] = [part("words"), part("steps"), part("rest"), part("net")];
  const held = { center: CENTER, heldByRows: HELD_BY_ROWS };
  const ridge = words.map((value, row) => value + (steps[row] ?? 0) + (rest[row] ?? 0));
  const [whole = 0, ofNet = 0] = weightsOfParts([ridge, net], targets, weights, held);
  const apart = weightsOfParts([words, steps, rest, net], targets, weights, held);
  const [ofWords = 0, ofSteps = 0, ofRest = 0, ofNetApart = 0] = apart;
  const tied = { words: whole, steps: whole, rest: whole, net: ofNet };
  const free = { words: ofWords, steps: ofSteps, rest: ofRest, net: ofNetApart };
  const recovered = (by: StackChoice["weights"]): readonly number[] => {
    const sums = words.map(
      (value, row) =>
        by.words * value + by.steps * (steps[row] ?? 0) + by.rest * (rest[row] ?? 0) + by.net * (net[row] ?? 0),
    );
    return inner.map(({ outside }) => gapRecovered(targets, weights, sums, outside));
  };
  return { penalties, weights: isBetter(recovered(free), recovered(tied)) ? free : tied };
}

/**
 * Better by more than one standard error of the mean over folds (one-standard-error rule: Breiman et al., Classification and
 * Regression Trees, 1984).
 */
function isBetter(values: readonly number[], others: readonly number[]): boolean {
  const differences = values.map((value, at) => value - (others[at] ?? 0));
  const count = differences.length;
  const mean = differences.reduce((sum, each) => sum + each, 0) / count;
  const squares = differences.reduce((sum, each) => sum + (each - mean) ** 2, 0);
  return mean > Math.sqrt(squares / (count * (count - 1)));
}

/** The share of the gain captured by a ranking by descending score, averaged over all shares of rows; random has a half. */
function gapRecovered(targets: Float64Array, weights: Float64Array, scores: Float64Array, rows: Int32Array): number {
  const order = rows.toSorted((one, other) => (scores[other] ?? 0) - (scores[one] ?? 0) || one - other);
  let [gained, area] = [0, 0];
  for (const row of order) {
    const gain = (weights[row] ?? 1) * (targets[row] ?? 0);
    area += gained + gain / 2;
    gained += gain;
  }
  return gained === 0 ? 0 : area / (gained * order.length);
}

interface Tried {
  readonly penalties: StackChoice["penalties"];
  /** One per fold. */
  readonly fitted: readonly RidgeFit[];
  readonly error: number;
}

function bestOf(tries: readonly Tried[]): Tried {
  return tries.reduce((least, each) => (each.error < least.error ? each : least));
}

/** The contributions to each row of its words, of its steps, and of the rest. */
function partsOf(rows: RidgeRows, ridge: RidgeFit): Readonly<Record<Exclude<Part, "net">, Float64Array>> {
  const none = new Float64Array(0);
  const withoutWords = fittedValues({ ...rows, text: undefined }, { ...ridge, text: none });
  const rest = fittedValues({ ...rows, text: undefined, steps: undefined }, { ...ridge, text: none, steps: none });
  return {
    words: fittedValues(rows, ridge).map((value, at) => value - (withoutWords[at] ?? 0)),
    steps: withoutWords.map((value, at) => value - (rest[at] ?? 0)),
    rest,
  };
}

function meanOf(values: Float64Array, weights: Float64Array | undefined): number {
  let [sum, weightSum] = [0, 0];
  for (let at = 0; at < values.length; at += 1) {
    sum += (weights?.[at] ?? 1) * (values[at] ?? 0);
    weightSum += weights?.[at] ?? 1;
  }
  return weightSum === 0 ? 0 : sum / weightSum;
}
