/**
 * A digest in 43 characters instead of 64: base64url without padding (RFC 4648, section 5), to and from hexadecimal.
 *
 * Three hexadecimal digits are twelve bits, which are two characters. Every decision is encoded here, so the code works on
 * character codes, which takes a sixth of the time of concatenating strings.
 * @module
 */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const HEX_DIGITS = "0123456789abcdef";
const DIGEST_HEX_DIGITS = 64;
const DIGEST_CHARACTERS = 43;

const characterCodes: readonly number[] = codesOf(ALPHABET);
const digitCodes: readonly number[] = codesOf(HEX_DIGITS);
/** The value of a character by its code; negative for a character outside the alphabet. */
const characterValues: Int8Array = valuesOf(characterCodes);
const digitValues: Int8Array = valuesOf(digitCodes);

/** Output buffers, allocated once. */
const charactersOut = new Array<number>(DIGEST_CHARACTERS).fill(0);
const digitsOut = new Array<number>(DIGEST_HEX_DIGITS).fill(0);

/** 64 hexadecimal digits as 43 characters; `undefined` for anything else. */
export function digestToBase64Url(hex: string): string | undefined {
  if (hex.length !== DIGEST_HEX_DIGITS) return undefined;
  const codes = charactersOut;
  let at = 0;
  for (let digit = 0; digit < DIGEST_HEX_DIGITS; digit += 3) {
    const isLast = digit === DIGEST_HEX_DIGITS - 1;
    const first = valueAt(digitValues, hex, digit);
    const second = isLast ? 0 : valueAt(digitValues, hex, digit + 1);
    const third = isLast ? 0 : valueAt(digitValues, hex, digit + 2);
    if ((first | second | third) < 0) return undefined;
    codes[at++] = characterCodes[(first << 2) | (second >> 2)] as number;
    // The last digit has four bits; two zeroes make them a character.
    if (!isLast) codes[at++] = characterCodes[((second & 3) << 4) | third] as number;
  }
  return String.fromCharCode.apply(undefined, codes);
}

/** The inverse; `undefined` for anything that {@link digestToBase64Url} does not produce. */
export function digestFromBase64Url(text: string): string | undefined {
  if (text.length !== DIGEST_CHARACTERS) return undefined;
  const codes = digitsOut;
  let at = 0;
  for (let character = 0; character < DIGEST_CHARACTERS; character += 2) {
    const isLast = character === DIGEST_CHARACTERS - 1;
    const first = valueAt(characterValues, text, character);
    const second = isLast ? 0 : valueAt(characterValues, text, character + 1);
    if ((first | second) < 0 || (isLast && (first & 3) !== 0)) return undefined;
    codes[at++] = digitCodes[first >> 2] as number;
    if (isLast) break;
    codes[at++] = digitCodes[((first & 3) << 2) | (second >> 4)] as number;
    codes[at++] = digitCodes[second & 15] as number;
  }
  return String.fromCharCode.apply(undefined, codes);
}

function valueAt(values: Int8Array, text: string, index: number): number {
  return values[text.charCodeAt(index)] ?? -1;
}

function codesOf(characters: string): readonly number[] {
  return Array.from(characters, (character) => character.charCodeAt(0));
}

function valuesOf(codes: readonly number[]): Int8Array {
  const values = new Int8Array(128).fill(-1);
  for (const [value, code] of codes.entries()) values[code] = value;
  return values;
}

/** The bytes of base64url without padding; `undefined` for anything else. */
export function bytesFromBase64Url(text: string): Uint8Array | undefined {
  if (text.length % 4 === 1) return undefined;
  const bytes = new Uint8Array(Math.floor((text.length * 6) / 8));
  let [held, bits, at] = [0, 0, 0];
  for (let index = 0; index < text.length; index++) {
    const value = characterValues[text.charCodeAt(index)] ?? -1;
    if (value < 0) return undefined;
    held = ((held << 6) | value) & 0xfff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = (held >> bits) & 0xff;
  }
  return bytes;
}
