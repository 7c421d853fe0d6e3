/**
 * A log of fixed-width records that supports append and erase; a state snapshot holds it page by page. Record numbers count
 * all records ever appended, so pages are the same with or without a restart.
 * @module
 */
import type { SnapshotMembers } from "@calybris/kernel";
import type { SnapshotLine } from "./line.ts";
import { type Page, Pages } from "./pages.ts";

/** Writes and reads records of one width; a record whose first bytes are zero is absent. */
export interface Records<Written, Read> {
  readonly byteLength: number;
  write(view: DataView, at: number, record: Written): void;
  read(view: DataView, at: number): Read;
}

export class RecordLog<Written, Read = Written> {
  readonly #records: Records<Written, Read>;
  readonly #rows: number;
  readonly #pages: Pages;
  /** Number of live records by page. */
  readonly #live = new Map<number, number>();
  #next = 0;

  /** @param rows - records per page. */
  constructor(part: string, records: Records<Written, Read>, rows: number) {
    this.#records = records;
    this.#rows = rows;
    this.#pages = new Pages(part, rows * records.byteLength);
  }

  /** The number that the next record gets. */
  get next(): number {
    return this.#next;
  }

  /** Returns the record's number. */
  append(record: Written): number {
    const number = this.#next;
    this.#next += 1;
    const page = Math.floor(number / this.#rows);
    const row = number % this.#rows;
    if (row === 0 && this.#live.get(page - 1) === 0) this.#drop(page - 1);
    this.#records.write(this.#pages.own(page).view, row * this.#records.byteLength, record);
    this.#live.set(page, (this.#live.get(page) ?? 0) + 1);
    if (row === this.#rows - 1) this.#pages.settle(page);
    return number;
  }

  /** The page of a record, for reading; the record begins at {@link offsetOf}. */
  viewOf(number: number): DataView | undefined {
    return this.#pages.get(Math.floor(number / this.#rows))?.view;
  }

  /** The offset of a record in its page. */
  offsetOf(number: number): number {
    return (number % this.#rows) * this.#records.byteLength;
  }

  /** A record by its number; `undefined` if absent. */
  read(number: number): Read | undefined {
    const view = this.viewOf(number);
    return view === undefined ? undefined : this.#records.read(view, this.offsetOf(number));
  }

  /** Erases an existing record. */
  erase(number: number): void {
    if (this.release(number)) return;
    const at = (number % this.#rows) * this.#records.byteLength;
    this.#pages.own(Math.floor(number / this.#rows)).bytes.fill(0, at, at + this.#records.byteLength);
  }

  /**
   * Marks an existing record as no longer needed. Its page is unchanged, and is dropped with its last needed record. The
   * page of the latest record stays, because numbering continues from it after a restart.
   *
   * @returns whether the page was dropped.
   */
  release(number: number): boolean {
    const page = Math.floor(number / this.#rows);
    const live = (this.#live.get(page) ?? 0) - 1;
    this.#live.set(page, live);
    if (live > 0 || page === Math.floor((this.#next - 1) / this.#rows)) return false;
    this.#drop(page);
    return true;
  }

  /** Drops all pages that end before a record. */
  dropBefore(number: number): void {
    for (const page of this.#live.keys()) {
      if ((page + 1) * this.#rows > number) return;
      this.#drop(page);
    }
  }

  /** The numbers of the pages in {@link lines}, ascending, each with its number of record slots used so far. */
  *pages(): Generator<{ readonly page: number; readonly rows: number }> {
    for (const page of this.#live.keys()) yield { page, rows: Math.min(this.#rows, this.#next - page * this.#rows) };
  }

  lines(): Generator<SnapshotLine> {
    return this.#pages.lines();
  }

  /**
   * Restores a page, and passes on its records with their numbers. Throws RangeError if pages do not ascend.
   *
   * @param onRecord - returns whether a record is still needed.
   */
  restore(members: SnapshotMembers, onRecord: (record: Read, number: number) => boolean): void {
    const { number: page, page: restored } = this.#pages.restore(members);
    if (page * this.#rows < this.#next) throw new RangeError("pages do not ascend");
    let live = 0;
    for (let row = 0; row < this.#rows; row++) {
      const at = row * this.#records.byteLength;
      if (!isRecord(restored, at)) continue;
      this.#next = page * this.#rows + row + 1;
      if (onRecord(this.#records.read(restored.view, at), page * this.#rows + row)) live += 1;
    }
    this.#live.set(page, live);
  }

  #drop(page: number): void {
    this.#live.delete(page);
    this.#pages.drop(page);
  }
}

function isRecord({ view }: Page, at: number): boolean {
  return view.getUint32(at, true) !== 0 || view.getUint32(at + 4, true) !== 0;
}
