/**
 * How many tokens a text has, about: for ranking, and for clients that ask. It is no bound.
 * @module
 */

const ASCII_BYTES_PER_TOKEN = 4;
const WIDE_BYTES_PER_TOKEN = 3;

/** English text has about four bytes a token; text beyond ASCII about one character of three bytes. */
export function estimatedTokens(bytes: number, wideBytes: number): number {
  return Math.max(1, Math.ceil((bytes - wideBytes) / ASCII_BYTES_PER_TOKEN + wideBytes / WIDE_BYTES_PER_TOKEN));
}
