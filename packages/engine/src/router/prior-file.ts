/**
 * Reads a prior from a file: parses it, checks every index, and verifies its digest. A prior that could go out of bounds on
 * any input is refused here, so that evaluation needs no checks.
 *
 * The digest is SHA-256 over canonical bytes under the tag `calypri1`. It does not cover `about`, which is a remark.
 * @module
 */
import { createHash } from "node:crypto";
import { ByteWriter, toUtf8 } from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";
import { Mistakes, showValue } from "../intake/mistakes.ts";
import type { LinearHead, Prior, TreesHead } from "./prior.ts";
import { checkPrior, formatOf, type PriorFile, type TreesFile } from "./prior-shape.ts";
import { type PriorText, scoreTextBuckets, TEXT_RARITY_MAX, TEXT_WEIGHT_MAX, textScratch } from "./prior-text.ts";
import type { ShapeTrees } from "./text-shapes.ts";

export { formatOf, PRIOR_FORMAT, type PriorFile, type SuccessFile, type TreesFile } from "./prior-shape.ts";

/**
 * Reads a prior.
 *
 * @param value - the parsed JSON of a file written by `calybris train`.
 * @param file - its name in error messages.
 * @param options - a prior that was just fitted has no digest to check yet.
 * @throws {@link CalybrisError} `CAL_PRIOR_INVALID` with every mistake, or with the digest that does not match.
 */
export function loadPrior(
  value: unknown,
  file?: string,
  options: { readonly isDigestChecked: boolean } = { isDigestChecked: true },
): Prior {
  const mistakes = new Mistakes();
  checkPrior(value, mistakes);
  refuseMistakes(mistakes, file);
  const { format, digest, features, categories, categoryOtherBps, head, text, success, boundariesBps } =
    value as PriorFile;
  const prior: Prior = {
    digestHex: "",
    featureNames: features.map(({ name }) => name),
    centers: Int32Array.from(features, ({ center }) => center),
    spreads: Int32Array.from(features, ({ spread }) => spread),
    categoryIndexes: new Map(categories.map(({ name }, index) => [name, index])),
    categoryBps: Int32Array.from([...categories.map(({ gainBps }) => gainBps), categoryOtherBps]),
    head: readHead(head),
    text: text === undefined ? undefined : readText(text, mistakes),
    success: (success ?? []).map(({ interceptMillibps, weightsMillibps, categoriesBps, gainThousandths }) => ({
      interceptMillibps,
      gainThousandths,
      weightsMillibps: Int32Array.from(weightsMillibps),
      categoriesBps: Int32Array.from(categoriesBps),
    })),
    boundariesBps: Int32Array.from(boundariesBps),
  };
  refuseMistakes(mistakes, file);
  const digestHex = priorDigestHex(prior, format);
  if (options.isDigestChecked && digestHex !== digest) {
    const problem = `is ${showValue(digest)}, but the content has ${digestHex}`;
    mistakes.add(["digest"], problem, "Use the file as `calybris train` wrote it, or train again.");
    refuseMistakes(mistakes, file);
  }
  return { ...prior, digestHex };
}

/**
 * The gain predicted from a text, in bps; 0 if the prior reads no text. At most 8,192 characters are read. Does not
 * allocate.
 */
export function scoreText(prior: Prior, text: string): number {
  return prior.text === undefined ? 0 : scoreTextBuckets(prior.text, text);
}

/** SHA-256 over the canonical bytes of a prior: 64 hexadecimal digits. */
export function priorDigestHex(
  prior: Prior,
  format: number = formatOf(prior.success.length > 0, prior.text?.shapes !== undefined),
): string {
  return createHash("sha256").update(priorBytes(prior, format)).digest("hex");
}

/** `calypri1`: every field used in an evaluation, with a u32 length before each list. */
function priorBytes(prior: Prior, format: number): Uint8Array {
  const names = [...prior.featureNames, ...prior.categoryIndexes.keys()].map(toUtf8);
  const lists: ArrayLike<number>[] = [prior.centers, prior.spreads, prior.categoryBps, prior.boundariesBps];
  const { head, text } = prior;
  if (head.kind === "linear") lists.push(head.weightsMillibps);
  else lists.push(...treeLists(head));
  if (text !== undefined) lists.push(text.rarities, text.weights);
  if (text?.shapes !== undefined) lists.push(...treeLists(text.shapes));
  for (const { interceptMillibps, weightsMillibps, categoriesBps, gainThousandths } of prior.success)
    lists.push([interceptMillibps, gainThousandths], weightsMillibps, categoriesBps);
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

function treeLists({ roots, nodeFeature, nodeThreshold, nodeLeft, leafMillibps }: ShapeTrees): ArrayLike<number>[] {
  return [roots, nodeFeature, nodeThreshold, nodeLeft, leafMillibps];
}

function readHead(head: PriorFile["head"]): LinearHead | TreesHead {
  const { interceptMillibps } = head;
  if (head.kind === "linear")
    return { kind: "linear", interceptMillibps, weightsMillibps: Int32Array.from(head.weightsMillibps) };
  return { kind: "trees", interceptMillibps, ...readTrees(head) };
}

function readTrees({ roots, nodeFeature, nodeThreshold, nodeLeft, leafMillibps }: TreesFile): ShapeTrees {
  return {
    roots: Int32Array.from(roots),
    nodeFeature: Int16Array.from(nodeFeature),
    nodeThreshold: Int32Array.from(nodeThreshold),
    nodeLeft: Int32Array.from(nodeLeft),
    leafMillibps: Int32Array.from(leafMillibps),
  };
}

function readText({ buckets, rarities, weights, shapes }: PriorFile["text"] & object, mistakes: Mistakes): PriorText {
  const [rarityBytes, weightBytes] = [
    unpacked(rarities, "rarities", buckets * 2, mistakes),
    unpacked(weights, "weights", buckets * 4, mistakes),
  ];
  const read = {
    rarities: Uint16Array.from({ length: buckets }, (_, at) => rarityBytes.readUInt16LE(at * 2)),
    weights: Int32Array.from({ length: buckets }, (_, at) => weightBytes.readInt32LE(at * 4)),
  };
  requireRange(read.rarities, "rarities", 0, TEXT_RARITY_MAX, mistakes);
  requireRange(read.weights, "weights", -TEXT_WEIGHT_MAX, TEXT_WEIGHT_MAX, mistakes);
  return { ...read, shapes: shapes === undefined ? undefined : readTrees(shapes), scratch: textScratch(buckets) };
}

/** The bytes of a base64 text; zeros if it is invalid or not of the required length. */
function unpacked(text: string, key: string, byteCount: number, mistakes: Mistakes): Buffer {
  const bytes = Buffer.from(text, "base64");
  if (bytes.length === byteCount && bytes.toString("base64") === text) return bytes;
  mistakes.add(["text", key], "is not base64 of one integer a bucket", `Write base64 of ${byteCount} bytes.`);
  return Buffer.alloc(byteCount);
}

function requireRange(
  integers: Uint16Array | Int32Array,
  key: string,
  min: number,
  max: number,
  mistakes: Mistakes,
): void {
  const bad = integers.findIndex((integer) => integer < min || integer > max);
  if (bad !== -1) mistakes.add(["text", key, bad], `is ${integers[bad]}`, `Write ${min} to ${max}.`);
}

function refuseMistakes(mistakes: Mistakes, file: string | undefined): void {
  if (mistakes.isEmpty) return;
  throw new EngineError("CAL_PRIOR_INVALID", { mistakes: mistakes.list, ...(file === undefined ? {} : { file }) });
}
