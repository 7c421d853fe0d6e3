/**
 * Base64 of bytes (RFC 4648, sections 4 and 5): the standard alphabet with padding, as in C2SP, and the URL-safe alphabet
 * without. Each byte string has one encoding; any other text is refused, also one with non-zero trailing bits.
 * @module
 */

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const STANDARD = `${LETTERS}+/`;
const URL_SAFE = `${LETTERS}-_`;
const standardValues = valuesOf(STANDARD);
const urlSafeValues = valuesOf(URL_SAFE);

export function toBase64(bytes: Uint8Array): string {
  const text = encode(bytes, STANDARD);
  return text.padEnd(Math.ceil(text.length / 4) * 4, "=");
}

/** The inverse of {@link toBase64}; `undefined` for anything that it does not produce. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  return decode(text.slice(0, text.length - padding), standardValues);
}

export function toBase64Url(bytes: Uint8Array): string {
  return encode(bytes, URL_SAFE);
}

/** The inverse of {@link toBase64Url}; `undefined` for anything that it does not produce. */
export function fromBase64Url(text: string): Uint8Array | undefined {
  return decode(text, urlSafeValues);
}

function encode(bytes: Uint8Array, alphabet: string): string {
  let text = "";
  for (let at = 0; at < bytes.byteLength; at += 3) {
    const bits = ((bytes[at] as number) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    const characters = Math.min(bytes.byteLength - at, 3) + 1;
    for (let index = 0; index < characters; index++) text += alphabet[(bits >> (18 - 6 * index)) & 63];
  }
  return text;
}

function decode(text: string, values: Int8Array): Uint8Array | undefined {
  if (text.length % 4 === 1) return undefined;
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let index = 0; index < text.length; index++) {
    const value = values[text.charCodeAt(index)] ?? -1;
    if (value < 0) return undefined;
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes[at++] = bits >> held;
  }
  return (bits & ((1 << held) - 1)) === 0 ? bytes : undefined;
}

function valuesOf(alphabet: string): Int8Array {
  const values = new Int8Array(128).fill(-1);
  for (let value = 0; value < alphabet.length; value++) values[alphabet.charCodeAt(value)] = value;
  return values;
}
