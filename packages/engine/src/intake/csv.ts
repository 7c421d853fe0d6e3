/**
 * Streaming CSV with a header; all limits of tables are enforced here. Column names are unique, and the length of a row is
 * bounded, even if a quote is never closed.
 * @module
 */
import { Readable } from "node:stream";
import { CalybrisError } from "@calybris/kernel";
import { parse } from "csv-parse";
import { LINE_MAX_BYTES } from "./lines.ts";
import { showValue } from "./mistakes.ts";

/** A row, with its cells by column name. */
export interface CsvRow {
  /** Line of the file that the row ends on, from 1. */
  readonly line: number;
  readonly cells: Readonly<Record<string, string>>;
}

export interface CsvOptions {
  /** Name of the table in errors. */
  readonly file: string;
  readonly delimiter?: string;
  /** Throws if a required column is missing. Not called for a table without rows. */
  readonly checkHeader?: (header: readonly string[]) => void;
}

export const COLUMNS_MAX = 16_384;

/**
 * @throws {@link CalybrisError} `CAL_INPUT_MALFORMED` with the line that is not valid CSV; errors of `source` and
 *   `checkHeader` are passed on.
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
      // A row is an object, on which this name would set the prototype.
      if (name === "__proto__") return 'has the column "__proto__", which is not allowed';
      if (names.has(name)) return `has a duplicate column ${showValue(name)}`;
      names.add(name);
    }
    return undefined;
  };
  const found = problem();
  if (found !== undefined) throw new CalybrisError("CAL_INPUT_MALFORMED", { file, line: 1, problem: found });
}
