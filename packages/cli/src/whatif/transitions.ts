/**
 * Counts the replacements of one candidate by another.
 * @module
 */
export interface Transition {
  readonly from: string;
  readonly to: string;
  readonly decisions: number;
  /** Estimated; negative if the other policy costs more. */
  readonly savedMicrocents: bigint;
}

export class Transitions {
  readonly #byFrom = new Map<string, Map<string, { decisions: number; savedMicrocents: bigint }>>();

  add(from: string, to: string, savedMicrocents: bigint): void {
    let row = this.#byFrom.get(from);
    if (row === undefined) {
      row = new Map();
      this.#byFrom.set(from, row);
    }
    const cell = row.get(to);
    if (cell === undefined) row.set(to, { decisions: 1, savedMicrocents });
    else {
      cell.decisions += 1;
      cell.savedMicrocents += savedMicrocents;
    }
  }

  /** All transitions, the most frequent first. */
  summary(): readonly Transition[] {
    return [...this.#byFrom]
      .flatMap(([from, row]) => [...row].map(([to, cell]) => ({ from, to, ...cell })))
      .sort((one, other) => other.decisions - one.decisions || one.from.localeCompare(other.from, "en"));
  }
}
