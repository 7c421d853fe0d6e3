/**
 * Goes through a text from left to right and takes what is expected there. What is not there turns the cursor false, once
 * and for all; from then on what it returns means nothing. So a reader may read on to its end and ask once.
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
/** So many digits are an exact `number`, whichever they are. */
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

  /** Whether everything so far was as expected. */
  get holds(): boolean {
    return this.#holds;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  /** Says that what was read is not as expected after all. */
  refuse(): void {
    this.#holds = false;
  }

  /** Passes a literal if it comes next. */
  skip(literal: string): boolean {
    if (!this.#text.startsWith(literal, this.#at)) return false;
    this.#at += literal.length;
    return true;
  }

  expect(literal: string): void {
    if (!this.skip(literal)) this.#holds = false;
  }

  /** A whole number as JSON writes it, in 0..max; `max` is a safe integer. */
  number(max: number): number {
    const from = this.#at;
    const value = this.#digits();
    if (this.#at - from > SAFE_DIGITS || value > max) this.#holds = false;
    return value;
  }

  /** A whole number as JSON writes it, as near as a `number` is to it: one with more digits is refused. */
  rounded(digitsMax: number): number {
    const from = this.#at;
    const value = this.#digits();
    if (this.#at - from > digitsMax) this.#holds = false;
    return value <= Number.MAX_SAFE_INTEGER ? value : Number(this.#text.slice(from, this.#at));
  }

  /** A whole number as JSON writes it, from `min` to `max`, both of them safe integers. */
  whole(min: number, max: number): number {
    const isNegative = this.#text.charCodeAt(this.#at) === MINUS;
    if (isNegative) this.#at += 1;
    const digits = this.#digits();
    const value = isNegative ? -digits : digits;
    // More digits than a number holds exactly make a number beyond every safe one.
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

  /** Whether this character is so far ahead. */
  has(code: number, ahead: number): boolean {
    return this.#text.charCodeAt(this.#at + ahead) === code;
  }

  /** A whole number of 64 bits without sign. */
  unsigned(): bigint {
    const from = this.#at;
    const value = this.#digits();
    return this.#at - from <= SAFE_DIGITS ? BigInt(value) : this.#long(from, U64_MAX);
  }

  /** A whole number of 64 bits with a sign. */
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
   * Text behind an opening quote, up to the closing one, which is passed. Anything escaped is not expected, nor anything
   * beyond the first 65,536 characters of Unicode, half of one being no text.
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

  /** What comes up to a literal, which is not passed. */
  until(literal: string): string {
    const end = this.#text.indexOf(literal, this.#at);
    if (end === -1) this.#holds = false;
    const found = this.#text.slice(this.#at, Math.max(end, this.#at));
    this.#at += found.length;
    return found;
  }

  /** The digits since a position, more than a `number` holds exactly. */
  #long(from: number, max: bigint): bigint {
    const digits = this.#at - from;
    const value = this.#holds && digits <= DIGITS_MAX ? BigInt(this.#text.slice(from, this.#at)) : max + 1n;
    if (value > max) this.#holds = false;
    return value;
  }

  /** Digits without a needless zero in front; exact up to {@link SAFE_DIGITS} of them. */
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
