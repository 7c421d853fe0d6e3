/**
 * CSV with a header, streamed: the one place that says what a table may be. A header names each column once; a row is of
 * bounded length, also one whose quote is never closed.
 * @module
 */
import { Readable } from "node:stream";
import { CalybrisError } from "@calybris/kernel";
import { parse } from "csv-parse";
import { LINE_MAX_BYTES } from "./lines.ts";
import { showValue } from "./mistakes.ts";

/** A row, by the names of its columns. */
export interface CsvRow {
  /** The line of the file that it ends on, from 1. */
  readonly line: number;
  readonly cells: Readonly<Record<string, string>>;
}

export interface CsvOptions {
  /** What the table is called in an error. */
  readonly file: string;
  readonly delimiter?: string;
  /** Throws when the table lacks a column that is needed; a table without any row has no header. */
  readonly checkHeader?: (header: readonly string[]) => void;
}

export const COLUMNS_MAX = 16_384;

/**
 * @throws {@link CalybrisError} `CAL_INPUT_MALFORMED` with the line of what is not CSV; whatever `source` and `checkHeader`
 *   throw.
 */
export async function* csvRows(
  source: AsyncIterable<string | Uint8Array>,
  { file, delimiter = ",", checkHeader }: CsvOptions,
): AsyncGenerator<CsvRow> {
  const parser = parse({
    bom: true,
    info: true,
    skip_empty_lines: true,
    delimiter,
    max_record_size: LINE_MAX_BYTES,
    columns: (header: string[]) => {
      requireColumns(header, file);
      checkHeader?.(header);
      return header;
    },
  });
  const bytes = Readable.from(source);
  bytes.on("error", (cause) => parser.destroy(cause));
  bytes.pipe(parser);
  try {
    for await (const { info, record } of parser as AsyncIterable<{
      info: { lines: number };
      record: Record<string, string>;
    }>)
      yield { line: info.lines, cells: record };
  } catch (cause) {
    if (cause instanceof CalybrisError || !(cause instanceof Error)) throw cause;
    const line = "lines" in cause ? Number(cause.lines) : undefined;
    const details = { file, problem: `is not CSV: ${cause.message}`, ...(line === undefined ? {} : { line }) };
    throw new CalybrisError("CAL_INPUT_MALFORMED", details, { cause });
  } finally {
    bytes.destroy();
  }
}

function requireColumns(header: readonly string[], file: string): void {
  const names = new Set<string>();
  const problem = (): string | undefined => {
    if (header.length > COLUMNS_MAX) return `has more than ${COLUMNS_MAX} columns`;
    for (const name of header) {
      // A row is an object, and this is no name of a member.
      if (name === "__proto__") return 'has the column "__proto__", which is not allowed';
      if (names.has(name)) return `has a duplicate column ${showValue(name)}`;
      names.add(name);
    }
    return undefined;
  };
  const found = problem();
  if (found !== undefined) throw new CalybrisError("CAL_INPUT_MALFORMED", { file, line: 1, problem: found });
}
