/**
 * Writers that put text into a byte array in place: labels, integers, plain text, digests. They allocate nothing. Each
 * writes at `at` and returns the offset after the last byte written.
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
const HEX: Uint8Array = label("0123456789abcdef");
/** Below this high word, two 32-bit words form an exact number. */
const HIGH_EXACT = 2 ** 21;

/** The bytes of a text that is written often. */
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

/** An unsigned 64-bit integer, as two words. */
export function putUnsigned(out: Uint8Array, at: number, low: number, high: number): number {
  if (high < HIGH_EXACT) return putNumber(out, at, high * TWO_32 + low);
  return putAscii(out, at, ((BigInt(high) << 32n) | BigInt(low)).toString());
}

/** A signed 64-bit integer, as two words. */
export function putSigned(out: Uint8Array, at: number, low: number, high: number): number {
  if (high < HIGH_EXACT) return putNumber(out, at, high * TWO_32 + low);
  return putAscii(out, at, BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low)).toString());
}

/** Copies a short run of bytes: up to a few hundred, a loop is faster than a platform call. */
export function putBytes(out: Uint8Array, at: number, from: Uint8Array, start: number, end: number): number {
  for (let place = start; place < end; place++) out[at + place - start] = from[place] as number;
  return at + end - start;
}

/** Text that needs no escaping in JSON; below 0 if any character needs it. */
export function putPlain(out: Uint8Array, at: number, text: string): number {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < SPACE || code > TILDE || code === QUOTE || code === BACKSLASH) return -1;
    out[at + index] = code;
  }
  return at + text.length;
}

/** 32 bytes as 43 characters of base64url. */
export function putDigest(out: Uint8Array, outAt: number, from: Uint8Array, start: number): number {
  let at = outAt;
  let place = start;
  for (; place < start + 30; place += 3) {
    const bits = ((from[place] as number) << 16) | ((from[place + 1] as number) << 8) | (from[place + 2] as number);
    out[at++] = BASE64URL[bits >>> 18] as number;
    out[at++] = BASE64URL[(bits >>> 12) & 63] as number;
    out[at++] = BASE64URL[(bits >>> 6) & 63] as number;
    out[at++] = BASE64URL[bits & 63] as number;
  }
  const bits = ((from[place] as number) << 8) | (from[place + 1] as number);
  out[at++] = BASE64URL[bits >>> 10] as number;
  out[at++] = BASE64URL[(bits >>> 4) & 63] as number;
  out[at++] = BASE64URL[(bits << 2) & 63] as number;
  return at;
}

/** Bytes as base64url without padding. */
export function putBase64url(out: Uint8Array, outAt: number, from: Uint8Array, start: number, end: number): number {
  let at = outAt;
  let place = start;
  for (; place + 3 <= end; place += 3) {
    const bits = ((from[place] as number) << 16) | ((from[place + 1] as number) << 8) | (from[place + 2] as number);
    out[at++] = BASE64URL[bits >>> 18] as number;
    out[at++] = BASE64URL[(bits >>> 12) & 63] as number;
    out[at++] = BASE64URL[(bits >>> 6) & 63] as number;
    out[at++] = BASE64URL[bits & 63] as number;
  }
  if (place === end) return at;
  const isPair = place + 2 === end;
  const bits = ((from[place] as number) << 8) | (isPair ? (from[place + 1] as number) : 0);
  out[at++] = BASE64URL[bits >>> 10] as number;
  out[at++] = BASE64URL[(bits >>> 4) & 63] as number;
  if (isPair) out[at++] = BASE64URL[(bits << 2) & 63] as number;
  return at;
}

/** Bytes as hexadecimal digits. */
export function putHex(out: Uint8Array, outAt: number, from: Uint8Array, start: number, bytes: number): number {
  let at = outAt;
  for (let place = start; place < start + bytes; place++) {
    const byte = from[place] as number;
    out[at++] = HEX[byte >>> 4] as number;
    out[at++] = HEX[byte & 15] as number;
  }
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
