/**
 * Strict parser of a prior in the journal: an unknown member, or a value out of range, is refused. An accepted prior can be
 * evaluated on every input, and every walk through a tree ends.
 * @module
 */
import { type ExactJson, FEATURE_MISSING } from "@calybris/kernel";

export interface PriorJson {
  readonly format: number;
  readonly digest: string;
  readonly features: readonly { readonly name: string; readonly center: number; readonly spread: number }[];
  readonly categories: readonly { readonly name: string; readonly gainBps: number }[];
  readonly categoryOtherBps: number;
  readonly head: LinearJson | TreesJson;
  readonly text?: {
    readonly buckets: number;
    readonly rarities: string;
    readonly weights: string;
    /** In format 3: trees over the shape of a text. The text itself is not in the journal, so nothing evaluates them. */
    readonly shapes?: NodesJson;
  };
  /** From format 2 on: the mean success of the cheapest and the top tier, or the success of each tier. */
  readonly success?: readonly SuccessJson[];
  readonly boundariesBps: readonly number[];
}

export interface SuccessJson {
  readonly interceptMillibps: number;
  readonly weightsMillibps: readonly number[];
  /** The last value is for other categories. */
  readonly categoriesBps: readonly number[];
  readonly gainThousandths: number;
}

export interface LinearJson {
  readonly kind: "linear";
  readonly interceptMillibps: number;
  readonly weightsMillibps: readonly number[];
}

export interface TreesJson extends NodesJson {
  readonly kind: "trees";
  readonly interceptMillibps: number;
}

export interface NodesJson {
  readonly roots: readonly number[];
  readonly nodeFeature: readonly number[];
  readonly nodeThreshold: readonly number[];
  readonly nodeLeft: readonly number[];
  readonly leafMillibps: readonly number[];
}

const I32_MAX = 2 ** 31 - 1;
const GAIN_MOST_BPS = 10_000;
/** Index of the last of the thirteen integers of a text's shape. */
const SHAPE_MOST = 12;
const NODE_LISTS = ["nodeFeature", "nodeThreshold", "nodeLeft", "leafMillibps"] as const;

/** Throws RangeError with the reason if the prior is invalid. */
export function readPrior(json: ExactJson): PriorJson {
  const known = ["format", "digest", "features", "categories", "categoryOtherBps", "head", "boundariesBps"];
  const prior = membersOf(json, "prior", known, ["about", "text", "success"]);
  require(prior["format"] === formatOf(prior), "format 1, 2 with success, or 3 with shapes of a text");
  require(typeof prior["digest"] === "string", "a digest");
  require(prior["about"] === undefined || typeof prior["about"] === "string", "a remark as text");
  const features = listOf(prior["features"], "features").map((item) =>
    membersOf(item, "feature", ["name", "center", "spread"]),
  );
  requireNames(features, "features");
  for (const { center, spread } of features)
    require(isWithin(center, FEATURE_MISSING + 1, I32_MAX) && isWithin(spread, 1, I32_MAX), "centers and spreads");
  const categories = listOf(prior["categories"], "categories").map((item) =>
    membersOf(item, "category", ["name", "gainBps"]),
  );
  requireNames(categories, "categories");
  for (const gain of [...categories.map(({ gainBps }) => gainBps), prior["categoryOtherBps"]])
    require(isWithin(gain, -2 * GAIN_MOST_BPS, 2 * GAIN_MOST_BPS), "a gain in range for each category");
  requireHead(prior["head"], features.length);
  if (prior["text"] !== undefined) requireText(prior["text"]);
  if (prior["success"] !== undefined) requireSuccess(prior["success"], features.length, categories.length);
  const boundaries = listOf(prior["boundariesBps"], "boundariesBps");
  const isAscending = boundaries.every((gain, at) => at === 0 || (gain as number) >= (boundaries[at - 1] as number));
  const areGains = boundaries.every((gain) => isWithin(gain, -GAIN_MOST_BPS, GAIN_MOST_BPS + 1));
  require(boundaries.length === 7 && areGains && isAscending, "seven boundaries that ascend");
  return json as unknown as PriorJson;
}

function formatOf({ success, text }: Members): number {
  if ((text as { readonly shapes?: ExactJson } | undefined)?.shapes !== undefined) return 3;
  return success === undefined ? 1 : 2;
}

function requireHead(json: ExactJson | undefined, featureCount: number): void {
  const isTrees = (json as { readonly kind?: ExactJson } | undefined)?.kind === "trees";
  const lists = isTrees ? ["roots", ...NODE_LISTS] : ["weightsMillibps"];
  const head = membersOf(json, "head", ["kind", "interceptMillibps", ...lists]);
  require(isTrees || head["kind"] === "linear", "a linear head or trees");
  require(isWithin(head["interceptMillibps"], -I32_MAX, I32_MAX), "an intercept");
  requireIntegers(head, lists);
  if (!isTrees)
    require(listOf(head["weightsMillibps"], "weightsMillibps").length === featureCount, "a weight a feature");
  // The category and the text come after the features.
  else requireTrees(head as unknown as TreesJson, featureCount + 1);
}

function requireIntegers(members: Members, lists: readonly string[]): void {
  for (const list of lists)
    require(listOf(members[list], list).every((value) =>
      isWithin(value, -I32_MAX - 1, I32_MAX),
    ), `integers in ${list}`);
}

/** A child comes after its parent, so that every walk ends. */
function requireTrees({ roots, nodeFeature, nodeLeft, ...head }: NodesJson, featureMost: number): void {
  const count = nodeFeature.length;
  const isEven = [nodeLeft, head.nodeThreshold, head.leafMillibps].every(({ length }) => length === count);
  require(isEven && roots.every((root) => root >= 0 && root < count), "trees whose nodes are there");
  for (const [node, feature] of nodeFeature.entries()) {
    const left = nodeLeft[node] as number;
    require(feature >= -1 && feature <= featureMost, "nodes that ask for a feature");
    require(feature < 0 || (left > node && left + 1 < count), "children after their parents");
  }
}

function requireSuccess(json: ExactJson, featureCount: number, categoryCount: number): void {
  const heads = listOf(json, "success");
  require(heads.length >= 1 && heads.length <= 8, "one head of success, or one a tier");
  for (const head of heads) {
    const { interceptMillibps, gainThousandths, ...lists } = membersOf(head, "success", [
      "interceptMillibps",
      "weightsMillibps",
      "categoriesBps",
      "gainThousandths",
    ]);
    const weights = listOf(lists["weightsMillibps"], "weightsMillibps");
    const added = listOf(lists["categoriesBps"], "categoriesBps");
    require(isWithin(interceptMillibps, -I32_MAX, I32_MAX), "an intercept of success");
    require(isWithin(gainThousandths, -10_000, 10_000), "a part of the gain in success");
    require(weights.every((value) => isWithin(value, -I32_MAX, I32_MAX)), "integers as weights of success");
    require(added.every((value) => isWithin(value, -2 * GAIN_MOST_BPS, 2 * GAIN_MOST_BPS)), "success in range");
    require(weights.length === featureCount &&
      added.length === categoryCount + 1, "success of each feature and category");
  }
}

function requireText(json: ExactJson | undefined): void {
  const known = ["buckets", "rarities", "weights"];
  const { buckets, rarities, weights, shapes } = membersOf(json, "text", known, ["shapes"]);
  if (shapes !== undefined) {
    requireIntegers(membersOf(shapes, "shapes", ["roots", ...NODE_LISTS]), ["roots", ...NODE_LISTS]);
    requireTrees(shapes as unknown as NodesJson, SHAPE_MOST);
  }
  const isPacked = (value: unknown, bytesEach: number): boolean =>
    typeof value === "string" && value.length === Math.ceil(((buckets as number) * bytesEach) / 3) * 4;
  require(isWithin(buckets, 2, 2 ** 24) &&
    isPacked(rarities, 2) &&
    isPacked(weights, 4), "a table a bucket for its text");
}

type Members = { readonly [key: string]: ExactJson };

function membersOf(
  json: ExactJson | undefined,
  what: string,
  known: readonly string[],
  optional: readonly string[] = [],
): Members {
  const isObject = typeof json === "object" && json !== null && !Array.isArray(json);
  const keys = isObject ? Object.keys(json) : [];
  const isKnown = keys.every((key) => known.includes(key) || optional.includes(key));
  require(isObject && isKnown && known.every((key) => keys.includes(key)), `${what} with ${known.join(", ")}`);
  return json as Members;
}

function listOf(json: ExactJson | undefined, what: string): readonly ExactJson[] {
  require(Array.isArray(json), `a list of ${what}`);
  return json as readonly ExactJson[];
}

function requireNames(items: readonly Members[], what: string): void {
  const names = items.map(({ name }) => name);
  const areNames = names.every((name) => typeof name === "string" && name.isWellFormed());
  require(areNames && new Set(names).size === names.length, `names of ${what}, each once`);
}

function isWithin(value: unknown, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
}

function require(holds: boolean, what: string): void {
  if (!holds) throw new RangeError(`a prior has ${what}`);
}
