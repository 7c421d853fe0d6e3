/**
 * A digest in 43 characters instead of 64: base64url without padding (RFC 4648, section 5), to and from hexadecimal.
 *
 * Three hexadecimal digits are twelve bits are two characters, so a table of 4,096 pairs goes either way.
 * @module
 */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const DIGEST_HEX_DIGITS = 64;
const DIGEST_CHARACTERS = 43;
const WHOLE_TRIPLES = 21;

const pairOf = new Map<string, string>();
const tripleOf = new Map<string, string>();
for (let bits = 0; bits < 4_096; bits++) {
  const triple = bits.toString(16).padStart(3, "0");
  const pair = `${ALPHABET[bits >> 6]}${ALPHABET[bits & 63]}`;
  pairOf.set(triple, pair);
  tripleOf.set(pair, triple);
}

/** 64 hexadecimal digits as 43 characters; `undefined` for anything else. */
export function digestToBase64Url(hex: string): string | undefined {
  if (hex.length !== DIGEST_HEX_DIGITS) return undefined;
  let text = "";
  for (let triple = 0; triple < WHOLE_TRIPLES; triple++) {
    const pair = pairOf.get(hex.slice(triple * 3, triple * 3 + 3));
    if (pair === undefined) return undefined;
    text += pair;
  }
  // The last digit has four bits; two zeroes make them a character.
  const last = pairOf.get(`${hex[DIGEST_HEX_DIGITS - 1]}00`);
  return last === undefined ? undefined : text + last[0];
}

/** The inverse; `undefined` for anything that {@link digestToBase64Url} would not have written. */
export function digestFromBase64Url(text: string): string | undefined {
  if (text.length !== DIGEST_CHARACTERS) return undefined;
  let hex = "";
  for (let pair = 0; pair < WHOLE_TRIPLES; pair++) {
    const triple = tripleOf.get(text.slice(pair * 2, pair * 2 + 2));
    if (triple === undefined) return undefined;
    hex += triple;
  }
  const last = tripleOf.get(`${text[DIGEST_CHARACTERS - 1]}A`);
  return last?.endsWith("00") === true ? hex + last[0] : undefined;
}
