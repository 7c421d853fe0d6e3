/**
 * Reads rows of delimited text (RFC 4180: CSV, TSV, any delimiter) from chunks of text. A bad row never affects the others.
 *
 * csv-parse, which reads tables elsewhere in this repository, cannot do that: docs/adr/0019-a-reader-of-delimited-text.md.
 * Tests check that both agree on well-formed tables.
 *
 * A quote opens a quoted cell only at the beginning of the cell; elsewhere it is a plain character. A quoted cell that does
 * not end within {@link RECORD_CHARACTERS_MAX}, or that ends inside another row, is reported with the line on which it
 * begins. Reading continues with the next line.
 * @module
 */

export interface RowHandler {
  /** @param line - the line on which the row begins, from 1. */
  readonly row: (cells: readonly string[], line: number) => void;
  readonly bad: (line: number, problem: string) => void;
}

/** Large enough for a row that holds a prompt and its answer. */
export const RECORD_CHARACTERS_MAX: number = 4 * 1024 * 1024;

export class DelimitedText {
  readonly #delimiter: string;
  readonly #handler: RowHandler;
  #text = "";
  #line = 1;
  /** Number of cells in the header. A row of several lines with a different number has a stray quote. */
  #columns: number | undefined;
  /** Inside a line that is too long: the rest of the line is dropped. */
  #isSkipping = false;

  constructor(delimiter: string, handler: RowHandler) {
    this.#delimiter = delimiter;
    this.#handler = handler;
  }

  push(text: string): void {
    this.#read(this.#text + text, false);
  }

  end(): void {
    this.#read(this.#text, true);
  }

  #read(text: string, isLast: boolean): void {
    let at = 0;
    let quote = text.indexOf('"');
    while (at < text.length) {
      const newline = text.indexOf("\n", at);
      if (newline === -1 && !isLast) break;
      const end = newline === -1 ? text.length : newline;
      if (this.#isSkipping) {
        this.#isSkipping = false;
        at = this.#next(end);
        continue;
      }
      if (quote !== -1 && quote < at) quote = text.indexOf('"', at);
      if (quote === -1 || quote > end) {
        if (end - at > RECORD_CHARACTERS_MAX) this.#handler.bad(this.#line, TOO_LONG);
        else this.#plainRow(text, at, end);
        at = this.#next(end);
        continue;
      }
      const after = this.#quotedRow(text, at, isLast);
      if (after === -1) break;
      at = after;
    }
    this.#text = at >= text.length ? "" : text.slice(at);
    this.#dropLongLine(isLast);
  }

  /** Drops an unfinished line that is already longer than the maximum. */
  #dropLongLine(isLast: boolean): void {
    if (isLast || this.#text.length <= RECORD_CHARACTERS_MAX || this.#text.includes("\n")) return;
    if (!this.#isSkipping) this.#handler.bad(this.#line, TOO_LONG);
    this.#isSkipping = true;
    this.#text = "";
  }

  #next(end: number): number {
    this.#line += 1;
    return end + 1;
  }

  #plainRow(text: string, at: number, end: number): void {
    const last = end > at && text.charCodeAt(end - 1) === CARRIAGE_RETURN ? end - 1 : end;
    if (last > at) this.#row(text.slice(at, last).split(this.#delimiter));
  }

  #row(cells: readonly string[]): void {
    this.#columns ??= cells.length;
    this.#handler.row(cells, this.#line);
  }

  /** Reads a row with quotes. Returns the offset of the next row, or -1 if the text ends before the row does. */
  #quotedRow(text: string, from: number, isLast: boolean): number {
    const cells: string[] = [];
    const delimiter = this.#delimiter;
    let lines = 0;
    let hasTextAfterQuote = false;
    let at = from;
    for (;;) {
      let cell: string | undefined;
      if (text.charCodeAt(at) === QUOTE) {
        const close = closingQuote(text, at);
        if (close === -1) return this.#unclosed(text, from, isLast, close);
        const quoted = text.slice(at + 1, close);
        if (quoted.includes("\n")) lines += quoted.split("\n").length - 1;
        cell = quoted.includes('"') ? quoted.replaceAll('""', '"') : quoted;
        at = close + 1;
      }
      const newline = text.indexOf("\n", at);
      if (newline === -1 && !isLast) return this.#unclosed(text, from, isLast, text.length);
      const lineEnd = newline === -1 ? text.length : newline;
      const next = text.indexOf(delimiter, at);
      const isInner = next !== -1 && next < lineEnd;
      const last = lineEnd > at && text.charCodeAt(lineEnd - 1) === CARRIAGE_RETURN ? lineEnd - 1 : lineEnd;
      // An unquoted cell, or the text after a quoted cell, which is empty in a well-formed row.
      const rest = text.slice(at, isInner ? next : last);
      if (cell !== undefined && rest !== "") hasTextAfterQuote = true;
      cells.push(cell === undefined ? rest : cell + rest);
      if (isInner) {
        at = next + delimiter.length;
        continue;
      }
      if (lines > 0 && (hasTextAfterQuote || cells.length !== (this.#columns ?? cells.length))) {
        this.#handler.bad(this.#line, "opens a quote that closes amid a later row");
        return this.#next(text.indexOf("\n", from));
      }
      this.#row(cells);
      this.#line += lines + 1;
      return lineEnd + 1;
    }
  }

  /** Waits for more text. At the end of the text, or if the row is too long, reports the line as bad and skips it. */
  #unclosed(text: string, from: number, isLast: boolean, close: number): number {
    const isTooLong = text.length - from > RECORD_CHARACTERS_MAX;
    if (!isLast && !isTooLong) return -1;
    const newline = text.indexOf("\n", from);
    if (newline === -1 && !isLast) return -1;
    this.#handler.bad(this.#line, close === -1 ? "opens a quote that is never closed" : TOO_LONG);
    return this.#next(newline === -1 ? text.length : newline);
  }
}

const QUOTE = 0x22;
const CARRIAGE_RETURN = 0x0d;
const TOO_LONG = `is longer than ${RECORD_CHARACTERS_MAX} characters`;

/** The offset of the quote that ends a quoted cell. A doubled quote is one quote in the cell. */
function closingQuote(text: string, open: number): number {
  let at = text.indexOf('"', open + 1);
  while (at !== -1 && text.charCodeAt(at + 1) === QUOTE) at = text.indexOf('"', at + 2);
  return at;
}

const DELIMITERS: readonly string[] = [",", "\t", ";", "|"];
/** Considered only if no common one occurs: many names contain a space or a colon. */
const RARE_DELIMITERS: readonly string[] = ["^", "~", "\u0001", "\u001f", ":", " "];

/** The most frequent delimiter of the header outside quotes; a comma if it has none. */
export function sniffDelimiter(header: string): string {
  const bare = header.replaceAll(/"[^"]*"/g, "");
  return mostFrequent(bare, DELIMITERS) ?? mostFrequent(bare, RARE_DELIMITERS) ?? ",";
}

function mostFrequent(text: string, delimiters: readonly string[]): string | undefined {
  const counts = delimiters.map((delimiter) => text.split(delimiter).length - 1);
  const most = Math.max(...counts);
  return most === 0 ? undefined : delimiters[counts.indexOf(most)];
}
