/**
 * The output of `--json`. An amount may exceed 2^53, beyond which not every JSON reader is exact, so every `bigint` becomes
 * a decimal string.
 * @module
 */

/** One line, keys in the given order, `undefined` left out. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => (typeof member === "bigint" ? String(member) : member));
}
