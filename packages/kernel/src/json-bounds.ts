/**
 * What a JSON text may be: its dialect and its bounds.
 * @module
 */

export interface StrictJsonOptions {
  /** Comments and trailing commas are allowed; by default they are refused. */
  readonly isJsonc?: boolean;
  /** How deep objects and lists may be nested; by default {@link JSON_NESTING_MAX}. */
  readonly nestingMax?: number;
  /** How many different keys the text may have; by default {@link JSON_KEYS_MAX}. */
  readonly keysMax?: number;
  /** How many values the text may have, objects and lists included; by default as many as fit in it. */
  readonly valuesMax?: number;
  /** How long the text may be in UTF-8; by default {@link JSON_BYTES_MAX}. */
  readonly bytesMax?: number;
}

const JSON_NESTING_MAX = 256;
/** Different keys cost the most to read. A file of budgets has the most of them: one for each tenant. */
const JSON_KEYS_MAX: number = 128 * 1024;
export const JSON_BYTES_MAX: number = 64 * 1024 * 1024;

/** Every option with its value, but for the size of the text. */
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
