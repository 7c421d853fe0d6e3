/**
 * Text written as bytes where it shall stand: labels, whole numbers, plain text, digests. Nothing is allocated. Each function
 * writes at `at` and returns where it ended.
 * @module
 */

const ZERO = 0x30;
const MINUS = 0x2d;
const BILLION = 1e9;
const BILLION_DIGITS = 9;
const TWO_32 = 2 ** 32;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const TILDE = 0x7e;
const BASE64URL: Uint8Array = label("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
const DIGIT_VALUES: Uint8Array = digitValues();

/** A text that is written often. */
export function label(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function putLabel(out: Uint8Array, at: number, bytes: Uint8Array): number {
  out.set(bytes, at);
  return at + bytes.length;
}

/** An exact integer. */
export function putNumber(out: Uint8Array, at: number, value: number): number {
  if (value < 0) {
    out[at] = MINUS;
    return putNumber(out, at + 1, -value);
  }
  if (value < TWO_32) return putDigits(out, at, value >>> 0, digitCount(value));
  const high = Math.floor(value / BILLION);
  return putDigits(out, putNumber(out, at, high), (value - high * BILLION) >>> 0, BILLION_DIGITS);
}

/** A 64-bit integer. */
export function putBigInt(out: Uint8Array, at: number, value: bigint): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return putNumber(out, at, number);
  return putAscii(out, at, value.toString());
}

/** Text as it stands in JSON without a character that is escaped there; below 0 for any other. */
export function putPlain(out: Uint8Array, at: number, text: string): number {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < SPACE || code > TILDE || code === QUOTE || code === BACKSLASH) return -1;
    out[at + index] = code;
  }
  return at + text.length;
}

/** A digest of 64 hexadecimal digits as 43 characters of base64url: three digits are two characters. */
export function putDigest(out: Uint8Array, from: number, hex: string): number {
  let at = from;
  let digit = 0;
  for (; digit < hex.length - 1; digit += 3) {
    const bits = (valueAt(hex, digit) << 8) | (valueAt(hex, digit + 1) << 4) | valueAt(hex, digit + 2);
    out[at++] = BASE64URL[bits >> 6] as number;
    out[at++] = BASE64URL[bits & 63] as number;
  }
  out[at++] = BASE64URL[valueAt(hex, digit) << 2] as number;
  return at;
}

function putAscii(out: Uint8Array, at: number, text: string): number {
  for (let index = 0; index < text.length; index++) out[at + index] = text.charCodeAt(index);
  return at + text.length;
}

function putDigits(out: Uint8Array, at: number, value: number, count: number): number {
  let rest = value;
  for (let place = at + count - 1; place >= at; place--) {
    const tenth = (rest / 10) >>> 0;
    out[place] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
  return at + count;
}

function digitCount(value: number): number {
  if (value < 1e4) return value < 100 ? (value < 10 ? 1 : 2) : value < 1e3 ? 3 : 4;
  if (value < 1e8) return value < 1e6 ? (value < 1e5 ? 5 : 6) : value < 1e7 ? 7 : 8;
  return value < 1e9 ? 9 : 10;
}

function valueAt(hex: string, index: number): number {
  return DIGIT_VALUES[hex.charCodeAt(index)] as number;
}

function digitValues(): Uint8Array {
  const values = new Uint8Array(128);
  for (let value = 0; value < 16; value++) values[value.toString(16).charCodeAt(0)] = value;
  return values;
}
