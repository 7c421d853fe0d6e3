/**
 * A JSON value whose integers are exact.
 * @module
 */

/** A value of exact JSON. */
export type ExactJson =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly ExactJson[]
  | { readonly [key: string]: ExactJson };
