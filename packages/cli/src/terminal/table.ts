/**
 * Tables for a terminal: a rule below the head, none between rows, numbers right-aligned. A table wider than the terminal is
 * narrowed: first its longest texts are truncated, then each row becomes a block of lines. Numbers are never truncated.
 * @module
 */
import Table from "cli-table3";

/** A cell, which may span several columns. */
export type Cell = string | { readonly content: string; readonly colSpan: number };

/** Minimum width of a truncated text. */
const TEXT_WIDTH_MIN = 12;
/** A space on each side of a cell, and the separator. */
const FRAME_WIDTH = 3;

/**
 * @param columns - heading and alignment of each: `<` for left, `>` for right, as in `">cost"`.
 * @param widthMax - width of the terminal. Without it, as for a file, nothing is narrowed.
 */
export function tableText(
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
  widthMax: number | undefined = process.stdout.isTTY ? process.stdout.columns : undefined,
): string {
  const widths = naturalWidths(columns, rows);
  let excess = widths.reduce((sum, width) => sum + width + FRAME_WIDTH, 1) - (widthMax ?? Number.POSITIVE_INFINITY);
  const isNarrowed = excess > 0;
  while (excess > 0) {
    const widest = widestText(columns, widths);
    if (widest === undefined) return blocksText(columns, rows);
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess -= 1;
  }
  const table = new Table({
    head: columns.map((column) => column.slice(1)),
    colAligns: columns.map((column) => (column.startsWith(">") ? "right" : "left")),
    ...(isNarrowed && { colWidths: widths.map((width) => width + FRAME_WIDTH - 1) }),
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) {
    table.push(row.map((cell) => (typeof cell === "string" ? cell : { ...cell, hAlign: "left" as const })));
  }
  return table.toString();
}

function naturalWidths(columns: readonly string[], rows: readonly (readonly Cell[])[]): number[] {
  const widths = columns.map((column) => [...column].length - 1);
  for (const row of rows)
    for (const [index, cell] of row.entries())
      if (typeof cell === "string") widths[index] = Math.max(widths[index] ?? 0, [...cell].length);
  for (const row of rows)
    for (const [index, cell] of row.entries()) if (typeof cell !== "string") makeRoom(widths, index, cell);
  return widths;
}

/** Widens the last column of a spanning cell to fit its content. */
function makeRoom(widths: number[], from: number, { content, colSpan }: Exclude<Cell, string>): void {
  const spanned = widths.slice(from, from + colSpan).reduce((sum, width) => sum + width + FRAME_WIDTH, -FRAME_WIDTH);
  const last = Math.min(from + colSpan, widths.length) - 1;
  if (content.length > spanned) widths[last] = (widths[last] ?? 0) + content.length - spanned;
}

function widestText(columns: readonly string[], widths: readonly number[]): number | undefined {
  let widest: number | undefined;
  for (const [index, width] of widths.entries()) {
    if (columns[index]?.startsWith(">") === true || width <= TEXT_WIDTH_MIN) continue;
    if (widest === undefined || width > (widths[widest] ?? 0)) widest = index;
  }
  return widest;
}

/** Each row as a block: its first cell, and a line for each other cell. */
function blocksText(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const names = columns.map((column) => column.slice(1));
  const nameWidth = Math.max(...names.map((name) => name.length));
  return rows
    .map((row) =>
      row
        .map((cell, index) => {
          if (index === 0) return textOf(cell);
          const name = typeof cell === "string" ? (names[index] ?? "") : "";
          return `  ${name.padEnd(nameWidth)}  ${textOf(cell)}`;
        })
        .join("\n"),
    )
    .join("\n");
}

function textOf(cell: Cell): string {
  return typeof cell === "string" ? cell : cell.content;
}
