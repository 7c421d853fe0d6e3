/**
 * Text scoring in integers: words and pairs of words are hashed into buckets, each with a rarity and a weight. The text is
 * read in place, and nothing of it is kept.
 *
 * A word is a run of letters, digits and underscores, lower-cased, with all digits alike. A letter beyond Latin-1 is a word
 * by itself, and so is every other sign. Pairs are of neighbouring words. The score is the cosine-normalised sum
 * Σ q·w / √(Σ q²), where q is a bucket's damped count times its rarity. The shape of the text may add to it.
 * @module
 */
import { scoreShapes, SHAPE_COUNT, type ShapeTrees, shapesOf, TEXT_READ_MAX_CHARACTERS } from "./text-shapes.ts";

/** Weights are in sixteenths of a bps. */
export const TEXT_WEIGHT_UNIT = 16;
export const TEXT_WEIGHT_MAX: number = 2 ** 19;
/** Rarities are in 1/64. */
export const TEXT_RARITY_UNIT = 64;
export const TEXT_RARITY_MAX = 1_023;
export const TEXT_BUCKETS_MAX: number = 2 ** 18;
const TEXT_SCORE_MAX_BPS = 20_000;

/** Damped counts: 64·(1 + ln n) for n = 1..15. Higher counts are treated as 15. */
const DAMPED = Int32Array.of(0, 64, 108, 134, 153, 167, 179, 189, 197, 205, 211, 217, 223, 228, 233, 237);
const COUNT_MAX = 15;

export interface PriorText {
  /** One per bucket. Their number is a power of two. */
  readonly rarities: Uint16Array;
  readonly weights: Int32Array;
  /** The trees over the text's shape; `undefined` if only words count. */
  readonly shapes: ShapeTrees | undefined;
  readonly scratch: TextScratch;
}

/** Bucket counts and the list of hit buckets, reused between texts. */
export interface TextScratch {
  readonly counts: Uint8Array;
  readonly touched: Int32Array;
  readonly shapes: Int32Array;
}

export function textScratch(bucketCount: number): TextScratch {
  return {
    counts: new Uint8Array(bucketCount),
    touched: new Int32Array(Math.min(bucketCount, 2 * TEXT_READ_MAX_CHARACTERS)),
    shapes: new Int32Array(SHAPE_COUNT),
  };
}

const CLASS_GAP = 0;
const CLASS_SIGN = 1;
const CLASS_WORD = 2;
const CLASS_ALONE = 3;
const CLASSES = Uint8Array.from({ length: 256 }, (_, code) => classOf(code));
/** Normalises a character: lower case, all digits alike. */
const FOLDED = Uint8Array.from({ length: 256 }, (_, code) => {
  if (code >= 0x30 && code <= 0x39) return 0x30;
  return code >= 0x41 && code <= 0x5a ? code + 0x20 : code;
});

function classOf(code: number): number {
  if (code <= 0x20 || code === 0x7f || (code >= 0x80 && code <= 0xa0)) return CLASS_GAP;
  const isWord =
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x61 && code <= 0x7a) ||
    code === 0x5f ||
    code >= 0xc0;
  return isWord ? CLASS_WORD : CLASS_SIGN;
}

const HASH_START = 0x811c9dc5 | 0;
const HASH_PRIME = 0x01000193;

/**
 * Counts the buckets that a text hits into `scratch`; returns the number of distinct buckets. They are in `scratch.touched`,
 * in the order of their first hit. The caller must call {@link clearCounts} afterwards.
 */
export function countBuckets(text: string, scratch: TextScratch): number {
  const { counts, touched } = scratch;
  const mask = counts.length - 1;
  const end = text.length < TEXT_READ_MAX_CHARACTERS ? text.length : TEXT_READ_MAX_CHARACTERS;
  let found = 0;
  let word = 0;
  let before = 0;
  for (let at = 0; at <= end; at += 1) {
    const code = at < end ? text.charCodeAt(at) : 0;
    const kind = code < 256 ? (CLASSES[code] as number) : CLASS_ALONE;
    if (kind === CLASS_WORD) {
      word = Math.imul((word === 0 ? HASH_START : word) ^ (FOLDED[code] as number), HASH_PRIME);
      continue;
    }
    // First the word that ended here, then the sign or letter that ended it.
    if (word !== 0) {
      found = hit(spread(word) & mask, counts, touched, found);
      if (before !== 0) found = hit(pairOf(before, word) & mask, counts, touched, found);
      before = word;
      word = 0;
    }
    if (kind === CLASS_GAP) continue;
    const sign = Math.imul(HASH_START ^ code, HASH_PRIME) ^ (code << 8);
    found = hit(spread(sign) & mask, counts, touched, found);
    // A sign is counted, but does not interrupt a pair of words.
    if (kind === CLASS_SIGN) continue;
    if (before !== 0) found = hit(pairOf(before, sign) & mask, counts, touched, found);
    before = sign;
  }
  return found;
}

function pairOf(before: number, after: number): number {
  return spread(Math.imul(before, 0x9e3779b1 | 0) ^ Math.imul(after, 0x85ebca6b | 0));
}

/** Prepares the scratch space for the next text. */
export function clearCounts(scratch: TextScratch, found: number): void {
  for (let at = 0; at < found; at += 1) scratch.counts[scratch.touched[at] ?? 0] = 0;
}

/** The damped count of a bucket, before its rarity. */
export function dampedCount(count: number): number {
  return DAMPED[count] ?? 0;
}

/** The gain predicted from a text, in bps; 0 for an empty text. Does not allocate. */
export function scoreTextBuckets(reader: PriorText, text: string): number {
  const { shapes, scratch } = reader;
  const wordsBps = scoreWords(reader, text);
  if (shapes === undefined || text === "") return wordsBps;
  shapesOf(text, scratch.shapes);
  return withinScore(wordsBps + scoreShapes(shapes, scratch.shapes));
}

/** 0 for a text without a known word. */
function scoreWords({ rarities, weights, scratch }: PriorText, text: string): number {
  const found = countBuckets(text, scratch);
  const { counts, touched } = scratch;
  let sum = 0;
  let squares = 0;
  for (let at = 0; at < found; at += 1) {
    const bucket = touched[at] as number;
    const share = (DAMPED[counts[bucket] as number] as number) * (rarities[bucket] as number);
    counts[bucket] = 0;
    sum += share * (weights[bucket] as number);
    squares += share * share;
  }
  return squares === 0 ? 0 : withinScore(Math.floor(sum / Math.floor(Math.sqrt(squares)) / TEXT_WEIGHT_UNIT));
}

function withinScore(bps: number): number {
  return bps > TEXT_SCORE_MAX_BPS ? TEXT_SCORE_MAX_BPS : bps < -TEXT_SCORE_MAX_BPS ? -TEXT_SCORE_MAX_BPS : bps;
}

function hit(bucket: number, counts: Uint8Array, touched: Int32Array, found: number): number {
  const count = counts[bucket] as number;
  if (count === 0) {
    touched[found] = bucket;
    counts[bucket] = 1;
    return found + 1;
  }
  if (count < COUNT_MAX) counts[bucket] = count + 1;
  return found;
}

/** The low bits of a product depend only on low bits; this mixes in the others. */
function spread(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x7feb352d);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0x846ca68b | 0);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
