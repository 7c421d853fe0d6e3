/**
 * Rows of JSON that a state snapshot holds in pages. A page unchanged since the last snapshot keeps its line.
 * @module
 */
import { type SnapshotLine, textLine } from "./line.ts";

export class RowPages {
  readonly #part: string;
  readonly #rows: number;
  readonly #lines = new Map<number, SnapshotLine>();

  /** @param rows - rows per page. */
  constructor(part: string, rows: number) {
    this.#part = part;
    this.#rows = rows;
  }

  /** Marks a row as changed or added. */
  touch(row: number): void {
    this.#lines.delete(Math.floor(row / this.#rows));
  }

  /**
   * @param count - number of rows.
   * @param textOf - the JSON of a row.
   */
  *lines(count: number, textOf: (row: number) => string): Generator<SnapshotLine> {
    for (let page = 0; page * this.#rows < count; page++) {
      let line = this.#lines.get(page);
      if (line === undefined) {
        const from = page * this.#rows;
        const texts = Array.from({ length: Math.min(this.#rows, count - from) }, (_, row) => textOf(from + row));
        line = textLine(`{"part":"${this.#part}","page":${page},"rows":[${texts.join(",")}]}`);
        this.#lines.set(page, line);
      }
      yield line;
    }
  }
}
