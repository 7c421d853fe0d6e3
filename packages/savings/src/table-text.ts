/**
 * Reads the rows of an export in any format: delimited text, JSON Lines, or one JSON document as usage APIs return it. The
 * text is streamed; only a JSON document of several lines is buffered, up to a limit.
 *
 * The columns are determined first and passed to the handler, which returns those that it wants. Every row is then a list of
 * cells in that order.
 * @module
 */
import { isObject, itemsOf } from "@calybris/engine/internal";
import { DelimitedText, type RowHandler, sniffDelimiter } from "./delimited-text.ts";

export interface TableFormat {
  readonly kind: "delimited" | "json";
  readonly delimiter?: string;
  readonly columns: readonly string[];
}

export interface TableHandler extends RowHandler {
  /** Called once, before the first row. For JSON, only the returned columns are kept, in the returned order. */
  readonly begin: (format: TableFormat) => readonly string[];
}

/** Limit of a JSON document of several lines, which is buffered. */
export const DOCUMENT_CHARACTERS_MAX: number = 64 * 1024 * 1024;
/** The members of this many rows of JSON are the columns. */
const JSON_SAMPLE_LINES = 100;
const BYTE_ORDER_MARK_BYTES = 2;
const HEAD_CHARACTERS_MAX = 1024 * 1024;

/** @throws {Error} with the reason, for a text that is not a table; any error of `handler`. */
export async function readTable(
  chunks: AsyncIterable<Uint8Array>,
  options: { readonly delimiter?: string | undefined },
  handler: TableHandler,
): Promise<void> {
  let decoder: TextDecoder | undefined;
  let head = "";
  let reader: TextReader | undefined;
  const push = (text: string): void => {
    if (reader !== undefined) {
      reader.push(text);
      return;
    }
    head += text;
    if (!/\S[^\n]*\n/.test(head) && head.length < HEAD_CHARACTERS_MAX) return;
    reader = readerFor(head, options.delimiter, handler);
    reader.push(head);
  };
  let first: Uint8Array = new Uint8Array(0);
  for await (const chunk of chunks) {
    let bytes = chunk;
    if (decoder === undefined) {
      bytes = first.length === 0 ? chunk : Buffer.concat([first, chunk]);
      // The first chunk of a pipe may be a single byte.
      if (bytes.length < BYTE_ORDER_MARK_BYTES) {
        first = bytes;
        continue;
      }
      decoder = new TextDecoder(encodingOf(bytes));
    }
    push(decoder.decode(bytes, { stream: true }));
  }
  if (decoder === undefined) push(new TextDecoder().decode(first));
  push(decoder?.decode() ?? "");
  if (reader === undefined) {
    reader = readerFor(head, options.delimiter, handler);
    reader.push(head);
  }
  reader.end();
}

interface TextReader {
  readonly push: (text: string) => void;
  readonly end: () => void;
}

/** A spreadsheet's "Unicode text" is UTF-16. Invalid bytes become U+FFFD, which affects only their cell. */
function encodingOf([first, second]: Uint8Array): string {
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
}

function readerFor(head: string, delimiter: string | undefined, handler: TableHandler): TextReader {
  if (/^\s*[[{]/.test(head)) {
    const [first = ""] = head.trimStart().split("\n", 1);
    return parsed(first) === undefined ? new JsonDocument(handler) : new JsonLines(handler);
  }
  return new Delimited(head, delimiter, handler);
}

class Delimited implements TextReader {
  readonly #rows: DelimitedText;
  /** Lines end with carriage returns alone, as old spreadsheets write them. */
  readonly #isCarriageReturns: boolean;
  #isBegun = false;

  constructor(head: string, delimiter: string | undefined, handler: TableHandler) {
    this.#isCarriageReturns = !head.includes("\n") && head.includes("\r");
    const [first = ""] = head.trimStart().split(/\r\n|\n|\r/, 1);
    // Excel may write `sep=;` above the header.
    const written = /^sep=(.)$/.exec(first)?.[1];
    const used = delimiter ?? written ?? sniffDelimiter(first);
    this.#rows = new DelimitedText(used, {
      bad: handler.bad,
      row: (cells, line) => {
        if (this.#isBegun) {
          handler.row(cells, line);
          return;
        }
        if (/^sep=.?$/.test(cells[0] ?? "") && cells.join("").length <= "sep=;".length) return;
        this.#isBegun = true;
        handler.begin({ kind: "delimited", delimiter: used, columns: cells.map((cell) => cell.trim()) });
      },
    });
  }

  push(text: string): void {
    this.#rows.push(this.#isCarriageReturns ? text.replaceAll("\r", "\n") : text);
  }

  end(): void {
    this.#rows.end();
    if (!this.#isBegun) throw new Error("holds no header");
  }
}

class JsonLines implements TextReader {
  readonly #rows: JsonRows;
  readonly #handler: TableHandler;
  #rest = "";
  #line = 1;
  #isSkipping = false;

  constructor(handler: TableHandler) {
    this.#rows = new JsonRows(handler);
    this.#handler = handler;
  }

  push(text: string): void {
    const whole = this.#rest + text;
    let at = 0;
    for (let end = whole.indexOf("\n"); end !== -1; end = whole.indexOf("\n", at)) {
      this.#read(whole.slice(at, end));
      at = end + 1;
    }
    this.#rest = whole.slice(at);
    if (this.#rest.length <= DOCUMENT_CHARACTERS_MAX) return;
    this.#isSkipping = true;
    this.#rest = "";
  }

  end(): void {
    if (this.#rest !== "" || this.#isSkipping) this.#read(this.#rest);
    this.#rows.end();
  }

  #read(line: string): void {
    const at = this.#line;
    this.#line += 1;
    const value = this.#isSkipping || line.trim() === "" ? null : parsed(line);
    if (this.#isSkipping) this.#handler.bad(at, `is longer than ${DOCUMENT_CHARACTERS_MAX} characters`);
    this.#isSkipping = false;
    if (value === undefined) this.#handler.bad(at, "is not JSON");
    else if (value !== null) for (const row of rowsOf(value)) this.#rows.add(row, at);
  }
}

class JsonDocument implements TextReader {
  readonly #handler: TableHandler;
  readonly #parts: string[] = [];
  #characters = 0;

  constructor(handler: TableHandler) {
    this.#handler = handler;
  }

  push(text: string): void {
    this.#parts.push(text);
    this.#characters += text.length;
    if (this.#characters > DOCUMENT_CHARACTERS_MAX)
      throw new Error(
        `is one JSON document of more than ${DOCUMENT_CHARACTERS_MAX} characters; write one object a line`,
      );
  }

  end(): void {
    const value = parsed(this.#parts.join(""));
    if (value === undefined) throw new Error("begins as JSON and is not");
    const rows = new JsonRows(this.#handler);
    // The lines of a document are not meaningful, so rows are numbered instead.
    rowsOf(value).forEach((row, index) => {
      rows.add(row, index + 1);
    });
    rows.end();
  }
}

/** Converts rows of JSON to cells. The first rows are buffered until the columns are known. */
class JsonRows {
  readonly #handler: TableHandler;
  #sample: { readonly row: unknown; readonly line: number }[] | undefined = [];
  #paths: readonly (readonly string[])[] = [];

  constructor(handler: TableHandler) {
    this.#handler = handler;
  }

  add(row: unknown, line: number): void {
    if (!isObject(row)) this.#handler.bad(line, "is not an object");
    else if (this.#sample === undefined) this.#handler.row(this.#cellsOf(row), line);
    else {
      this.#sample.push({ row, line });
      if (this.#sample.length === JSON_SAMPLE_LINES) this.#begin(this.#sample);
    }
  }

  end(): void {
    if (this.#sample !== undefined) this.#begin(this.#sample);
  }

  #begin(sample: readonly { readonly row: unknown; readonly line: number }[]): void {
    this.#sample = undefined;
    if (sample.length === 0) throw new Error("holds no row");
    const columns = new Set<string>();
    for (const { row } of sample) addPaths(row, "", columns);
    const wanted = this.#handler.begin({ kind: "json", columns: [...columns] });
    this.#paths = wanted.map((name) => [name, ...name.split(".")]);
    for (const { row, line } of sample) this.#handler.row(this.#cellsOf(row), line);
  }

  #cellsOf(row: unknown): readonly string[] {
    return this.#paths.map(([name = "", ...path]) => {
      const own = (row as Record<string, unknown>)[name];
      if (own !== undefined) return cellText(own);
      let value: unknown = row;
      for (const key of path) value = isObject(value) ? value[key] : undefined;
      return cellText(value);
    });
  }
}

const DEPTH_MAX = 4;
const COLUMNS_MAX = 2_000;

/** Adds the paths of an object's members; `usage.prompt_tokens` is a nested member. */
function addPaths(value: unknown, prefix: string, columns: Set<string>, depth = 1): void {
  if (!isObject(value)) return;
  for (const [key, member] of Object.entries(value)) {
    if (columns.size >= COLUMNS_MAX) return;
    if (isObject(member) && depth < DEPTH_MAX) addPaths(member, `${prefix}${key}.`, columns, depth + 1);
    else columns.add(`${prefix}${key}`);
  }
}

function cellText(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** The rows of an answer of a usage API: a page of buckets with results, a list, or one row. */
function rowsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value.flatMap(rowsOf);
  if (!isObject(value)) return [value];
  const { data, results, ...rest } = value;
  if (Array.isArray(data) && data.every(isObject)) return data.flatMap(rowsOf);
  // The other members of a bucket, such as its times, apply to each of its results.
  if (Array.isArray(results))
    return itemsOf(results).map((result) => (isObject(result) ? { ...rest, ...result } : result));
  return [value];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
