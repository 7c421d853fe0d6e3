/**
 * The schema of a prior file, and the checks beyond the schema. A file without mistakes can be evaluated on any input
 * without going out of bounds.
 * @module
 */
import { FEATURE_MISSING, TIER_COUNT_MAX } from "@calybris/kernel";
import { z } from "zod";
import { checkShape } from "../intake/check-shape.ts";
import { membersOf } from "../intake/members.ts";
import type { Mistakes } from "../intake/mistakes.ts";
import { field, oneOf, whole } from "../intake/shape.ts";
import { GAIN_MAX_BPS, PRIOR_LIMITS, REGIME_COUNT } from "./prior.ts";
import { TEXT_BUCKETS_MAX } from "./prior-text.ts";
import { SHAPE_COUNT } from "./text-shapes.ts";

export const PRIOR_FORMAT = 1;
/** The format of a file with success heads. */
const PRIOR_FORMAT_SUCCESS = 2;
/** The format of a file that uses the shape of a text; success heads are optional. */
const PRIOR_FORMAT_SHAPES = 3;

const CONTENT_BY_FORMAT = [
  "the file has no `success`",
  "the file has a `success`",
  "the file has `shapes` in its text",
];

/** Each file has exactly one valid format, and so exactly one digest. */
export function formatOf(hasSuccess: boolean, hasShapes: boolean): number {
  if (hasShapes) return PRIOR_FORMAT_SHAPES;
  return hasSuccess ? PRIOR_FORMAT_SUCCESS : PRIOR_FORMAT;
}

/** The content of a prior file. Arrays of a text are base64 of little-endian integers. */
export interface PriorFile {
  readonly format: number;
  readonly digest: string;
  readonly about?: string;
  readonly features: readonly { readonly name: string; readonly center: number; readonly spread: number }[];
  readonly categories: readonly { readonly name: string; readonly gainBps: number }[];
  readonly categoryOtherBps: number;
  readonly head:
    | { readonly kind: "linear"; readonly interceptMillibps: number; readonly weightsMillibps: readonly number[] }
    | ({ readonly kind: "trees"; readonly interceptMillibps: number } & TreesFile);
  readonly text?: {
    readonly buckets: number;
    readonly rarities: string;
    readonly weights: string;
    /** In format 3. */
    readonly shapes?: TreesFile;
  };
  /** From format 2 on: one head for the level, or one per tier. */
  readonly success?: readonly SuccessFile[];
  readonly boundariesBps: readonly number[];
}

/** Nodes of trees, in flat arrays. */
export interface TreesFile {
  readonly roots: readonly number[];
  readonly nodeFeature: readonly number[];
  readonly nodeThreshold: readonly number[];
  readonly nodeLeft: readonly number[];
  readonly leafMillibps: readonly number[];
}

/** A head of success. */
export interface SuccessFile {
  readonly interceptMillibps: number;
  readonly weightsMillibps: readonly number[];
  /** One per category; the last is for other categories. */
  readonly categoriesBps: readonly number[];
  /** The share of the gain that is added, in thousandths. */
  readonly gainThousandths: number;
}

const I32_MAX = 2_147_483_647;
const GAIN_THOUSANDTHS_MAX = 10_000;
const NAME_CHARACTERS_MAX = 128;

/** Adds all mistakes of a file, except those of its digest. */
export function checkPrior(value: unknown, mistakes: Mistakes): void {
  checkShape(priorFileSchema, value, mistakes);
  const head = membersOf(value)["head"];
  checkShape(membersOf(head)["kind"] === "trees" ? treesSchema : linearSchema, head, mistakes, ["head"]);
  if (mistakes.isEmpty) checkMeaning(value as PriorFile, mistakes);
}

/** Text without lone surrogates; otherwise any text, because category names come from data. */
function words(charactersMax: number): z.ZodType {
  const accepts = (value: unknown): boolean =>
    typeof value === "string" && value.length <= charactersMax && value.isWellFormed();
  return field(accepts, `text of at most ${charactersMax} characters`, { type: "string", maxLength: charactersMax });
}

const name = words(NAME_CHARACTERS_MAX);
const integer = whole(-I32_MAX - 1, I32_MAX, "of 32 bits");
const weight = whole(-I32_MAX, I32_MAX, "in thousandths of a bps");
const categoryGain = whole(-2 * GAIN_MAX_BPS, 2 * GAIN_MAX_BPS, "what a category adds, in bps");
const nodes = z.array(integer).max(PRIOR_LIMITS.nodes);
const trees = {
  roots: z.array(integer).max(PRIOR_LIMITS.trees),
  nodeFeature: nodes,
  nodeThreshold: nodes,
  nodeLeft: nodes,
  leafMillibps: nodes,
};
const base64 = field((value) => typeof value === "string", "base64 of one integer a bucket", { type: "string" });

const priorFileSchema: z.ZodType = z.strictObject({
  format: whole(1, PRIOR_FORMAT_SHAPES, "the format of the file"),
  digest: words(64),
  about: words(4_096).optional(),
  features: z
    .array(
      z.strictObject({
        name,
        center: whole(FEATURE_MISSING + 1, I32_MAX, "usual value"),
        spread: whole(1, I32_MAX, "how far it usually strays"),
      }),
    )
    .max(PRIOR_LIMITS.features),
  categories: z.array(z.strictObject({ name, gainBps: categoryGain })).max(PRIOR_LIMITS.categories),
  categoryOtherBps: categoryGain,
  // `kind` determines which of the two it is.
  head: z.any(),
  text: z
    .strictObject({
      buckets: field((value) => isBucketCount(value), `a power of two from 2 to ${TEXT_BUCKETS_MAX}`, {
        type: "integer",
      }),
      rarities: base64,
      weights: base64,
      shapes: z.strictObject(trees).optional(),
    })
    .optional(),
  success: z
    .array(
      z.strictObject({
        interceptMillibps: weight,
        weightsMillibps: z.array(weight).max(PRIOR_LIMITS.features),
        categoriesBps: z.array(categoryGain).max(PRIOR_LIMITS.categories + 1),
        gainThousandths: whole(-GAIN_THOUSANDTHS_MAX, GAIN_THOUSANDTHS_MAX, "what the gain adds, in thousandths of it"),
      }),
    )
    .min(1)
    .max(TIER_COUNT_MAX)
    .optional(),
  boundariesBps: z
    .array(whole(-GAIN_MAX_BPS, GAIN_MAX_BPS + 1, "the gain at which the next regime begins"))
    .min(REGIME_COUNT - 1)
    .max(REGIME_COUNT - 1),
});

const kind = oneOf(["linear", "trees"], "how gain is computed");
const linearSchema: z.ZodType = z.strictObject({
  kind,
  interceptMillibps: weight,
  weightsMillibps: z.array(weight).max(PRIOR_LIMITS.features),
});
const treesSchema: z.ZodType = z.strictObject({ kind, interceptMillibps: weight, ...trees });

function isBucketCount(value: unknown): boolean {
  const count = Number.isInteger(value) ? (value as number) : 0;
  return count >= 2 && count <= TEXT_BUCKETS_MAX && (count & (count - 1)) === 0;
}

function checkMeaning(file: PriorFile, mistakes: Mistakes): void {
  const { features, categories, head, text, boundariesBps } = file;
  checkSuccess(file, mistakes);
  if (text?.shapes !== undefined) checkTrees(text.shapes, SHAPE_COUNT - 1, ["text", "shapes"], mistakes);
  for (const [key, named] of Object.entries({ features, categories }))
    if (new Set(named.map((each) => each.name)).size < named.length)
      mistakes.add([key], "have a duplicate name", "Give each a unique name.");
  if (boundariesBps.some((gain, at) => gain < (boundariesBps[at - 1] ?? gain)))
    mistakes.add(["boundariesBps"], "do not ascend", "Order them from the least to the greatest.");
  // The category and the text come after the features.
  if (head.kind === "trees") checkTrees(head, features.length + 1, ["head"], mistakes);
  else if (head.weightsMillibps.length !== features.length)
    mistakes.add(
      ["head", "weightsMillibps"],
      `hold ${head.weightsMillibps.length} weights`,
      `Write one for each of the ${features.length} features.`,
    );
}

function checkSuccess({ format, text, success, features, categories }: PriorFile, mistakes: Mistakes): void {
  const wanted = formatOf(success !== undefined, text?.shapes !== undefined);
  if (format !== wanted) mistakes.add(["format"], `is ${format}`, `Write ${wanted}: ${CONTENT_BY_FORMAT[wanted - 1]}.`);
  for (const [at, { weightsMillibps, categoriesBps }] of (success ?? []).entries()) {
    if (weightsMillibps.length !== features.length)
      mistakes.add(
        ["success", at, "weightsMillibps"],
        `hold ${weightsMillibps.length} weights`,
        `Write one for each of the ${features.length} features.`,
      );
    if (categoriesBps.length !== categories.length + 1)
      mistakes.add(
        ["success", at, "categoriesBps"],
        `hold ${categoriesBps.length} values`,
        `Write one for each of the ${categories.length} categories, and one for others.`,
      );
  }
}

function checkTrees(
  { roots, nodeFeature, nodeThreshold, nodeLeft, leafMillibps }: TreesFile,
  featureMax: number,
  path: readonly string[],
  mistakes: Mistakes,
): void {
  const count = nodeFeature.length;
  if (nodeThreshold.length !== count || nodeLeft.length !== count || leafMillibps.length !== count)
    mistakes.add(
      path,
      "has lists of nodes of unequal length",
      "Write feature, threshold, left and leaf for each node.",
    );
  if (roots.some((root) => root < 0 || root >= count))
    mistakes.add([...path, "roots"], "name a node that is not there", "Name nodes from 0.");
  for (const [at, feature] of nodeFeature.entries()) {
    if (mistakes.isFull) return;
    // A child comes after its parent, so that every walk ends.
    const left = nodeLeft[at] ?? 0;
    if (feature < -1 || feature > featureMax)
      mistakes.add([...path, "nodeFeature", at], `is ${feature}`, `Write −1 for a leaf, or up to ${featureMax}.`);
    else if (feature >= 0 && (left <= at || left + 1 >= count))
      mistakes.add([...path, "nodeLeft", at], `is ${left}`, "Both children must come after their parent.");
  }
}
