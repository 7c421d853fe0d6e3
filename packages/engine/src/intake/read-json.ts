/**
 * JSON for people: comments and trailing commas are allowed, everything else is strict, and the line of every value is
 * known. JSON Lines are parsed as strictly.
 * @module
 */
import {
  CalybrisError,
  type ExactJson,
  type JsonPath,
  linesOfJson,
  parseStrictJson,
  StrictJsonError,
} from "@calybris/kernel";

export type { JsonPath } from "@calybris/kernel";

/** The line of a value, from 1; of the nearest enclosing value if the path does not exist. */
export type LineOf = (path: JsonPath) => number | undefined;

export interface JsonDocument {
  readonly value: ExactJson;
  readonly lineOf: LineOf;
}

const JSONC = { isJsonc: true } as const;

/**
 * @param file - name of the text in errors.
 * @throws {@link CalybrisError} `CAL_INPUT_MALFORMED` with line and column.
 *
 * @example
 * ```ts
 * import { readJson } from "@calybris/engine/internal";
 * const { value, lineOf } = readJson('{\n  // a comment\n  "epoch": 18446744073709551615,\n}', "policy.jsonc");
 * value; // { epoch: 18446744073709551615n }
 * lineOf(["epoch"]); // 3
 * ```
 */
export function readJson(source: Uint8Array | string, file: string): JsonDocument {
  const text = typeof source === "string" ? source.replace(/^\uFEFF/, "") : decodeUtf8(source, file);
  return { value: parse(text, file), lineOf: linesOfJson(text, JSONC) };
}

/**
 * Parses one line of JSON Lines.
 *
 * @throws {@link CalybrisError} `CAL_INPUT_MALFORMED` with the given line.
 */
export function readJsonLine(text: string, file: string, line: number): ExactJson {
  return parse(text, file, line);
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

/** @param line - line number in the file, if the text is one line of it. */
function parse(text: string, file: string, line?: number): ExactJson {
  try {
    return parseStrictJson(text, JSONC);
  } catch (cause) {
    if (!(cause instanceof StrictJsonError)) throw cause;
    const { problem, column } = cause;
    throw new CalybrisError("CAL_INPUT_MALFORMED", { file, line: line ?? cause.line, column, problem }, { cause });
  }
}
