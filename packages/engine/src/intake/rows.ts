/**
 * Requests from a file, one a row: JSON Lines, or CSV with a map from our fields to its columns. Streamed, gzip as well.
 * What a row says is checked when it is resolved against a policy; here it only has to be readable.
 * @module
 */
import { Readable } from "node:stream";
import { CalybrisError, type ExactJson, type Mistake } from "@calybris/kernel";
import { parse } from "csv-parse";
import { CLIENT_REQUEST_KEYS, type ClientRequest } from "./client-request.ts";
import { requestFieldTypes } from "./json-schemas.ts";
import { linesOf } from "./lines.ts";
import { showValue } from "./money.ts";
import { nameRemedy } from "./nearest.ts";
import { readJsonLine } from "./read-json.ts";
import { itemsOf, membersOf } from "./shape.ts";

/** One request, and the line of the file it is from. */
export interface RequestRow {
  readonly line: number;
  readonly request: ClientRequest;
}

/** For each field of a request: the name of a column, or the same value in every row. */
export type RowMap = Readonly<Record<string, string | { readonly const: ExactJson }>>;

/** Reads a file of rows: CSV when a map is given or the name says so, else JSON Lines. */
export function requestRows(file: string, map?: RowMap): AsyncGenerator<RequestRow> {
  return map !== undefined || /\.csv(\.gz)?$/.test(file) ? csvRows(file, map) : jsonRows(file);
}

/** Reads a map file's value. @throws {@link CalybrisError} `CAL_REQUEST_INVALID` with every mistake. */
export function parseRowMap(value: unknown, file: string): RowMap {
  const mistakes: Mistake[] = [];
  if (membersOf(value) !== value)
    mistakes.push({ path: "", problem: `is ${showValue(value)}`, remedy: "Write an object." });
  for (const [key, column] of Object.entries(membersOf(value))) {
    if (!CLIENT_REQUEST_KEYS.some((known) => known === key))
      mistakes.push({
        path: key,
        problem: "is not a field of a request",
        remedy: nameRemedy(key, CLIENT_REQUEST_KEYS),
      });
    const constant = Object.keys(membersOf(column));
    if (typeof column !== "string" && !(constant.length === 1 && constant[0] === "const"))
      mistakes.push({
        path: key,
        problem: `is ${showValue(column)}`,
        remedy: 'Write the name of a column, or {"const": value}.',
      });
  }
  if (mistakes.length > 0) throw new CalybrisError("CAL_REQUEST_INVALID", { mistakes, file });
  return value as RowMap;
}

async function* jsonRows(file: string): AsyncGenerator<RequestRow> {
  for await (const { line, text } of linesOf(file)) {
    if (text.trim() !== "") yield { line, request: readJsonLine(text, file, line) as unknown as ClientRequest };
  }
}

async function* csvRows(file: string, map?: RowMap): AsyncGenerator<RequestRow> {
  let columns: readonly string[] = [];
  const parser = parse({
    info: true,
    skip_empty_lines: true,
    columns: (header: string[]) => {
      columns = checkHeader(header, map, file);
      return header;
    },
  });
  const source = Readable.from(csvText(file));
  source.on("error", (cause) => parser.destroy(cause));
  source.pipe(parser);
  try {
    for await (const { info, record } of parser as AsyncIterable<{
      info: { lines: number };
      record: Record<string, string>;
    }>)
      yield { line: info.lines, request: rowOf(record, map, columns) };
  } catch (cause) {
    if (cause instanceof CalybrisError || !(cause instanceof Error)) throw cause;
    const line = "lines" in cause ? Number(cause.lines) : undefined;
    throw new CalybrisError(
      "CAL_INPUT_MALFORMED",
      { file, problem: `is not CSV: ${cause.message}`, ...(line === undefined ? {} : { line }) },
      { cause },
    );
  } finally {
    source.destroy();
  }
}

async function* csvText(file: string): AsyncGenerator<string> {
  for await (const { text } of linesOf(file)) yield `${text}\n`;
}

function checkHeader(header: readonly string[], map: RowMap | undefined, file: string): readonly string[] {
  const malformed = (problem: string): CalybrisError =>
    new CalybrisError("CAL_INPUT_MALFORMED", { file, line: 1, problem });
  const twice = header.find((name, index) => header.indexOf(name) < index);
  if (twice !== undefined) throw malformed(`has the column ${JSON.stringify(twice)} twice`);
  for (const column of Object.values(map ?? {})) {
    if (typeof column === "string" && !header.includes(column))
      throw malformed(`has no column ${JSON.stringify(column)}. ${nameRemedy(column, header)}`);
  }
  return header;
}

function rowOf(
  record: Readonly<Record<string, string>>,
  map: RowMap | undefined,
  columns: readonly string[],
): ClientRequest {
  const request: Record<string, unknown> = {};
  for (const [key, column] of map === undefined ? columns.map((name) => [name, name] as const) : Object.entries(map)) {
    const value = typeof column === "string" ? cellOf(key, record[column] ?? "") : column.const;
    if (value !== undefined) request[key] = value;
  }
  return request as unknown as ClientRequest;
}

/** An empty cell says nothing; a list is written `a|b`; a number that is none stays text, to be refused by its name. */
function cellOf(key: string, cell: string): unknown {
  if (cell === "") return undefined;
  const type = requestFieldTypes().get(key);
  if (type === "array") return itemsOf(cell.split("|"));
  return type === "integer" && /^-?[0-9]{1,15}$/.test(cell) ? Number(cell) : cell;
}
