/**
 * What people and programs write in place of a value, as the text of a file: one a line where a line is enough.
 * @module
 */
import type { Schema } from "./documents.ts";
import { schemaTakes } from "./documents.ts";

const WORDS = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Values of every type, at and beyond the edges of every unit. Each is JSON. */
export const LITERALS: readonly string[] = [
  ...WORDS("null true false 0 -0 1 -1 7 255 256 9999 10000 10001 50001 65535 65536 2678401 4294967295 4294967296"),
  ...WORDS("0.1 1.5 -1.5 1e2 1e-7 1e309 1e400 -1e400 0.99999999999999999999"),
  ...WORDS("9007199254740991 9007199254740993 9223372036854775807 9223372036854775808 -9223372036854775808"),
  ...WORDS("18446744073709551615 18446744073709551616 -9223372036854775809"),
  `1${"0".repeat(400)}`,
  ...WORDS('"" "x" "swift" "0" "5" "-5" "+5" "0.25" ".5" "5." "1e5" "1,000" "5%" "$5" "0x10" "NaN" "Infinity" "٣"'),
  ...WORDS(
    '"0.123456789" "0.1234567" "18446744073709551616" "99999999999999999999999" "a\\u0007b" "a\\u202eb" "\\u0000"',
  ),
  ...['" "', '"5 "', `"${"x".repeat(129)}"`, `"${"x".repeat(2_001)}"`],
  ...WORDS('[] [null] [7] ["nobody"] ["fold","fold"] [[]] ["__proto__"] {} {"a":1}'),
  `[${'"fold",'.repeat(70)}"fold"]`,
];

/** What is no JSON, with whether its line is the one that is named. */
export const NOT_JSON: readonly (readonly [literal: string, isNoticedThere: boolean])[] = [
  ...WORDS('NaN Infinity -Infinity undefined \'x\' +1 01 .5 1. 0x10 1e "\\ud800" "\\udc00x" "\\x"').map(
    (literal) => [literal, true] as const,
  ),
  ['"\t"', true],
  ['{"a":1,"a":1}', true],
  ['{"__proto__":1}', true],
  // A bracket that is never closed, or one that closes too much, is noticed at the latest at the end.
  ["{", false],
  ["]", false],
];

/** Bytes that are no UTF-8: a stray byte, a sequence cut off, a surrogate, five bytes, an overlong NUL. */
export const NOT_UTF8: readonly (readonly number[])[] = [
  [0xff],
  [0xc3],
  [0xed, 0xa0, 0x80],
  [0xf8, 0x88, 0x80, 0x80, 0x80],
  [0xc0, 0x80],
];

/** Whether a field of this schema has to refuse a literal. Beyond 2^53 a reader of schemas has rounded already. */
export function refusedBy(schema: Schema): (literal: string) => boolean {
  const takes = schemaTakes(schema);
  const isFor64Bits = Array.isArray(schema.type) && schema.type.includes("integer");
  return (literal) => {
    const isLarge = /^-?[0-9]+$/.test(literal) && !Number.isSafeInteger(Number(literal));
    if (!isFor64Bits || !isLarge) return !takes(literal);
    return BigInt(literal) >= 2n ** 64n || BigInt(literal) < -(2n ** 63n);
  };
}
