/**
 * Positions of entries, as a sparse index: one mark every {@link SPACING} entries, and the first entry of each segment. The
 * range between two marks is read in one operation.
 * @module
 */
import type { SparseIndexEntry } from "./segment-slice.ts";

export const SPACING = 32;

/** The place of an entry: at or after a mark, and before the end, if the end is known. */
export interface EntryPlace {
  readonly mark: SparseIndexEntry;
  readonly end: number | undefined;
}

export class EntryPlaces {
  #marks: SparseIndexEntry[] = [];

  /**
   * Records the position of an entry, in ascending sequence. Keeps a mark per {@link SPACING} entries and each segment's
   * first.
   */
  note(sequence: number, segment: number, offset: number): void {
    const last = this.#marks.at(-1);
    if (last === undefined || segment !== last.segment || sequence >= last.sequence + SPACING)
      this.#marks.push({ sequence, segment, offset });
  }

  /** `undefined` for an entry before the first mark. */
  of(sequence: number): EntryPlace | undefined {
    const position = this.#before(sequence);
    const mark = this.#marks[position];
    if (mark === undefined) return undefined;
    const next = this.#marks[position + 1];
    return { mark, end: next?.segment === mark.segment ? next.offset : undefined };
  }

  /** Adds marks between a mark and the next: the range was one batch, and was divided when it was first read. */
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
