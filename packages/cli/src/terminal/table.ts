/**
 * Tables for a terminal: a rule under the head, none between rows, numbers to the right.
 * @module
 */
import Table from "cli-table3";

/** A cell, or one that takes the rest of its row. */
export type Cell = string | { readonly content: string; readonly colSpan: number };

/** @param columns - heading and alignment of each: `<` to the left, `>` to the right, as in `">cost"`. */
export function tableText(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const table = new Table({
    head: columns.map((column) => column.slice(1)),
    colAligns: columns.map((column) => (column.startsWith(">") ? "right" : "left")),
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) {
    table.push(row.map((cell) => (typeof cell === "string" ? cell : { ...cell, hAlign: "left" as const })));
  }
  return table.toString();
}
