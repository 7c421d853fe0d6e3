/**
 * What `--json` prints. An amount may pass 2^53, where a JSON number is no longer exact everywhere, so every `bigint` is a
 * decimal string.
 * @module
 */

/** One line, keys in the order given, `undefined` left out. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => (typeof member === "bigint" ? String(member) : member));
}
