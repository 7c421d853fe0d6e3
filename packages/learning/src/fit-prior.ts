/**
 * Fits a prior on labelled rows. The target is the gain of the most expensive tier over the cheapest, not the difficulty of
 * a request: a request on which both tiers fail is difficult, but premium gains nothing there.
 *
 * The first step is a ridge over features, category and text at once. Its weights are the linear head. For trees, the second
 * step grows trees on the features and on out-of-fold ridge scores of category and text. The result is the integer prior
 * itself, so measurements apply to exactly the prior that will run.
 * @module
 */
import { loadPrior, type Prior } from "@calybris/engine";
import {
  FEATURE_MISSING,
  formatOf,
  type PriorFile,
  predictGainBps,
  priorDigestHex,
  REGIME_COUNT,
  type SuccessFile,
  scoreText,
  TEXT_WEIGHT_MAX,
  TEXT_WEIGHT_UNIT,
  type TreesFile,
  textScratch,
} from "@calybris/engine/internal";
import { foldsOf, sampledRows, seededChance } from "./chance.ts";
import {
  denseColumns,
  hitsOf,
  raritiesOf,
  type Standardising,
  standardisingOf,
  type TextHits,
  textShares,
} from "./design.ts";
import { fitNeeded, fitNet } from "./log-odds.ts";
import { fitRidge, type RidgeFit, type RidgePenalties, type RidgeRows } from "./ridge.ts";
import { fitStack, type StackChoice } from "./stack.ts";
import { gainsBps, type Table } from "./table.ts";
import { fitTrees, TREES_DEFAULTS, TREES_SMALL, type TreesFit, type TreesOptions } from "./trees.ts";

/** The kinds of heads. Heads of log-odds are linear too, rescaled to gains. */
export type HeadKind = "stack" | "ridge" | "logistic" | "needed less harmed" | "small trees" | "trees";
export const HEAD_KINDS: readonly HeadKind[] = [
  "stack",
  "ridge",
  "logistic",
  "needed less harmed",
  "small trees",
  "trees",
];

export interface FitOptions {
  readonly seed: number;
  /** A power of two. */
  readonly textBuckets?: number;
  readonly penalties?: RidgePenalties;
  /** Replaces the default size of the trees. */
  readonly trees?: TreesOptions;
  /** If there are more rows, this many are sampled: a small head does not benefit from more. */
  readonly rowsMax?: number;
  /** One per row of the table, for example for rows that were logged with a propensity. */
  readonly weights?: Float64Array;
  /** Replaces the table's gains: one per row, as shares of 1. */
  readonly targets?: Float64Array;
  /** Out-of-fold scores, for the regime boundaries. Default: the fit's own scores, which are too optimistic. */
  readonly boundaryScores?: Int32Array;
  /** The choice of an earlier stack on mostly the same rows; saves choosing again. */
  readonly stackChoice?: StackChoice | undefined;
  /** Counted texts of the whole table, for a caller that fits more than once. */
  readonly hits?: TextHits | undefined;
  /** A description, stored in the file. */
  readonly about?: string;
}

export interface FittedPrior {
  readonly file: PriorFile;
  readonly prior: Prior;
  /** Only of a stack over texts. */
  readonly stackChoice?: StackChoice;
}

export const TEXT_BUCKETS = 65_536;
const PENALTIES: RidgePenalties = Object.freeze({ dense: 1, category: 5, text: 6 });
const ROWS_MAX = 60_000;
/** Folds for the out-of-fold category and text features of trees. */
const INNER_FOLDS = 4;
const BPS = 10_000;
const MILLIBPS = 10_000_000;
const I32_MAX = 2_147_483_647;
const ADDED_MAX_BPS = 20_000;

/** Counts the texts of a table once, for several fits; `undefined` if the table has no texts. */
export function textHitsOf(table: Table, buckets: number = TEXT_BUCKETS): TextHits | undefined {
  return table.texts === undefined ? undefined : hitsOf(table.texts, buckets);
}

/** Fits on the given rows. Deterministic: the same rows and seed give the same bytes. */
export function fitPrior(table: Table, rows: Int32Array, head: HeadKind, options: FitOptions): FittedPrior {
  const chance = seededChance(options.seed, 1);
  const picked = sampledRows(rows.length, options.rowsMax ?? ROWS_MAX, chance).map((at) => rows[at] ?? 0);
  const fit: Fit = {
    table,
    standardising: standardisingOf(table, picked),
    hits: options.hits ?? textHitsOf(table, options.textBuckets),
    targets: options.targets ?? plainTargets(table),
    weights: options.weights,
    penalties: options.penalties ?? PENALTIES,
  };
  const { ridge, text, stackChoice } = linearOf(fit, picked, head, options);
  const usual = head === "trees" ? TREES_DEFAULTS : head === "small trees" ? TREES_SMALL : undefined;
  const trees = usual === undefined ? undefined : (options.trees ?? usual);
  const file = {
    ...shared(fit, addedBps(table, ridge), text),
    head: trees === undefined ? linearHead(ridge) : treesHead(fit, picked, trees, options.seed),
  };
  const described = { ...file, ...(options.about === undefined ? {} : { about: options.about }) };
  const whole = sealed(described, (unsealed) => options.boundaryScores ?? predictRows(unsealed, table, picked));
  return stackChoice === undefined ? whole : { ...whole, stackChoice };
}

/** The default target: the gain, as a share of 1. */
function plainTargets(table: Table): Float64Array {
  return Float64Array.from(gainsBps(table), (gain) => gain / BPS);
}

/**
 * Gain per cost: if the extra cost of premium differs between requests, a policy should downgrade the requests with the
 * largest saving per lost gain. Weighted by its saving, the regression of gain / saving is E[gain] / E[saving].
 */
export function perCostTargets(table: Table): { readonly targets: Float64Array; readonly weights: Float64Array } {
  const tiers = table.tierNames.length;
  const savings = Float64Array.from({ length: table.rowCount }, (_, row) =>
    Math.max(0, (table.costsMicrocents[row * tiers + tiers - 1] ?? 0) - (table.costsMicrocents[row * tiers] ?? 0)),
  );
  const mean = savings.reduce((sum, saving) => sum + saving, 0) / Math.max(1, table.rowCount);
  if (mean === 0) return { targets: plainTargets(table), weights: new Float64Array(table.rowCount).fill(1) };
  // The gain per cost of a request with nearly no saving would be unbounded.
  const weights = savings.map((saving) => Math.max(SAVING_SHARE_MIN, saving / mean));
  return { targets: plainTargets(table).map((gain, row) => gain / (weights[row] ?? 1)), weights };
}

const SAVING_SHARE_MIN = 0.05;

interface Fit {
  readonly table: Table;
  readonly standardising: Standardising;
  readonly hits: TextHits | undefined;
  readonly targets: Float64Array;
  readonly weights: Float64Array | undefined;
  readonly penalties: RidgePenalties;
}

/** A fit of one kind, with its text tables in integers. */
interface Ridged {
  readonly ridge: RidgeFit;
  readonly text: TextTables | undefined;
  readonly stackChoice?: StackChoice;
}

interface TextTables {
  readonly rarities: Uint16Array;
  readonly weights: Int32Array;
  readonly shapes?: TreesFile;
}

/** The linear head of each kind. Trees take their category part from a ridge. */
function linearOf(fit: Fit, rows: Int32Array, head: HeadKind, options: FitOptions): Ridged {
  if (head === "logistic" || head === "needed less harmed") return oddsOf(fit, rows, head);
  return head === "stack" && fit.hits !== undefined ? stackedOf(fit, rows, options) : ridgeOf(fit, rows);
}

/** The stack's parts, each times its out-of-fold weight; the steps of shapes are converted to trees. */
function stackedOf(fit: Fit, rows: Int32Array, { seed, stackChoice }: FitOptions): Ridged {
  const { table, hits, penalties } = fit;
  const rarities = hits === undefined ? undefined : raritiesOf(hits, rows);
  const design = (some: Int32Array): RidgeRows => ridgeRows(fit, some, rarities);
  const stack = fitStack({ rows, design, texts: table.texts ?? [], penalties, seed, choice: stackChoice });
  const { text } = inTables(stack.ridge, rarities);
  const stacked = { ridge: stack.ridge, stackChoice: stack.choice };
  if (text === undefined || stack.shapes.roots.length === 0) return { ...stacked, text };
  const { interceptMillibps: _in, kind: _trees, ...trees } = treesInIntegers(stack.shapes);
  return { ...stacked, text: { ...text, shapes: trees } };
}

function ridgeOf(fit: Fit, rows: Int32Array): Ridged {
  const rarities = fit.hits === undefined ? undefined : raritiesOf(fit.hits, rows);
  return inTables(fitRidge(ridgeRows(fit, rows, rarities), fit.penalties), rarities);
}

/** The log-odds that premium gained (logistic), or those less the log-odds that it lost. A line maps them onto gains. */
function oddsOf(fit: Fit, rows: Int32Array, head: "logistic" | "needed less harmed"): Ridged {
  const rarities = fit.hits === undefined ? undefined : raritiesOf(fit.hits, rows);
  const base = ridgeRows(fit, rows, rarities);
  return inTables(head === "logistic" ? fitNeeded(base, fit.penalties) : fitNet(base, fit.penalties), rarities);
}

function ridgeRows(fit: Fit, rows: Int32Array, rarities: Uint16Array | undefined): RidgeRows {
  const { table, hits, targets, weights } = fit;
  return {
    rowCount: rows.length,
    dense: denseColumns(table, rows, fit.standardising),
    denseCount: table.featureNames.length,
    categories: Uint16Array.from(rows, (row) => table.categories[row] ?? 0),
    categoryCount: table.categoryNames.length,
    text:
      hits === undefined || rarities === undefined
        ? undefined
        : { ...textShares(hits, rows, rarities), bucketCount: hits.bucketCount },
    targets: Float64Array.from(rows, (row) => targets[row] ?? 0),
    weights: weights === undefined ? undefined : Float64Array.from(rows, (row) => weights[row] ?? 1),
  };
}

function inTables(ridge: RidgeFit, rarities: Uint16Array | undefined): Ridged {
  if (rarities === undefined) return { ridge, text: undefined };
  const scaled = Int32Array.from(ridge.text, (weight) => clamped(weight * BPS * TEXT_WEIGHT_UNIT, TEXT_WEIGHT_MAX));
  return { ridge, text: { rarities, weights: scaled } };
}

/** The gain added by each category. The last value is for unknown categories: 0. */
function addedBps(table: Table, ridge: RidgeFit): readonly number[] {
  return [...table.categoryNames.map((_, index) => clamped((ridge.categories[index] ?? 0) * BPS, ADDED_MAX_BPS)), 0];
}

type HeadlessFile = Omit<PriorFile, "head" | "digest" | "boundariesBps">;

function shared({ table, standardising }: Fit, added: readonly number[], text: TextTables | undefined): HeadlessFile {
  return {
    format: formatOf(false, text?.shapes !== undefined),
    features: table.featureNames.map((name, at) => ({
      name,
      center: standardising.centers[at] ?? 0,
      spread: standardising.spreads[at] ?? 1,
    })),
    categories: table.categoryNames.map((name, index) => ({ name, gainBps: added[index] ?? 0 })),
    categoryOtherBps: added.at(-1) ?? 0,
    ...(text === undefined
      ? {}
      : {
          text: {
            buckets: text.rarities.length,
            rarities: packed(text.rarities),
            weights: packed(text.weights),
            ...(text.shapes === undefined ? {} : { shapes: text.shapes }),
          },
        }),
  };
}

function linearHead(ridge: RidgeFit): PriorFile["head"] {
  return {
    kind: "linear",
    interceptMillibps: clamped(ridge.intercept * MILLIBPS, I32_MAX),
    weightsMillibps: [...ridge.dense].map((weight) => clamped(weight * MILLIBPS, I32_MAX)),
  };
}

function treesHead(fit: Fit, rows: Int32Array, options: TreesOptions, seed: number): PriorFile["head"] {
  const { table, standardising, targets, weights } = fit;
  const featureCount = table.featureNames.length;
  const columns = Array.from({ length: featureCount }, (_, feature) =>
    Int32Array.from(rows, (row) => {
      const value = table.features[row * featureCount + feature] ?? FEATURE_MISSING;
      return value === FEATURE_MISSING ? (standardising.centers[feature] ?? 0) : value;
    }),
  );
  const unseen = unseenScores(fit, rows, seed);
  const trees = fitTrees(
    [...columns, unseen.category, ...(fit.hits === undefined ? [] : [unseen.text])],
    Float64Array.from(rows, (row) => targets[row] ?? 0),
    weights === undefined ? undefined : Float64Array.from(rows, (row) => weights[row] ?? 1),
    options,
  );
  return treesInIntegers(trees);
}

function treesInIntegers(trees: TreesFit): PriorFile["head"] & { readonly kind: "trees" } {
  return {
    kind: "trees",
    interceptMillibps: clamped(trees.intercept * MILLIBPS, I32_MAX),
    roots: trees.roots,
    nodeFeature: trees.nodeFeature,
    nodeThreshold: trees.nodeThreshold,
    nodeLeft: trees.nodeLeft,
    leafMillibps: trees.leaf.map((leaf) => clamped(leaf * MILLIBPS, I32_MAX)),
  };
}

/** For each row, the category and text scores of ridges fitted without it, as they would be for a new row. */
function unseenScores(
  fit: Fit,
  rows: Int32Array,
  seed: number,
): { readonly category: Int32Array; readonly text: Int32Array } {
  const [category, text] = [new Int32Array(rows.length), new Int32Array(rows.length)];
  const folds = foldsOf(rows.length, INNER_FOLDS, seededChance(seed, 2));
  for (let fold = 0; fold < INNER_FOLDS; fold += 1) {
    const others = rows.filter((_, at) => folds[at] !== fold);
    if (others.length === 0) continue;
    const { ridge, text: tables } = ridgeOf(fit, others);
    const added = addedBps(fit.table, ridge);
    const reader =
      tables === undefined ? undefined : { ...tables, shapes: undefined, scratch: textScratch(tables.rarities.length) };
    for (let at = 0; at < rows.length; at += 1) {
      if (folds[at] !== fold) continue;
      const row = rows[at] ?? 0;
      category[at] = added[fit.table.categories[row] ?? 0] ?? 0;
      if (reader !== undefined) text[at] = scoreText({ text: reader } as Prior, fit.table.texts?.[row] ?? "");
    }
  }
  return { category, text };
}

/** The same prior with success heads, and a new digest. */
export function withSuccess({ file, ...fitted }: FittedPrior, success: readonly SuccessFile[]): FittedPrior {
  const { digest: _digest, ...open } = file;
  const whole = { ...open, format: formatOf(true, open.text?.shapes !== undefined), success };
  const prior = unchecked(whole);
  return { ...fitted, file: { ...whole, digest: prior.digestHex }, prior };
}

/** Sets the regime boundaries at quantiles of the gain, then completes the file with its digest. */
function sealed(
  file: Omit<PriorFile, "digest" | "boundariesBps">,
  scoresOf: (unsealed: Prior) => Int32Array,
): FittedPrior {
  const open = { ...file, boundariesBps: Array.from({ length: REGIME_COUNT - 1 }, () => 0) };
  const cut = { ...open, boundariesBps: regimeBoundaries(scoresOf(unchecked(open))) };
  const prior = unchecked(cut);
  return { file: { ...cut, digest: prior.digestHex }, prior };
}

/** Seven quantiles of scores. */
export function regimeBoundaries(scores: Int32Array): number[] {
  const sorted = scores.toSorted();
  return Array.from(
    { length: REGIME_COUNT - 1 },
    (_, index) => sorted[Math.min(sorted.length - 1, Math.floor(((index + 1) * sorted.length) / REGIME_COUNT))] ?? 0,
  );
}

/** Loads a file without checking its digest, which is computed here. All other checks apply. */
function unchecked(file: Omit<PriorFile, "digest">): Prior {
  const parsed = loadPrior({ ...file, digest: "" }, undefined, { isDigestChecked: false });
  return { ...parsed, digestHex: priorDigestHex(parsed) };
}

/** The gains that a prior predicts for the given rows, in bps. */
export function predictRows(prior: Prior, table: Table, rows: Int32Array): Int32Array {
  const featureCount = table.featureNames.length;
  const indexes = table.categoryNames.map((name) => prior.categoryIndexes.get(name) ?? prior.categoryBps.length - 1);
  return Int32Array.from(rows, (row) =>
    predictGainBps(
      prior,
      table.features,
      indexes[table.categories[row] ?? 0] ?? 0,
      table.texts === undefined ? 0 : scoreText(prior, table.texts[row] ?? ""),
      row * featureCount,
    ),
  );
}

function packed(values: Uint16Array | Int32Array): string {
  const bytes = new DataView(new ArrayBuffer(values.length * values.BYTES_PER_ELEMENT));
  values.forEach((value, at) => {
    if (values.BYTES_PER_ELEMENT === 2) bytes.setUint16(at * 2, value, true);
    else bytes.setInt32(at * 4, value, true);
  });
  return Buffer.from(bytes.buffer).toString("base64");
}

function clamped(value: number, max: number): number {
  return Math.max(-max, Math.min(max, Math.round(value))) + 0;
}
