/**
 * Counts the characters of a text by kind, in one pass. Kinds follow from Unicode properties, which are looked up once for
 * each character of the basic plane and cached in 16 bits.
 * @module
 */

export interface TextCounts {
  readonly words: number;
  readonly digits: number;
  readonly capitals: number;
  /** Characters other than letters, numbers and spaces. */
  readonly punctuation: number;
  readonly questions: number;
  /** Letters, of any script. */
  readonly letters: number;
  /** Characters by script, at the position of the script in {@link SCRIPTS}. */
  readonly scripts: readonly number[];
}

/** The two Japanese scripts other than Han count as one. */
export const SCRIPTS: readonly RegExp[] = [
  /\p{Script=Latin}/u,
  /\p{Script=Cyrillic}/u,
  /\p{Script=Greek}/u,
  /\p{Script=Arabic}/u,
  /\p{Script=Hebrew}/u,
  /\p{Script=Devanagari}/u,
  /\p{Script=Han}/u,
  /[\p{Script=Hiragana}\p{Script=Katakana}]/u,
  /\p{Script=Hangul}/u,
  /\p{Script=Thai}/u,
];

/** The lowest four bits are the number of the script, from 1; 0 for any other script. */
const SCRIPT = 0x0f;
const SPACE = 0x10;
const DIGIT = 0x20;
const CAPITAL = 0x40;
const PUNCTUATION = 0x80;
const QUESTION = 0x100;
const LETTER = 0x200;
const KNOWN = 0x8000;
const BASIC_PLANE = 0x1_0000;

/** By character of the basic plane; 0 until the character is first seen. */
const KINDS = new Uint16Array(BASIC_PLANE);

/**
 * @example
 * ```ts
 * const { words, digits, questions } = textCounts("Why is 6 afraid of 7?");
 * [words, digits, questions]; // [6, 2, 1]
 * ```
 */
export function textCounts(text: string): TextCounts {
  const scripts: number[] = Array.from({ length: SCRIPTS.length + 1 }, () => 0);
  let [words, digits, capitals, punctuation, questions, letters] = [0, 0, 0, 0, 0, 0];
  let isInWord = false;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    let kind = KINDS[unit] as number;
    if (isSurrogate(unit)) {
      const point = text.codePointAt(at) as number;
      if (point >= BASIC_PLANE) at += 1;
      kind = kindOf(point);
    } else if (kind === 0) {
      kind = kindOf(unit);
      KINDS[unit] = kind;
    }
    const isSpace = (kind & SPACE) !== 0;
    if (!isSpace && !isInWord) words += 1;
    isInWord = !isSpace;
    if ((kind & DIGIT) !== 0) digits += 1;
    if ((kind & CAPITAL) !== 0) capitals += 1;
    if ((kind & PUNCTUATION) !== 0) punctuation += 1;
    if ((kind & QUESTION) !== 0) questions += 1;
    if ((kind & LETTER) !== 0) letters += 1;
    scripts[kind & SCRIPT] = (scripts[kind & SCRIPT] as number) + 1;
  }
  return { words, digits, capitals, punctuation, questions, letters, scripts: scripts.slice(1) };
}

function isSurrogate(unit: number): boolean {
  return (unit & 0xf800) === 0xd800;
}

function kindOf(point: number): number {
  const character = String.fromCodePoint(point);
  const has = (pattern: RegExp, bit: number): number => (pattern.test(character) ? bit : 0);
  const script = SCRIPTS.findIndex((pattern) => pattern.test(character)) + 1;
  return (
    KNOWN |
    script |
    has(/\s/, SPACE) |
    has(/\d/, DIGIT) |
    has(/\p{Lu}/u, CAPITAL) |
    has(/[^\p{L}\p{N}\s]/u, PUNCTUATION) |
    has(/[?？؟]/, QUESTION) |
    has(/\p{L}/u, LETTER)
  );
}
