/**
 * JSON with exact integers. The journal holds integers from −2^63 to 2^64−1 as plain JSON numbers; `JSON.parse` would
 * round those beyond 2^53 and silently keep the last of two duplicate keys. Parsing here returns a `bigint` for every
 * integer that a `number` cannot hold, from the digits in the source text (ECMAScript: JSON.parse source text access).
 * @module
 */
import type { ExactJson } from "./exact-value.ts";
import { invariant } from "./invariant.ts";
import { boundsOf } from "./json-bounds.ts";
import { JsonParser } from "./json-parser.ts";

export type { ExactJson } from "./exact-value.ts";

/**
 * Parses JSON without losing integer precision. Most documents have no large integer and no escape, so the platform's
 * parser reads them. The strict parser reads a text with an escape: V8 (Node 24.21) confuses a key that has an escape with
 * another of the same length, and reads `{"\"":1}` as `{"\\":1}` once it has read the latter.
 *
 * @throws SyntaxError or StrictJsonError when the text is not JSON.
 *
 * @example
 * ```ts
 * import { parseExact } from "@calybris/kernel";
 * parseExact('{"mask":18446744073709551615,"count":3}'); // { mask: 18446744073709551615n, count: 3 }
 * ```
 */
export function parseExact(text: string): ExactJson {
  if (text.includes("\\")) return new JsonParser(text, boundsOf({})).document();
  const plain = JSON.parse(text) as ExactJson;
  return LARGE_INTEGER.test(text) ? (JSON.parse(text, exactNumber) as ExactJson) : plain;
}

/** Text that may exceed 2^53 = 9,007,199,254,740,992: sixteen digits starting with 9, or more digits. */
const LARGE_INTEGER = /(?:^|[:,[\s])-?(?:9[0-9]{15}|[0-9]{17})/;

function exactNumber(this: unknown, _key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? "";
  return /^-?[0-9]+$/.test(source) ? BigInt(source) : value;
}

/**
 * Writes compact JSON: keys in the given order, `undefined` omitted, a `bigint` as its digits.
 *
 * @example
 * ```ts
 * import { writeExact } from "@calybris/kernel";
 * writeExact({ mask: 18446744073709551615n, count: 3, none: undefined }); // '{"mask":18446744073709551615,"count":3}'
 * ```
 */
export function writeExact(value: unknown): string {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number")
    return Number.isSafeInteger(value) ? String(value) : refuse(`${value} is not an exact integer`);
  if (typeof value === "string")
    return value.isWellFormed() ? JSON.stringify(value) : refuse("text is well-formed Unicode");
  if (value === null || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return `[${value.map(writeExact).join(",")}]`;
  if (typeof value !== "object") return refuse(`${typeof value} has no JSON`);
  let text = "";
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) text += `${text === "" ? "" : ","}${JSON.stringify(key)}:${writeExact(member)}`;
  }
  return `{${text}}`;
}

function refuse(claim: string): never {
  invariant(false, claim);
}

/** The value as a `bigint`; `undefined` unless it is an exact integer. */
export function exactInteger(value: unknown): bigint | undefined {
  if (typeof value === "bigint") return value;
  return typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : undefined;
}
