/**
 * JSON numbers read exactly: an integer that a `number` cannot hold is a `bigint`, and a fraction that rounds to an integer
 * is not accepted as one.
 * @module
 */
import { A, CASE_BIT, MINUS, NINE, PLUS, POINT, UNDERSCORE, Z, ZERO } from "./json-characters.ts";

const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
const INTEGER = /^-?[0-9]+$/;
/** A longer integer becomes a double: no field holds it, and exact reading of a million digits takes seconds. */
const EXACT_CHARACTERS_MAX = 64;

/** The value of a literal; `undefined` if it is not a JSON number. −0 is 0. NaN for a fraction that rounds to an integer. */
export function readNumber(literal: string): number | bigint | undefined {
  if (!NUMBER.test(literal)) return undefined;
  const value = Number(literal) + 0;
  if (INTEGER.test(literal))
    return Number.isSafeInteger(value) || literal.length > EXACT_CHARACTERS_MAX ? value : BigInt(literal);
  return Number.isInteger(value) && !isWhole(literal) ? Number.NaN : value;
}

/** Whether a character can belong to a number or a malformed one: a letter, a digit, `.`, `+`, `-` or `_`. */
export function isNumberPart(code: number): boolean {
  if (code >= ZERO && code <= NINE) return true;
  const letter = code | CASE_BIT;
  return (letter >= A && letter <= Z) || code === POINT || code === PLUS || code === MINUS || code === UNDERSCORE;
}

/** Whether a number written with a point or an exponent is an integer. */
function isWhole(literal: string): boolean {
  const [, whole = "", fraction = "", exponent = "0"] =
    /^-?([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/.exec(literal) ?? [];
  const fractionDigits = fraction.length - Number(exponent);
  return fractionDigits <= 0 || /^0*$/.test((whole + fraction).slice(-fractionDigits));
}
