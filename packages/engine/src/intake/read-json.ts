/**
 * JSON as people write it: comments and trailing commas are allowed, everything else is strict. Integers are exact, keys
 * are unique, text is well-formed Unicode, and every value knows its line.
 * @module
 */
import { CalybrisError, type ExactJson, parseExact } from "@calybris/kernel";
import { findNodeAtLocation, type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";

/** Where something stands in a document: keys and indices from the top. */
export type JsonPath = readonly (string | number)[];

/** The line of a value, from 1; of the nearest value around it when the path leads nowhere. */
export type LineOf = (path: JsonPath) => number | undefined;

export interface JsonDocument {
  readonly value: ExactJson;
  readonly lineOf: LineOf;
}

/**
 * @param file - what the text is called in an error.
 * @throws {@link CalybrisError} `CAL_INPUT_MALFORMED` with line and column.
 *
 * @example
 * ```ts
 * import { readJson } from "@calybris/engine";
 * const { value, lineOf } = readJson('{\n  // a comment\n  "epoch": 18446744073709551615,\n}', "policy.jsonc");
 * value; // { epoch: 18446744073709551615n }
 * lineOf(["epoch"]); // 3
 * ```
 */
export function readJson(source: Uint8Array | string, file: string): JsonDocument {
  const text = typeof source === "string" ? source.replace(/^\uFEFF/, "") : decodeUtf8(source, file);
  const errors: ParseError[] = [];
  const root = parse(text, file, errors);
  const [error] = errors;
  if (error !== undefined)
    throw malformed(text, file, error.offset, `is not JSON: ${wordsOf(printParseErrorCode(error.error))}`);
  if (root === undefined) throw malformed(text, file, 0, "is empty");
  return { value: exactValue(root, text, file), lineOf: (path) => lineOfPath(root, text, path) };
}

/**
 * One line of JSON Lines, as strictly as {@link readJson}. The plain parse is taken only where it cannot hide anything
 * that the strict one would refuse.
 *
 * @throws {@link CalybrisError} `CAL_INPUT_MALFORMED` with the line given.
 */
export function readJsonLine(text: string, file: string, line: number): ExactJson {
  if (!/\\|[0-9][.eE]|-0|__proto__/.test(text)) {
    try {
      const value = parseExact(text);
      if (keyCount(value) === colonsOutsideText(text)) return value;
    } catch {
      // The strict reading below says what is wrong.
    }
  }
  try {
    return readJson(text, file).value;
  } catch (cause) {
    if (!(cause instanceof CalybrisError) || cause.code !== "CAL_INPUT_MALFORMED") throw cause;
    const { details } = cause as CalybrisError<"CAL_INPUT_MALFORMED">;
    throw new CalybrisError("CAL_INPUT_MALFORMED", { ...details, line }, { cause });
  }
}

/** The keys of a value and of all it holds. Fewer than were written means that one was written twice. */
function keyCount(value: ExactJson): number {
  if (typeof value !== "object" || value === null) return 0;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + keyCount(item), 0);
  let count = 0;
  for (const member of Object.values(value)) count += 1 + keyCount(member);
  return count;
}

/** As many as keys were written, in text without escapes. */
function colonsOutsideText(text: string): number {
  let colons = 0;
  let inText = false;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === 0x22) inText = !inText;
    else if (unit === 0x3a && !inText) colons += 1;
  }
  return colons;
}

/** @throws {@link CalybrisError} `CAL_INPUT_MALFORMED` naming the first line that is not UTF-8. */
export function decodeUtf8(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    const lines = new TextDecoder("utf-8").decode(bytes).split("\n");
    const line = 1 + lines.findIndex((text) => text.includes("\uFFFD"));
    throw new CalybrisError("CAL_INPUT_MALFORMED", { file, line, problem: "is not UTF-8 text" }, { cause });
  }
}

function parse(text: string, file: string, errors: ParseError[]): Node | undefined {
  try {
    return parseTree(text, errors, { allowTrailingComma: true, disallowComments: false });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new CalybrisError("CAL_INPUT_MALFORMED", { file, problem: "is nested too deeply" }, { cause });
  }
}

/** `CloseBraceExpected` as `close brace expected`. */
function wordsOf(code: string): string {
  return code.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).toLowerCase();
}

function exactValue(node: Node, text: string, file: string): ExactJson {
  switch (node.type) {
    case "object":
      return objectOf(node, text, file);
    case "array":
      return (node.children ?? []).map((child) => exactValue(child, text, file));
    case "number":
      return numberOf(text.slice(node.offset, node.offset + node.length));
    case "string":
      return wellFormed(node, text, file);
    default:
      return node.value as boolean | null;
  }
}

function objectOf(node: Node, text: string, file: string): ExactJson {
  const members: Record<string, ExactJson> = {};
  const firstAt = new Map<string, number>();
  for (const property of node.children ?? []) {
    const [keyNode, valueNode] = property.children ?? [];
    if (keyNode === undefined || valueNode === undefined)
      throw malformed(text, file, property.offset, "is not JSON: a key has no value");
    const key = wellFormed(keyNode, text, file);
    const before = firstAt.get(key);
    if (before !== undefined) {
      const line = lineAt(text, before);
      throw malformed(text, file, keyNode.offset, `has the key ${JSON.stringify(key)} twice (first on line ${line})`);
    }
    if (key === "__proto__") throw malformed(text, file, keyNode.offset, 'has the key "__proto__", which no file may');
    firstAt.set(key, keyNode.offset);
    members[key] = exactValue(valueNode, text, file);
  }
  return members;
}

function wellFormed(node: Node, text: string, file: string): string {
  const value = node.value as string;
  if (!value.isWellFormed()) throw malformed(text, file, node.offset, "has half of a surrogate pair in a text");
  return value;
}

const EXACT_DIGITS_MAX = 64;

/** Exact: an integer beyond 2^53 is a `bigint`, and a fraction that rounds to an integer is not taken for one. */
function numberOf(literal: string): number | bigint {
  if (/^-?[0-9]+$/.test(literal)) {
    const whole = Number(literal);
    // No field holds this many digits, and reading millions of them exactly would take minutes.
    if (Number.isSafeInteger(whole) || literal.length > EXACT_DIGITS_MAX) return whole + 0;
    return BigInt(literal);
  }
  const value = Number(literal);
  return Number.isInteger(value) && !isWholeLiteral(literal) ? Number.NaN : value;
}

function isWholeLiteral(literal: string): boolean {
  const [, whole = "", fraction = "", exponent = "0"] =
    /^-?([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/.exec(literal) ?? [];
  const fractionDigits = fraction.length - Number(exponent);
  return fractionDigits <= 0 || /^0*$/.test((whole + fraction).slice(-fractionDigits));
}

function lineOfPath(root: Node, text: string, path: JsonPath): number | undefined {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = findNodeAtLocation(root, [...path.slice(0, length)]);
    if (node !== undefined) return lineAt(text, (node.parent?.type === "property" ? node.parent : node).offset);
  }
  return undefined;
}

function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < offset; at = text.indexOf("\n", at + 1)) line += 1;
  return line;
}

function malformed(text: string, file: string, offset: number, problem: string): CalybrisError {
  const column = offset - text.lastIndexOf("\n", offset - 1);
  return new CalybrisError("CAL_INPUT_MALFORMED", { file, line: lineAt(text, offset), column, problem });
}
