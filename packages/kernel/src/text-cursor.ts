/**
 * Reads a text from left to right against expectations. After the first mismatch `holds` is false for good, and returned
 * values are meaningless, so that a reader can read to the end and check once.
 * @module
 */
import { I64_MAX, I64_MIN, U64_MAX } from "./units.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const SURROGATE_FIRST = 0xd800;
const SURROGATE_LAST = 0xdfff;
const MINUS = 0x2d;
const ZERO = 0x30;
const SMALL_A = 0x61;
const SMALL_Z = 0x7a;
/** Any integer of up to this many digits is an exact `number`. */
const SAFE_DIGITS = 15;
const DIGITS_MAX = 20;

export class TextCursor {
  readonly #text: string;
  #at: number;
  #holds = true;

  constructor(text: string, at: number) {
    this.#text = text;
    this.#at = at;
  }

  /** Whether every expectation so far was met. */
  get holds(): boolean {
    return this.#holds;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  /** Marks the text as unexpected. */
  refuse(): void {
    this.#holds = false;
  }

  /** Skips a literal if it comes next; returns whether it did. */
  skip(literal: string): boolean {
    if (!this.#text.startsWith(literal, this.#at)) return false;
    this.#at += literal.length;
    return true;
  }

  expect(literal: string): void {
    if (!this.skip(literal)) this.#holds = false;
  }

  /** A JSON integer from 0 to `max`, a safe integer. */
  number(max: number): number {
    const from = this.#at;
    const value = this.#digits();
    if (this.#at - from > SAFE_DIGITS || value > max) this.#holds = false;
    return value;
  }

  /** A JSON integer of at most `digitsMax` digits, rounded to the nearest `number`. */
  rounded(digitsMax: number): number {
    const from = this.#at;
    const value = this.#digits();
    if (this.#at - from > digitsMax) this.#holds = false;
    return value <= Number.MAX_SAFE_INTEGER ? value : Number(this.#text.slice(from, this.#at));
  }

  /** A JSON integer from `min` to `max`, both safe integers. */
  whole(min: number, max: number): number {
    const isNegative = this.#text.charCodeAt(this.#at) === MINUS;
    if (isNegative) this.#at += 1;
    const digits = this.#digits();
    const value = isNegative ? -digits : digits;
    // An integer with too many digits to be exact is beyond every safe integer.
    if (value < min || value > max || (isNegative && digits === 0)) this.#holds = false;
    return value;
  }

  /** One or more of a to z. */
  lowerCase(): string {
    const from = this.#at;
    let at = from;
    for (; ; at++) {
      const code = this.#text.charCodeAt(at);
      if (!(code >= SMALL_A && code <= SMALL_Z)) break;
    }
    if (at === from) this.#holds = false;
    this.#at = at;
    return this.#text.slice(from, at);
  }

  /** Whether the character `ahead` positions from here has this code. */
  has(code: number, ahead: number): boolean {
    return this.#text.charCodeAt(this.#at + ahead) === code;
  }

  /** An unsigned 64-bit integer. */
  unsigned(): bigint {
    const from = this.#at;
    const value = this.#digits();
    return this.#at - from <= SAFE_DIGITS ? BigInt(value) : this.#long(from, U64_MAX);
  }

  /** A signed 64-bit integer. */
  signed(): bigint {
    const isNegative = this.#text.charCodeAt(this.#at) === MINUS;
    if (isNegative) this.#at += 1;
    const from = this.#at;
    const value = this.#digits();
    if (isNegative && value === 0) this.#holds = false;
    if (this.#at - from <= SAFE_DIGITS) return BigInt(isNegative ? -value : value);
    return isNegative ? -this.#long(from, -I64_MIN) : this.#long(from, I64_MAX);
  }

  /**
   * The text after an opening quote; skips the closing one. Escapes and surrogates, so all characters beyond U+FFFF, are
   * unexpected.
   */
  text(): string {
    const from = this.#at;
    for (let at = from; ; at++) {
      const code = this.#text.charCodeAt(at);
      if (code === QUOTE) {
        this.#at = at + 1;
        return this.#text.slice(from, at);
      }
      // Past the end the code is NaN, which is not at least a space either.
      if (code === BACKSLASH || !(code >= SPACE) || (code >= SURROGATE_FIRST && code <= SURROGATE_LAST)) {
        this.#holds = false;
        return "";
      }
    }
  }

  /** The text before the next occurrence of a literal, which is not skipped. */
  until(literal: string): string {
    const end = this.#text.indexOf(literal, this.#at);
    if (end === -1) this.#holds = false;
    const found = this.#text.slice(this.#at, Math.max(end, this.#at));
    this.#at += found.length;
    return found;
  }

  /** The digits since a position as a `bigint`, if there are too many for an exact `number`. */
  #long(from: number, max: bigint): bigint {
    const digits = this.#at - from;
    const value = this.#holds && digits <= DIGITS_MAX ? BigInt(this.#text.slice(from, this.#at)) : max + 1n;
    if (value > max) this.#holds = false;
    return value;
  }

  /** Digits without a leading zero; exact for up to {@link SAFE_DIGITS} digits. */
  #digits(): number {
    const from = this.#at;
    let value = 0;
    let at = from;
    for (; ; at++) {
      const digit = this.#text.charCodeAt(at) - ZERO;
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
    }
    if (at === from || (at > from + 1 && this.#text.charCodeAt(from) === ZERO)) this.#holds = false;
    this.#at = at;
    return value;
  }
}
