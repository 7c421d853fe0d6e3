/**
 * Strict JSON from outside: request bodies, files and lines of files. Integers are exact, keys unique, text well-formed,
 * nesting and size bounded; time and memory are linear in the text.
 *
 * The parser of json-parser.ts is the definition. The platform's parser is several times faster. It reads a text only if a
 * scan of the characters proves that both parsers give the same result. It never reads a text that has an escape: V8 13.6
 * confuses `{"x":1,"\\u0062":2}` with `{"x":1,"\\\\":2}` once it has read the latter.
 * @module
 */
import type { ExactJson } from "./exact-value.ts";
import { boundsOf, JSON_BYTES_MAX, type JsonBounds, type StrictJsonOptions } from "./json-bounds.ts";
import {
  CASE_BIT,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  E,
  MINUS,
  NINE,
  OPEN_OBJECT,
  POINT,
  QUOTE,
  ZERO,
} from "./json-characters.ts";
import { StrictJsonError, tooManyValues } from "./json-error.ts";
import { JsonParser } from "./json-parser.ts";

export type { StrictJsonOptions } from "./json-bounds.ts";
export { StrictJsonError } from "./json-error.ts";

/**
 * Parses JSON, or JSONC. An integer that a `number` cannot hold is a `bigint`, up to 64 characters; −0 is 0; a fraction
 * that rounds to an integer is NaN, which no field accepts.
 *
 * @throws StrictJsonError with line, column and problem for a syntax error, a duplicate key, the key `__proto__`, half of a
 *   surrogate pair, or a text beyond its bounds.
 *
 * @example
 * ```ts
 * import { parseStrictJson } from "@calybris/kernel";
 * parseStrictJson('{"epoch":18446744073709551615}'); // { epoch: 18446744073709551615n }
 * parseStrictJson('[1, // one\n]', { isJsonc: true }); // [1]
 * ```
 */
export function parseStrictJson(text: string, options: StrictJsonOptions = {}): ExactJson {
  return parsePlainJson(text, options) ?? new JsonParser(text, boundsOf(options)).document();
}

/**
 * Parses a text that the platform's parser may read, at a few milliseconds per megabyte; `undefined` for any other, and for
 * a malformed text.
 *
 * @throws StrictJsonError for a text beyond its bounds.
 */
export function parsePlainJson(text: string, options: StrictJsonOptions = {}): ExactJson | undefined {
  const bounds = boundsOf(options);
  const { bytesMax = JSON_BYTES_MAX } = options;
  if (text.length * BYTES_PER_UNIT_MAX > bytesMax) refuseLongerThan(text, bytesMax);
  const keyCount = surveyedKeyCount(text, bounds);
  if (keyCount === NOT_PLAIN) return undefined;
  const value = plainValue(text);
  return value !== undefined && (keyCount === 0 || keyCountOf(value) === keyCount) ? value : undefined;
}

const BYTES_PER_UNIT_MAX = 3;
const NOT_PLAIN = -1;

/** Any integer of up to this many digits is exact in a double, unless it has all of them and begins with 9. */
const SAFE_DIGITS_MAX = 16;

/**
 * The number of keys written in a text, if it is JSON and plain: no escape, no `__proto__`, no number with a point, an
 * exponent, a sign before 0 or digits that a double may round, and everything within the bounds. Otherwise
 * {@link NOT_PLAIN}.
 */
function surveyedKeyCount(text: string, bounds: JsonBounds): number {
  const { nestingMax, keysMax, valuesMax } = bounds;
  if (text.includes("\\") || text.includes("__proto__") || !text.isWellFormed()) return NOT_PLAIN;
  let colons = 0;
  let commas = 0;
  let opens = 0;
  let nesting = 0;
  let digits = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit >= ZERO && unit <= NINE) {
      digits += 1;
      if (digits >= SAFE_DIGITS_MAX && (digits > SAFE_DIGITS_MAX || text.charCodeAt(at + 1 - digits) === NINE))
        return NOT_PLAIN;
      continue;
    }
    if (unit === QUOTE) {
      at = text.indexOf('"', at + 1);
      if (at === -1) return NOT_PLAIN;
    } else if (unit === COLON) colons += 1;
    else if (unit === COMMA) {
      commas += 1;
      if (commas >= valuesMax) return refuseValues(text, at, bounds);
    } else if ((unit | CASE_BIT) === OPEN_OBJECT) {
      opens += 1;
      nesting += 1;
      if (nesting > nestingMax) return NOT_PLAIN;
      if (opens > valuesMax) return refuseValues(text, at, bounds);
    } else if ((unit | CASE_BIT) === CLOSE_OBJECT) nesting -= 1;
    else if (unit === MINUS) {
      if (text.charCodeAt(at + 1) === ZERO) return NOT_PLAIN;
    } else if (digits > 0 && (unit === POINT || (unit | CASE_BIT) === E)) return NOT_PLAIN;
    digits = 0;
  }
  // Each value is the document, follows a comma, or is the first of an object or list.
  return colons <= keysMax && 1 + commas + opens <= valuesMax ? colons : NOT_PLAIN;
}

/** The counted commas or brackets prove that there are too many values, except in JSONC, where comments may hold them. */
function refuseValues(text: string, at: number, { isJsonc, valuesMax }: JsonBounds): typeof NOT_PLAIN {
  if (!isJsonc) throw tooManyValues(text, at, valuesMax);
  return NOT_PLAIN;
}

/** `undefined` if the platform's parser refuses the text; the strict parser then reports the reason. */
function plainValue(text: string): ExactJson | undefined {
  try {
    return JSON.parse(text) as ExactJson;
  } catch {
    return undefined;
  }
}

/** The number of keys in a value, at any depth. Fewer than were written means that there was a duplicate. */
function keyCountOf(value: ExactJson): number {
  if (typeof value !== "object" || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) count += keyCountOf(item);
    return count;
  }
  const members = value as { readonly [key: string]: ExactJson };
  for (const key in members) {
    const member = members[key];
    count += typeof member === "object" && member !== null ? 1 + keyCountOf(member) : 1;
  }
  return count;
}

function refuseLongerThan(text: string, bytesMax: number): void {
  let bytes = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    // A surrogate pair is four bytes: two for each half.
    bytes += unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 2 : 3;
    if (bytes > bytesMax) throw new StrictJsonError(text, at, `is longer than ${bytesMax} bytes`);
  }
}
