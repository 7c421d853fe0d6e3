/**
 * The texts that name something: tenants, candidates, people, request ids, use cases, digests. Each check costs no more
 * than its longest legal text, however long the text is.
 * @module
 */

/** The longest name or id, in UTF-16 code units. */
export const NAME_CHARACTERS_MAX = 128;

/**
 * Whether a value is a name: 1 to 128 printable characters, or as many as are given, and not all of them space.
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

/** ASCII without space: nearly every name, and decided faster. */
const PLAIN = /^[\x21-\x7e]+$/;
/** Control and format characters, and halves of a surrogate pair. */
const UNPRINTABLE = /\p{C}/u;

/** For people: what {@link isName} asks for. */
export const NAME_WANTED: string = `1 to ${NAME_CHARACTERS_MAX} printable characters`;

const USE_CASE_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/** Whether a text names a use case: 1 to 64 letters, digits, `_`, `.` and `-`, a letter or digit first. */
export function isUseCaseName(text: string): boolean {
  return USE_CASE_NAME.test(text);
}

/** As a regular expression, for schemas: SHA-256 in hexadecimal, lower case. */
export const DIGEST_PATTERN = "^[0-9a-f]{64}$";
const DIGEST = new RegExp(DIGEST_PATTERN);

/** Whether a value is a digest as files and commands name it: 64 hexadecimal digits in lower case. */
export function isDigest(value: unknown): value is string {
  return typeof value === "string" && DIGEST.test(value);
}
