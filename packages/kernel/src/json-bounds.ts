/**
 * The dialect and the bounds of a JSON text.
 * @module
 */

export interface StrictJsonOptions {
  /** Comments and trailing commas are allowed; by default they are refused. */
  readonly isJsonc?: boolean;
  /** Maximum nesting of objects and lists; by default {@link JSON_NESTING_MAX}. */
  readonly nestingMax?: number;
  /** Maximum number of different keys; by default {@link JSON_KEYS_MAX}. */
  readonly keysMax?: number;
  /** Maximum number of values, objects and lists included; by default limited only by the length. */
  readonly valuesMax?: number;
  /** Maximum length in bytes of UTF-8; by default {@link JSON_BYTES_MAX}. */
  readonly bytesMax?: number;
}

const JSON_NESTING_MAX = 256;
/** Different keys are the most expensive part to read. A budgets file has the most: one for each tenant. */
const JSON_KEYS_MAX: number = 128 * 1024;
export const JSON_BYTES_MAX: number = 64 * 1024 * 1024;

/** The resolved options, except the maximum length. */
export interface JsonBounds {
  readonly isJsonc: boolean;
  readonly nestingMax: number;
  readonly keysMax: number;
  readonly valuesMax: number;
}

export function boundsOf({
  isJsonc = false,
  nestingMax = JSON_NESTING_MAX,
  keysMax = JSON_KEYS_MAX,
  valuesMax = Number.POSITIVE_INFINITY,
}: StrictJsonOptions): JsonBounds {
  return { isJsonc, nestingMax, keysMax, valuesMax };
}
