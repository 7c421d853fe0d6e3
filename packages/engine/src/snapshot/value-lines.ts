/**
 * Rows of JSON that a state snapshot holds in a Map's order, a fixed number per line. Values are immutable: a key gets a new
 * value in place of the old one. So a line whose keys still have the same values is reused.
 * @module
 */
import { type SnapshotLine, textLine } from "./line.ts";

type Row<Value> = readonly [key: number, value: Value];

interface MadeLine<Value> {
  readonly rows: readonly Row<Value>[];
  readonly line: SnapshotLine;
}

export class ValueLines<Value> {
  readonly #part: string;
  readonly #rows: number;
  readonly #textOf: (key: number, value: Value) => string;
  #made: readonly MadeLine<Value>[] = [];

  /**
   * @param rows - rows per line.
   * @param textOf - the JSON of a row.
   */
  constructor(part: string, rows: number, textOf: (key: number, value: Value) => string) {
    this.#part = part;
    this.#rows = rows;
    this.#textOf = textOf;
  }

  of(values: ReadonlyMap<number, Value>): readonly SnapshotLine[] {
    const all = [...values];
    const made: MadeLine<Value>[] = [];
    for (let from = 0; from < all.length; from += this.#rows)
      made.push(this.#lineOf(made.length, all.slice(from, from + this.#rows)));
    this.#made = made;
    return made.map(({ line }) => line);
  }

  #lineOf(number: number, rows: readonly Row<Value>[]): MadeLine<Value> {
    const before = this.#made[number];
    if (before !== undefined && areSame(before.rows, rows)) return before;
    const texts = rows.map(([key, value]) => this.#textOf(key, value));
    return { rows, line: textLine(`{"part":"${this.#part}","rows":[${texts.join(",")}]}`) };
  }
}

function areSame<Value>(before: readonly Row<Value>[], rows: readonly Row<Value>[]): boolean {
  return (
    before.length === rows.length &&
    before.every(([key, value], index) => key === rows[index]?.[0] && value === rows[index]?.[1])
  );
}
