/**
 * A prior as a file: read, checked to the last index, and held to its digest. What cannot be evaluated in bounds on any
 * input is refused here, so that evaluating checks nothing.
 *
 * The digest is SHA-256 over canonical bytes under the tag `calypri1`; `about` is a remark and not part of it.
 * @module
 */
import { createHash } from "node:crypto";
import { ByteWriter, CalybrisError, type Mistake, toUtf8, FEATURE_MISSING } from "@calybris/kernel";
import { GAIN_MAX_BPS, type LinearHead, PRIOR_LIMITS, type Prior, REGIME_COUNT, type TreesHead } from "./prior.ts";
import {
  type PriorText,
  scoreTextBuckets,
  TEXT_BUCKETS_MAX,
  TEXT_RARITY_MAX,
  TEXT_WEIGHT_MAX,
  textScratch,
} from "./prior-text.ts";
import { PriorReader } from "./prior-reader.ts";

export const PRIOR_FORMAT = 1;

/** What the file holds. Arrays of a text are base64 of little-endian integers. */
export interface PriorFile {
  readonly format: number;
  readonly digest: string;
  readonly about?: string;
  readonly features: readonly { readonly name: string; readonly center: number; readonly spread: number }[];
  readonly categories: readonly { readonly name: string; readonly gainBps: number }[];
  readonly categoryOtherBps: number;
  readonly head:
    | { readonly kind: "linear"; readonly interceptMillibps: number; readonly weightsMillibps: readonly number[] }
    | {
        readonly kind: "trees";
        readonly interceptMillibps: number;
        readonly roots: readonly number[];
        readonly nodeFeature: readonly number[];
        readonly nodeThreshold: readonly number[];
        readonly nodeLeft: readonly number[];
        readonly leafMillibps: readonly number[];
      };
  readonly text?: { readonly buckets: number; readonly rarities: string; readonly weights: string };
  readonly boundariesBps: readonly number[];
}

const I32_MAX = 2_147_483_647;

/**
 * Reads a prior.
 *
 * @param value - the parsed JSON of a file that `calybris train` wrote.
 * @param file - what it is called in an error.
 * @param options - whoever has just fitted a prior has its digest yet to find.
 * @throws {@link CalybrisError} `CAL_PRIOR_INVALID` with every mistake, or with the digest that does not match.
 */
export function loadPrior(
  value: unknown,
  file?: string,
  options: { readonly isDigestChecked: boolean } = { isDigestChecked: true },
): Prior {
  const reader = new PriorReader();
  const top = reader.members(value, "", KEYS, ["about", "text"]);
  const format = reader.whole(top["format"], "format", 1, PRIOR_FORMAT);
  reader.text(top["digest"], "digest", 64);
  if (top["about"] !== undefined) reader.text(top["about"], "about", 4_096);
  const features = reader.items(top["features"], "features", PRIOR_LIMITS.features).map((item, at) => {
    const members = reader.members(item, `features[${at}]`, ["name", "center", "spread"]);
    return {
      name: reader.text(members["name"], `features[${at}].name`, 128),
      center: reader.whole(members["center"], `features[${at}].center`, FEATURE_MISSING + 1, I32_MAX),
      spread: reader.whole(members["spread"], `features[${at}].spread`, 1, I32_MAX),
    };
  });
  reader.distinct(features, "features");
  const categories = reader.items(top["categories"], "categories", PRIOR_LIMITS.categories).map((item, at) => {
    const members = reader.members(item, `categories[${at}]`, ["name", "gainBps"]);
    return {
      name: reader.text(members["name"], `categories[${at}].name`, 128),
      gainBps: reader.whole(members["gainBps"], `categories[${at}].gainBps`, -2 * GAIN_MAX_BPS, 2 * GAIN_MAX_BPS),
    };
  });
  reader.distinct(categories, "categories");
  const other = reader.whole(top["categoryOtherBps"], "categoryOtherBps", -2 * GAIN_MAX_BPS, 2 * GAIN_MAX_BPS);
  const head = readHead(reader, top["head"], features.length);
  const text = top["text"] === undefined ? undefined : readText(reader, top["text"]);
  const boundaries = reader.integers(top["boundariesBps"], "boundariesBps", -GAIN_MAX_BPS, GAIN_MAX_BPS + 1);
  if (boundaries.length !== REGIME_COUNT - 1)
    reader.mistake("boundariesBps", `has ${boundaries.length} gains`, "Write 7 of them.");
  if (boundaries.some((gain, at) => gain < (boundaries[at - 1] ?? gain)))
    reader.mistake("boundariesBps", "do not ascend", "Order them from the least to the greatest.");
  if (reader.mistakes.length > 0) throw invalid(reader.mistakes, file);

  const prior: Prior = {
    digestHex: "",
    featureNames: features.map(({ name }) => name),
    centers: Int32Array.from(features, ({ center }) => center),
    spreads: Int32Array.from(features, ({ spread }) => spread),
    categoryIndexes: new Map(categories.map(({ name }, index) => [name, index])),
    categoryBps: Int32Array.from([...categories.map(({ gainBps }) => gainBps), other]),
    head,
    text,
    boundariesBps: Int32Array.from(boundaries),
  };
  const digestHex = priorDigestHex(prior, format);
  if (options.isDigestChecked && digestHex !== top["digest"]) {
    const remedy = "Use the file as `calybris train` wrote it, or train again.";
    throw invalid(
      [{ path: "digest", problem: `is ${String(top["digest"])}, but the content has ${digestHex}`, remedy }],
      file,
    );
  }
  return { ...prior, digestHex };
}

/** What a text foretells, in bps; 0 where the prior reads none. Texts are read up to 8,192 characters. Allocates nothing. */
export function scoreText(prior: Prior, text: string): number {
  return prior.text === undefined ? 0 : scoreTextBuckets(prior.text, text);
}

/** SHA-256 over the canonical bytes of a prior: 64 hexadecimal digits. */
export function priorDigestHex(prior: Prior, format: number = PRIOR_FORMAT): string {
  return createHash("sha256").update(priorBytes(prior, format)).digest("hex");
}

/** `calypri1`: every field that takes part in an evaluation, lengths as u32 before each list. */
function priorBytes(prior: Prior, format: number): Uint8Array {
  const names = [...prior.featureNames, ...prior.categoryIndexes.keys()].map(toUtf8);
  const lists: ArrayLike<number>[] = [prior.centers, prior.spreads, prior.categoryBps, prior.boundariesBps];
  const { head, text } = prior;
  if (head.kind === "linear") lists.push(head.weightsMillibps);
  else lists.push(head.roots, head.nodeFeature, head.nodeThreshold, head.nodeLeft, head.leafMillibps);
  if (text !== undefined) lists.push(text.rarities, text.weights);
  const capacity =
    64 +
    names.reduce((sum, name) => sum + 4 + name.length, 0) +
    lists.reduce((sum, list) => sum + 4 + 4 * list.length, 0);
  const writer = new ByteWriter(capacity).tag("calypri1").u32(format).u32(prior.featureNames.length);
  for (const name of names) writer.u32(name.length).raw(name);
  writer
    .u8(head.kind === "linear" ? 0 : 1)
    .u8(text === undefined ? 0 : 1)
    .u32(head.interceptMillibps >>> 0);
  for (const list of lists) {
    writer.u32(list.length);
    for (let at = 0; at < list.length; at += 1) writer.u32((list[at] ?? 0) >>> 0);
  }
  return writer.finish();
}

const KEYS = [
  "format",
  "digest",
  "about",
  "features",
  "categories",
  "categoryOtherBps",
  "head",
  "text",
  "boundariesBps",
];

function readHead(reader: PriorReader, value: unknown, featureCount: number): LinearHead | TreesHead {
  const kind = reader.kindOf(value, "head", ["linear", "trees"]);
  const intercept = (members: Readonly<Record<string, unknown>>): number =>
    reader.whole(members["interceptMillibps"], "head.interceptMillibps", -I32_MAX, I32_MAX);
  if (kind !== "trees") {
    const members = reader.members(value, "head", ["kind", "interceptMillibps", "weightsMillibps"]);
    const weights = reader.integers(members["weightsMillibps"], "head.weightsMillibps", -I32_MAX, I32_MAX);
    if (weights.length !== featureCount)
      reader.mistake(
        "head.weightsMillibps",
        `has ${weights.length} weights`,
        `Write one for each of the ${featureCount} features.`,
      );
    return { kind: "linear", interceptMillibps: intercept(members), weightsMillibps: Int32Array.from(weights) };
  }
  const lists = ["roots", "nodeFeature", "nodeThreshold", "nodeLeft", "leafMillibps"];
  const members = reader.members(value, "head", ["kind", "interceptMillibps", ...lists]);
  const list = (key: string): readonly number[] => reader.integers(members[key], `head.${key}`, -I32_MAX - 1, I32_MAX);
  const [roots, features, thresholds, lefts, leaves] = [
    list("roots"),
    list("nodeFeature"),
    list("nodeThreshold"),
    list("nodeLeft"),
    list("leafMillibps"),
  ];
  const count = features.length;
  if (roots.length > PRIOR_LIMITS.trees)
    reader.mistake("head.roots", `has ${roots.length} trees`, `At most ${PRIOR_LIMITS.trees} are read.`);
  if (count > PRIOR_LIMITS.nodes)
    reader.mistake("head.nodeFeature", `has ${count} nodes`, `At most ${PRIOR_LIMITS.nodes} are read.`);
  if (thresholds.length !== count || lefts.length !== count || leaves.length !== count)
    reader.mistake(
      "head",
      "has lists of nodes of unequal length",
      "Write feature, threshold, left and leaf for each node.",
    );
  if (roots.some((root) => root < 0 || root >= count))
    reader.mistake("head.roots", "name a node that is not there", "Name nodes from 0.");
  features.forEach((feature, at) => {
    // A child stands after its parent, so that every walk ends.
    const left = lefts[at] ?? 0;
    if (feature < -1 || feature > featureCount + 1)
      reader.mistake(`head.nodeFeature[${at}]`, `is ${feature}`, `Write −1 for a leaf, or up to ${featureCount + 1}.`);
    else if (feature >= 0 && (left <= at || left + 1 >= count))
      reader.mistake(`head.nodeLeft[${at}]`, `is ${left}`, "Both children stand after their parent.");
  });
  return {
    kind: "trees",
    interceptMillibps: intercept(members),
    roots: Int32Array.from(roots),
    nodeFeature: Int16Array.from(features),
    nodeThreshold: Int32Array.from(thresholds),
    nodeLeft: Int32Array.from(lefts),
    leafMillibps: Int32Array.from(leaves),
  };
}

function readText(reader: PriorReader, value: unknown): PriorText | undefined {
  const members = reader.members(value, "text", ["buckets", "rarities", "weights"]);
  const buckets = reader.whole(members["buckets"], "text.buckets", 2, TEXT_BUCKETS_MAX);
  if ((buckets & (buckets - 1)) !== 0) {
    reader.mistake("text.buckets", `is ${buckets}`, "Write a power of two.");
    return undefined;
  }
  const rarities = Uint16Array.from(
    reader.packed(members["rarities"], "text.rarities", buckets, 2, 0, TEXT_RARITY_MAX),
  );
  const weights = Int32Array.from(
    reader.packed(members["weights"], "text.weights", buckets, 4, -TEXT_WEIGHT_MAX, TEXT_WEIGHT_MAX),
  );
  return { rarities, weights, scratch: textScratch(buckets) };
}

function invalid(mistakes: readonly Mistake[], file: string | undefined): CalybrisError {
  return new CalybrisError("CAL_PRIOR_INVALID", { mistakes, ...(file === undefined ? {} : { file }) });
}
