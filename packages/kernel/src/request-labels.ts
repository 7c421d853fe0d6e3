/**
 * Labels that a caller may add to a request: tags and the digest of a prompt. They do not affect the decision.
 * @module
 */
import { digestFromBase64Url } from "./base64url.ts";
import type { EntryValue } from "./entry-value.ts";
import { isName, NAME_CHARACTERS_MAX } from "./names.ts";

/** Limits on the number of tags and the length of their names. */
export const TAGS_MAX = 16;
export const TAG_NAME_PATTERN = "^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$";
const TAG_NAME = new RegExp(TAG_NAME_PATTERN);
/** SHA-256 in base64url. */
export const PROMPT_DIGEST_PATTERN = "^[A-Za-z0-9_-]{43}$";

/** Whether a value is valid as tags: 1 to 16, each of 1 to 128 printable characters, with a name of 1 to 64 characters. */
function areTags(value: unknown): value is Readonly<Record<string, string>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const tags = Object.entries(value);
  return tags.length > 0 && tags.length <= TAGS_MAX && tags.every(([name, tag]) => isTagName(name) && isName(tag));
}

export const TAGS: EntryValue<Readonly<Record<string, string>>> = {
  schema: {
    type: "object",
    minProperties: 1,
    maxProperties: TAGS_MAX,
    propertyNames: { pattern: TAG_NAME_PATTERN },
    additionalProperties: { type: "string", minLength: 1, maxLength: NAME_CHARACTERS_MAX },
  },
  read: (json, key) => {
    if (!areTags(json)) throw new RangeError(`${key} is not an object of 1 to ${TAGS_MAX} short texts`);
    return json;
  },
};

export function isTagName(name: string): boolean {
  return TAG_NAME.test(name);
}

/** Whether a value is a SHA-256 digest in base64url. */
export function isPromptDigest(value: unknown): value is string {
  return typeof value === "string" && digestFromBase64Url(value) !== undefined;
}
