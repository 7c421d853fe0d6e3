/**
 * Names: tenants, candidates, people, request IDs, use cases, digests. The cost of each check is bounded by the longest valid
 * name, not by the length of the text.
 * @module
 */

/** Maximum length of a name or ID, in UTF-16 code units. */
export const NAME_CHARACTERS_MAX = 128;

/**
 * Whether a value is a name: 1 to 128 (or the given maximum of) printable characters, not all of them spaces.
 *
 * @example
 * ```ts
 * import { isName } from "@calybris/kernel";
 * isName("acme"); // true
 * isName("a\nb"); // false
 * isName(" "); // false
 * ```
 */
export function isName(value: unknown, charactersMax: number = NAME_CHARACTERS_MAX): value is string {
  if (typeof value !== "string" || value.length === 0 || value.length > charactersMax) return false;
  return PLAIN.test(value) || (value.trim() !== "" && !UNPRINTABLE.test(value));
}

/** ASCII without spaces: nearly every name, and faster to check. */
const PLAIN = /^[\x21-\x7e]+$/;
/** Control and format characters, and halves of a surrogate pair. */
const UNPRINTABLE = /\p{C}/u;

/** For error messages: the form that {@link isName} accepts. */
export const NAME_WANTED: string = `1 to ${NAME_CHARACTERS_MAX} printable characters`;

export const USE_CASE_NAME_PATTERN = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$";
const USE_CASE_NAME = new RegExp(USE_CASE_NAME_PATTERN);

/** Whether a text names a use case: 1 to 64 letters, digits, `_`, `.` and `-`, starting with a letter or digit. */
export function isUseCaseName(text: string): boolean {
  return USE_CASE_NAME.test(text);
}

/** As a regular expression, for schemas: SHA-256 in hexadecimal, lower case. */
export const DIGEST_PATTERN = "^[0-9a-f]{64}$";
const DIGEST = new RegExp(DIGEST_PATTERN);

/** Whether a value is a digest in text form: 64 lower-case hexadecimal digits. */
export function isDigest(value: unknown): value is string {
  return typeof value === "string" && DIGEST.test(value);
}
