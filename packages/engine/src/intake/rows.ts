/**
 * Requests from a file, one per row: JSON Lines, or CSV with a map from our fields to its columns. Streamed, gzip too. The
 * content of a row is checked when it is resolved against a policy; here it only has to be parseable.
 * @module
 */
import { CalybrisError, type ExactJson } from "@calybris/kernel";
import { CLIENT_REQUEST_KEYS, type ClientRequest } from "./client-request.ts";
import { csvRows } from "./csv.ts";
import { requestFieldTypes } from "./json-schemas.ts";
import { linesOf } from "./lines.ts";
import { isObject, itemsOf, membersOf } from "./members.ts";
import { Mistakes, showValue } from "./mistakes.ts";
import { nameRemedy } from "./nearest.ts";
import { readJsonLine } from "./read-json.ts";

/** A request and its line in the file. */
export interface RequestRow {
  readonly line: number;
  readonly request: ClientRequest;
}

/** For each field of a request: the name of a column, or a constant value for every row. */
export type RowMap = Readonly<Record<string, string | { readonly const: ExactJson }>>;

/** Reads a file of rows: CSV if a map is given or the file name says so, otherwise JSON Lines. */
export function requestRows(file: string, map?: RowMap): AsyncGenerator<RequestRow> {
  return map !== undefined || /\.csv(\.gz)?$/.test(file) ? tableRows(file, map) : jsonRows(file);
}

/** Parses a map file's value. @throws {@link CalybrisError} `CAL_REQUEST_INVALID` with every mistake. */
export function parseRowMap(value: unknown, file: string): RowMap {
  const mistakes = new Mistakes();
  if (!isObject(value)) mistakes.add([], `is ${showValue(value)}`, "Write an object.");
  for (const [key, column] of Object.entries(membersOf(value))) {
    if (mistakes.isFull) break;
    if (!CLIENT_REQUEST_KEYS.some((known) => known === key))
      mistakes.add([key], "is not a field of a request", mistakes.remedyFor(key, CLIENT_REQUEST_KEYS));
    const constant = Object.keys(membersOf(column));
    if (typeof column !== "string" && !(constant.length === 1 && constant[0] === "const"))
      mistakes.add([key], `is ${showValue(column)}`, 'Write the name of a column, or {"const": value}.');
  }
  if (!mistakes.isEmpty) throw new CalybrisError("CAL_REQUEST_INVALID", { mistakes: mistakes.list, file });
  return value as RowMap;
}

async function* jsonRows(file: string): AsyncGenerator<RequestRow> {
  for await (const { line, text } of linesOf(file)) {
    if (text.trim() !== "") yield { line, request: readJsonLine(text, file, line) as unknown as ClientRequest };
  }
}

async function* tableRows(file: string, map?: RowMap): AsyncGenerator<RequestRow> {
  let columns: readonly string[] = [];
  const checkHeader = (header: readonly string[]): void => {
    requireMapped(header, map, file);
    columns = header;
  };
  for await (const { line, cells } of csvRows(textOf(file), { file, checkHeader }))
    yield { line, request: rowOf(cells, map, columns) };
}

/** Decoded line by line, so that the error for invalid UTF-8 names its line. */
async function* textOf(file: string): AsyncGenerator<string> {
  for await (const { text } of linesOf(file)) yield `${text}\n`;
}

function requireMapped(header: readonly string[], map: RowMap | undefined, file: string): void {
  const columns = new Set(header);
  for (const column of Object.values(map ?? {})) {
    if (typeof column !== "string" || columns.has(column)) continue;
    const problem = `has no column ${showValue(column)}. ${nameRemedy(column, header)}`;
    throw new CalybrisError("CAL_INPUT_MALFORMED", { file, line: 1, problem });
  }
}

function rowOf(
  cells: Readonly<Record<string, string>>,
  map: RowMap | undefined,
  columns: readonly string[],
): ClientRequest {
  const request: Record<string, unknown> = {};
  for (const [key, column] of map === undefined ? columns.map((name) => [name, name] as const) : Object.entries(map)) {
    const value = typeof column === "string" ? cellOf(key, cells[column] ?? "") : column.const;
    if (value !== undefined) request[key] = value;
  }
  return request as unknown as ClientRequest;
}

/**
 * An empty cell is an omitted field; a list is written `a|b`; an invalid number stays text, and is refused later by field.
 */
function cellOf(key: string, cell: string): unknown {
  if (cell === "") return undefined;
  const type = requestFieldTypes().get(key);
  if (type === "array") return itemsOf(cell.split("|"));
  return type === "integer" && /^-?[0-9]{1,15}$/.test(cell) ? Number(cell) : cell;
}
