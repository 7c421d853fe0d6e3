/**
 * The stack of a table with texts: a ridge over features, categories and words, a head of needed less harmed over the same, and
 * small trees over the shape of the text (`text-shapes.ts`), added up as a linear head. Its parts are the words of the ridge, the
 * rest of it, needed less harmed, and the shapes.
 *
 * The penalty of the words and the weights of the parts are chosen on inner folds: by the squared error of rows that the part had
 * not seen (Wolpert, Stacked generalization, 1992; Breiman, Stacked regressions, 1996). No weight is negative, and each is held to
 * 0.4 as strongly as by 100 rows. What is chosen is fitted on all rows.
 * @module
 */
import { SHAPE_COUNT, shapesOf } from "@calybris/engine/internal";
import { foldsOf, seededChance } from "./chance.ts";
import { fitNet } from "./log-odds.ts";
import { fitRidge, fittedValues, type RidgeFit, type RidgePenalties, type RidgeRows } from "./ridge.ts";
import { fitTrees, TREES_SMALL, type TreesFit } from "./trees.ts";
import { weightsOfParts } from "./weights-of-parts.ts";

export interface StackRows {
  readonly rows: Int32Array;
  /** The design of some of the rows. */
  readonly design: (rows: Int32Array) => RidgeRows;
  /** By row of the table. */
  readonly texts: readonly string[];
  /** Of features and categories, at least; that of words is chosen. */
  readonly penalties: RidgePenalties;
  readonly seed: number;
}

export interface Stack {
  /** Times the weights of its parts. */
  readonly ridge: RidgeFit;
  /** Over the thirteen integers of a shape, times their weight; without an intercept. */
  readonly shapes: TreesFit;
}

const INNER_FOLDS = 4;
/** Fewer rows are not worth a choice. */
const ROWS_MIN = 40;
const TEXT_PENALTIES: readonly number[] = [2, 4, 8, 16, 32, 64, 128];
const PENALTY_MIN = 10;
/** Of the gradient: each fit is one of many. */
const TOLERANCE = 1e-3;
/** Parts overlap, so each begins below a half of all. */
const [CENTER, HELD_BY_ROWS] = [0.4, 100];

/** Deterministic in the seed. */
export function fitStack({ rows, design, texts, penalties, seed }: StackRows): Stack {
  const base = { dense: Math.max(PENALTY_MIN, penalties.dense), category: Math.max(PENALTY_MIN, penalties.category) };
  const all = design(rows);
  const shapes = shapeColumns(texts, rows);
  const { text, weights } =
    rows.length < ROWS_MIN
      ? { text: penalties.text, weights: { words: CENTER, rest: CENTER, net: CENTER, shapes: CENTER } }
      : chosen(rows, design, shapes, base, seed);
  const ridge = fitRidge(all, { ...base, text }, TOLERANCE);
  const trees = fitTrees(shapes, all.targets, all.weights, TREES_SMALL);
  const net = fitNet(all, { ...base, text });
  const parts = partsOf(all, ridge);
  const added = (own: Float64Array, weight: number, other: Float64Array): Float64Array =>
    own.map((value, at) => value * weight + (other[at] ?? 0) * weights.net);
  // The parts add up to the mean of what is predicted.
  const mean = (values: Float64Array): number => meanOf(values, all.weights);
  const intercept =
    mean(all.targets) -
    weights.words * mean(parts.words) -
    weights.rest * (mean(parts.rest) - ridge.intercept) -
    weights.net * (mean(fittedValues(all, net)) - net.intercept);
  return {
    ridge: {
      intercept,
      dense: added(ridge.dense, weights.rest, net.dense),
      categories: added(ridge.categories, weights.rest, net.categories),
      text: added(ridge.text, weights.words, net.text),
    },
    shapes:
      weights.shapes === 0
        ? { intercept: 0, roots: [], nodeFeature: [], nodeThreshold: [], nodeLeft: [], leaf: [] }
        : { ...trees, intercept: 0, leaf: trees.leaf.map((leaf) => leaf * weights.shapes) },
  };
}

/** One column a shape. */
export function shapeColumns(texts: readonly string[], rows: Int32Array): readonly Int32Array[] {
  const columns = Array.from({ length: SHAPE_COUNT }, () => new Int32Array(rows.length));
  const shapes = new Int32Array(SHAPE_COUNT);
  rows.forEach((row, at) => {
    shapesOf(texts[row] ?? "", shapes);
    for (const [shape, column] of columns.entries()) column[at] = shapes[shape] ?? 0;
  });
  return columns;
}

interface Chosen {
  readonly text: number;
  readonly weights: { readonly words: number; readonly rest: number; readonly net: number; readonly shapes: number };
}

/** Each row is predicted by fits on the other folds; then the penalty, then the weights, whose squared error is least. */
function chosen(
  rows: Int32Array,
  design: StackRows["design"],
  shapes: readonly Int32Array[],
  base: Omit<RidgePenalties, "text">,
  seed: number,
): Chosen {
  const fold = foldsOf(rows.length, INNER_FOLDS, seededChance(seed, 21));
  const at = Int32Array.from(rows.keys());
  const rowsAt = (places: Int32Array): RidgeRows => design(places.map((each) => rows[each] ?? 0));
  const columnsAt = (places: Int32Array): Int32Array[] =>
    shapes.map((column) => places.map((each) => column[each] ?? 0));
  const inner = Array.from({ length: INNER_FOLDS }, (_, index) => {
    const outside = at.filter((each) => fold[each] === index);
    const inside = at.filter((each) => fold[each] !== index);
    const [fit, test] = [rowsAt(inside), rowsAt(outside)];
    const trees = fitTrees(columnsAt(inside), fit.targets, fit.weights, TREES_SMALL);
    return { outside, fit, test, shapes: treesValues(trees, columnsAt(outside), outside.length) };
  });
  const { targets, weights = new Float64Array(rows.length).fill(1) } = design(rows);
  const together = (of: (fold: (typeof inner)[number]) => Float64Array): Float64Array => {
    const values = new Float64Array(rows.length);
    for (const each of inner) for (const [from, value] of of(each).entries()) values[each.outside[from] ?? 0] = value;
    return values;
  };
  const tried = TEXT_PENALTIES.map((text) => {
    const parts = new Map(
      inner.map((each) => [each, partsOf(each.test, fitRidge(each.fit, { ...base, text }, TOLERANCE))]),
    );
    const part = (name: "words" | "rest"): Float64Array =>
      together((each) => parts.get(each)?.[name] ?? new Float64Array(0));
    const [words, rest] = [part("words"), part("rest")];
    const errors = targets.map((target, row) => (target - (words[row] ?? 0) - (rest[row] ?? 0)) ** 2);
    return { text, words, rest, error: meanOf(errors, weights) };
  });
  const best = tried.reduce((least, each) => (each.error < least.error ? each : least));
  const net = together(({ fit, test }) => fittedValues(test, fitNet(fit, { ...base, text: best.text })));
  const parts = [best.words, best.rest, net, together((each) => each.shapes)];
  const held = { center: CENTER, heldByRows: HELD_BY_ROWS };
  const [ofWords = 0, ofRest = 0, ofNet = 0, ofShapes = 0] = weightsOfParts(parts, targets, weights, held);
  return { text: best.text, weights: { words: ofWords, rest: ofRest, net: ofNet, shapes: ofShapes } };
}

/** What the words of a row add, and what all else does. */
function partsOf(rows: RidgeRows, ridge: RidgeFit): { readonly words: Float64Array; readonly rest: Float64Array } {
  const all = fittedValues(rows, ridge);
  const rest = fittedValues({ ...rows, text: undefined }, { ...ridge, text: new Float64Array(0) });
  return { words: all.map((value, at) => value - (rest[at] ?? 0)), rest };
}

function treesValues(trees: TreesFit, columns: readonly Int32Array[], rowCount: number): Float64Array {
  const values = new Float64Array(rowCount).fill(trees.intercept);
  for (let row = 0; row < rowCount; row += 1) {
    for (const root of trees.roots) {
      let node = root;
      for (let feature = trees.nodeFeature[node] ?? -1; feature >= 0; feature = trees.nodeFeature[node] ?? -1) {
        const isLeft = (columns[feature]?.[row] ?? 0) <= (trees.nodeThreshold[node] ?? 0);
        node = (trees.nodeLeft[node] ?? 0) + (isLeft ? 0 : 1);
      }
      values[row] = (values[row] ?? 0) + (trees.leaf[node] ?? 0);
    }
  }
  return values;
}

function meanOf(values: Float64Array, weights: Float64Array | undefined): number {
  let [sum, weightSum] = [0, 0];
  for (let at = 0; at < values.length; at += 1) {
    sum += (weights?.[at] ?? 1) * (values[at] ?? 0);
    weightSum += weights?.[at] ?? 1;
  }
  return weightSum === 0 ? 0 : sum / weightSum;
}
