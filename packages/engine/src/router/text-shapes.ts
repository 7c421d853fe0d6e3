/**
 * The shape of a text as thirteen integers: its length, and its amounts of digits, capitals, signs and lines. Trees over
 * them compute the shape's contribution to the gain.
 *
 * Counts are logarithms, so that a threshold means the same proportion in a short and in a long text: 64 · log2(1 + n), with
 * linear interpolation between powers of two. Nothing is allocated.
 * @module
 */

/** Maximum number of characters read: a request's topic appears early, and scoring time stays bounded. */
export const TEXT_READ_MAX_CHARACTERS = 8_192;

/**
 * Names, in the order of the integers. The mean word length is in 64ths of a character; all others are logarithms of counts.
 */
export const SHAPE_NAMES = [
  "characters",
  "words",
  "lines",
  "digits",
  "capitals",
  "points",
  "question marks",
  "brackets",
  "mathematical signs",
  "quotation marks",
  "letters beyond ASCII",
  "longest word",
  "mean word length",
] as const;
export const SHAPE_COUNT: number = SHAPE_NAMES.length;

/** Trees over the shape, as flat arrays of nodes: a leaf has feature −1, and a node's right child follows its left one. */
export interface ShapeTrees {
  readonly roots: Int32Array;
  /** Index of a shape. */
  readonly nodeFeature: Int16Array;
  /** Values up to this go left. */
  readonly nodeThreshold: Int32Array;
  readonly nodeLeft: Int32Array;
  readonly leafMillibps: Int32Array;
}

const UNIT = 64;
const THOUSANDTHS = 1_000;

/** Classes of characters; those up to {@link BEYOND} are parts of words. */
const SMALL = 0;
const DIGIT = 1;
const CAPITAL = 2;
const BEYOND = 3;
const OTHER = 4;
const LINE = 5;
const POINT = 6;
const QUESTION = 7;
const BRACKET = 8;
const MATHEMATICAL = 9;
const QUOTATION = 10;
const CLASSES = Uint8Array.from({ length: 256 }, (_, code) => classOf(String.fromCharCode(code)));
const counts = new Int32Array(QUOTATION + 1);

function classOf(character: string): number {
  if (/[a-z_]/.test(character)) return SMALL;
  if (/[0-9]/.test(character)) return DIGIT;
  if (/[A-Z]/.test(character)) return CAPITAL;
  if (character >= "\u00c0") return BEYOND;
  if (character === "\n") return LINE;
  if (",.!:".includes(character)) return POINT;
  if (character === "?") return QUESTION;
  if ("()[]{};".includes(character)) return BRACKET;
  if ("+-*/=^$%<>\\".includes(character)) return MATHEMATICAL;
  return "\"'`".includes(character) ? QUOTATION : OTHER;
}

/** Writes the shape of a text. At most 8,192 characters are read. */
export function shapesOf(text: string, out: Int32Array): void {
  counts.fill(0);
  const end = text.length < TEXT_READ_MAX_CHARACTERS ? text.length : TEXT_READ_MAX_CHARACTERS;
  let [words, longest, inWords, run] = [0, 0, 0, 0];
  for (let at = 0; at < end; at += 1) {
    const code = text.charCodeAt(at);
    const kind = code < 256 ? (CLASSES[code] as number) : BEYOND;
    counts[kind] = (counts[kind] as number) + 1;
    if (kind <= BEYOND) run += 1;
    else if (run > 0) {
      words += 1;
      inWords += run;
      if (run > longest) longest = run;
      run = 0;
    }
  }
  if (run > 0) {
    words += 1;
    inWords += run;
    if (run > longest) longest = run;
  }
  out[0] = logarithm(end);
  out[1] = logarithm(words);
  out[2] = logarithm((counts[LINE] as number) + 1);
  out[3] = logarithm(counts[DIGIT] as number);
  out[4] = logarithm(counts[CAPITAL] as number);
  out[5] = logarithm(counts[POINT] as number);
  out[6] = logarithm(counts[QUESTION] as number);
  out[7] = logarithm(counts[BRACKET] as number);
  out[8] = logarithm(counts[MATHEMATICAL] as number);
  out[9] = logarithm(counts[QUOTATION] as number);
  out[10] = logarithm(counts[BEYOND] as number);
  out[11] = logarithm(longest);
  out[12] = words === 0 ? 0 : Math.floor((UNIT * inWords) / words);
}

/** 64 · log2(1 + n) for n from 0 to 8,192, rounded down, with linear interpolation between powers of two. */
function logarithm(n: number): number {
  const power = 31 - Math.clz32(n + 1);
  return UNIT * (power - 1) + ((UNIT * (n + 1)) >> power);
}

/** The shape's contribution, in bps. */
export function scoreShapes(trees: ShapeTrees, shapes: Int32Array): number {
  const { roots, nodeFeature, nodeThreshold, nodeLeft, leafMillibps } = trees;
  let sum = 0;
  for (let tree = 0; tree < roots.length; tree += 1) {
    let node = roots[tree] as number;
    for (let feature = nodeFeature[node] as number; feature >= 0; feature = nodeFeature[node] as number)
      node = (nodeLeft[node] as number) + ((shapes[feature] as number) <= (nodeThreshold[node] as number) ? 0 : 1);
    sum += leafMillibps[node] as number;
  }
  return Math.floor(sum / THOUSANDTHS);
}
