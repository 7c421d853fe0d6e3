/**
 * Where entries are, without an index of all of them: the positions of some, {@link SPACING} entries apart, and of the first
 * of each segment. What lies between two of them is read in one go.
 * @module
 */
import type { SparseIndexEntry } from "./segment-slice.ts";

export const SPACING = 32;

/** Where an entry is: at or behind a mark, and before the end, where that is known. */
export interface EntryPlace {
  readonly mark: SparseIndexEntry;
  readonly end: number | undefined;
}

export class EntryPlaces {
  #marks: SparseIndexEntry[] = [];

  /** Notes the position of an entry; in ascending sequence. Most are not kept, but each segment's first is. */
  note(sequence: number, segment: number, offset: number): void {
    const last = this.#marks.at(-1);
    if (last === undefined || segment !== last.segment || sequence >= last.sequence + SPACING)
      this.#marks.push({ sequence, segment, offset });
  }

  /** `undefined` for an entry before the first that was noted. */
  of(sequence: number): EntryPlace | undefined {
    const position = this.#before(sequence);
    const mark = this.#marks[position];
    if (mark === undefined) return undefined;
    const next = this.#marks[position + 1];
    return { mark, end: next?.segment === mark.segment ? next.offset : undefined };
  }

  /** Takes positions between a mark and the next: one batch was written there, and divided when it was first read. */
  divide({ sequence }: SparseIndexEntry, between: readonly SparseIndexEntry[]): void {
    const position = this.#before(sequence);
    const next = this.#marks[position + 1]?.sequence ?? Number.POSITIVE_INFINITY;
    const marks = between.filter((mark) => mark.sequence < next);
    this.#marks = [...this.#marks.slice(0, position + 1), ...marks, ...this.#marks.slice(position + 1)];
  }

  #before(sequence: number): number {
    let low = 0;
    let high = this.#marks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#marks[middle] as SparseIndexEntry).sequence <= sequence) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
