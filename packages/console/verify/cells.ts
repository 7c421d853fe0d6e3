/**
 * Draws a chain of any length with a bounded number of cells.
 * @module
 */
import type { Cell } from "./protocol.ts";

const CELLS_MAX = 480;

interface Counted {
  readonly first: number;
  last: number;
  readonly kinds: Map<string, number>;
}

/** Collects entries in order. If there are too many cells, neighbours are merged. */
export class Cells {
  #perCell = 1;
  #cells: Counted[] = [];

  add(sequence: number, kind: string): void {
    let cell = this.#cells.at(-1);
    if (cell === undefined || cell.last - cell.first + 1 >= this.#perCell) {
      if (this.#cells.length >= CELLS_MAX) this.#merge();
      cell = { first: sequence, last: sequence, kinds: new Map() };
      this.#cells.push(cell);
    }
    cell.last = sequence;
    cell.kinds.set(kind, (cell.kinds.get(kind) ?? 0) + 1);
  }

  #merge(): void {
    const merged: Counted[] = [];
    for (const [at, cell] of this.#cells.entries()) {
      const before = merged.at(-1);
      if (at % 2 === 0 || before === undefined) merged.push(cell);
      else {
        before.last = cell.last;
        for (const [kind, count] of cell.kinds) before.kinds.set(kind, (before.kinds.get(kind) ?? 0) + count);
      }
    }
    this.#cells = merged;
    this.#perCell *= 2;
  }

  get cells(): readonly Cell[] {
    return this.#cells.map(({ first, last, kinds }) => ({ first, last, kind: mostOf(kinds) }));
  }
}

function mostOf(kinds: ReadonlyMap<string, number>): string {
  return [...kinds].reduce((one, other) => (other[1] > one[1] ? other : one), ["", 0] as const)[0];
}
