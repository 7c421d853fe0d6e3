/**
 * The body of a request as a value, strictly: JSON without comments, each key once, integers exact, text well-formed,
 * nested no deeper than allowed. One walk over the characters finds out whether the platform's own parser could hide
 * anything; nearly always it cannot, and then it is what reads the body. What holds an escape it never reads: V8 13.6
 * takes `{"x":1,"\\u0062":2}` for `{"x":1,"\\\\":2}` once it has read the latter.
 * @module
 */
import { isAscii, isUtf8 } from "node:buffer";
import { readJson } from "@calybris/engine";
import { CalybrisError, type ExactJson, parseExact } from "@calybris/kernel";

/** @throws CalybrisError `CAL_GATEWAY_BODY_MALFORMED`. */
export function readBody(bytes: Buffer, depthMax: number): ExactJson {
  const text = isAscii(bytes) ? bytes.toString("latin1") : decoded(bytes);
  const hasEscapes = text.includes("\\");
  const seen = survey(text, hasEscapes);
  if (seen.depth > depthMax) throw malformed(`is nested more than ${depthMax} deep`);
  if (hasEscapes || !seen.isPlain) return strict(text);
  const value = parsed(text);
  return keyCount(value) === seen.colons ? value : strict(text);
}

function decoded(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw malformed("is not UTF-8 text");
  return bytes.toString("utf8");
}

/** The parser refuses what is no JSON; its words name the place well enough where the strict reading would not refuse. */
function parsed(text: string): ExactJson {
  try {
    return parseExact(text);
  } catch (cause) {
    throw syntaxError(text, cause);
  }
}

function strict(text: string): ExactJson {
  try {
    JSON.parse(text);
  } catch (cause) {
    throw syntaxError(text, cause);
  }
  try {
    return readJson(text, "body").value;
  } catch (error) {
    throw coded(error);
  }
}

interface Seen {
  readonly depth: number;
  /** Outside text: as many as keys were written. */
  readonly colons: number;
  /** No number is written with a point, an exponent, or more digits than any field holds. */
  readonly isPlain: boolean;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const POINT = 0x2e;
const COLON = 0x3a;
/** Letters differ from their other case, and `[` `]` from `{` `}`, in this bit alone. */
const CASE = 0x20;
const E = 0x65;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const NINE = 0x39;
/** More digits than this are no number of any field's, and reading millions of them exactly would take long. */
const EXACT_DIGITS_MAX = 64;
const ZERO = 0x30;

function survey(text: string, hasEscapes: boolean): Seen {
  let digits = 0;
  let colons = 0;
  let depth = 0;
  let deepest = 0;
  let isPlain = true;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit >= ZERO && unit <= NINE) {
      digits += 1;
      if (digits > EXACT_DIGITS_MAX) isPlain = false;
      continue;
    }
    if (unit === QUOTE) {
      at = hasEscapes ? endOfText(text, at + 1) : text.indexOf('"', at + 1);
      if (at === -1) break;
    } else if (unit === COLON) colons += 1;
    else if ((unit | CASE) === OPEN) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if ((unit | CASE) === CLOSE) depth -= 1;
    else if (digits > 0 && (unit === POINT || (unit | CASE) === E)) isPlain = false;
    digits = 0;
  }
  return { depth: deepest, colons, isPlain };
}

/** Where a text that holds escapes ends. */
function endOfText(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === BACKSLASH) at += 1;
    else if (unit === QUOTE) return at;
  }
  return text.length;
}

/** The keys of a value and of all it holds. Fewer than were written means that one was written twice. */
function keyCount(value: ExactJson): number {
  if (typeof value !== "object" || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) count += keyCount(item);
    return count;
  }
  const members = value as { readonly [key: string]: ExactJson };
  for (const key in members) {
    const member = members[key];
    count += typeof member === "object" && member !== null ? 1 + keyCount(member) : 1;
  }
  return count;
}

/** The strict reading names the place; it takes comments and commas at the end, which are no JSON. */
function syntaxError(text: string, cause: unknown): CalybrisError {
  if (!(cause instanceof SyntaxError)) throw cause;
  if (text.trim() === "") return malformed("is empty");
  if (text.startsWith("\ufeff")) return malformed("begins with a byte order mark");
  try {
    readJson(text, "body");
    return malformed("holds a comment or a comma at the end, which JSON does not have");
  } catch (error) {
    return coded(error);
  }
}

function coded(error: unknown): CalybrisError {
  if (!(error instanceof CalybrisError) || error.code !== "CAL_INPUT_MALFORMED") throw error;
  const { line, column, problem } = (error as CalybrisError<"CAL_INPUT_MALFORMED">).details;
  const place = line === undefined || column === undefined ? {} : { line, column };
  return new CalybrisError("CAL_GATEWAY_BODY_MALFORMED", { problem, ...place }, { cause: error });
}

function malformed(problem: string): CalybrisError {
  return new CalybrisError("CAL_GATEWAY_BODY_MALFORMED", { problem });
}
