/**
 * A log of fixed-width records as a state snapshot holds it (docs/formats.md section 6): records are appended and erased,
 * and each page is one line. Records are numbered from 0, in the order in which they were appended.
 * @module
 */
import { type Sha256, type SnapshotMembers, toBase64Url, toUtf8 } from "@calybris/kernel";

const TWO_32 = 2 ** 32;

/** Writes and reads records of one width. A record whose first eight bytes are zero is empty. */
export interface RecordLayout<Kept> {
  readonly byteLength: number;
  write(view: DataView, at: number, record: Kept): void;
  read(view: DataView, at: number): Kept;
}

interface Page {
  /** `undefined` for a full page that no longer changes: only its digest is kept. */
  view: DataView | undefined;
  /** Number of records present. */
  count: number;
  /** SHA-256 of its line; `undefined` after a change. */
  digest: Uint8Array | undefined;
}

export class RecordPages<Kept> {
  readonly #part: string;
  readonly #layout: RecordLayout<Kept>;
  readonly #rows: number;
  readonly #sha256: Sha256;
  readonly #isNeverErased: boolean;
  /** By number, ascending. */
  readonly #pages = new Map<number, Page>();
  #next = 0;

  /**
   * @param rows - records in a page.
   * @param isNeverErased - whether only the digest of a full page is kept.
   */
  constructor(part: string, layout: RecordLayout<Kept>, rows: number, sha256: Sha256, isNeverErased = false) {
    this.#part = part;
    this.#layout = layout;
    this.#rows = rows;
    this.#sha256 = sha256;
    this.#isNeverErased = isNeverErased;
  }

  /** The number of the next record. */
  get next(): number {
    return this.#next;
  }

  /** Returns the record's number. */
  append(record: Kept): number {
    const number = this.#next;
    this.#next += 1;
    const at = Math.floor(number / this.#rows);
    const row = number % this.#rows;
    if (row === 0 && this.#pages.get(at - 1)?.count === 0) this.#pages.delete(at - 1);
    const page = this.#pages.get(at) ?? this.#newPage(at);
    this.#layout.write(page.view as DataView, row * this.#layout.byteLength, record);
    page.count += 1;
    page.digest = undefined;
    if (row === this.#rows - 1) this.#isFull(at, page);
    return number;
  }

  /** The record with a number; `undefined` if it was erased, or if only its page's digest is kept. */
  read(number: number): Kept | undefined {
    const view = this.#pages.get(Math.floor(number / this.#rows))?.view;
    if (view === undefined) return undefined;
    const at = (number % this.#rows) * this.#layout.byteLength;
    return isErased(view, at) ? undefined : this.#layout.read(view, at);
  }

  /** The decision in a record's first eight bytes; 0 if {@link read} returns `undefined`. */
  ofAt(number: number): number {
    const view = this.#pages.get(Math.floor(number / this.#rows))?.view;
    if (view === undefined) return 0;
    const at = (number % this.#rows) * this.#layout.byteLength;
    return view.getUint32(at, true) + view.getUint32(at + 4, true) * TWO_32;
  }

  /** A page is dropped with its last record, unless the next record may go into it. */
  erase(number: number): void {
    const at = Math.floor(number / this.#rows);
    const page = this.#pages.get(at);
    if (page?.view === undefined) return;
    page.count -= 1;
    if (page.count === 0 && at !== Math.floor((this.#next - 1) / this.#rows)) this.#pages.delete(at);
    const from = (number % this.#rows) * this.#layout.byteLength;
    bytesOf(page.view).fill(0, from, from + this.#layout.byteLength);
    page.digest = undefined;
  }

  /** Drops the pages that end before a record. */
  dropBefore(number: number): void {
    for (const at of this.#pages.keys()) {
      if ((at + 1) * this.#rows > number) return;
      this.#pages.delete(at);
    }
  }

  /** SHA-256 of each line. */
  *digests(): Generator<Uint8Array> {
    for (const [at, page] of this.#pages) yield this.#digestOf(at, page);
  }

  /** Restores a line. Throws RangeError if the line cannot come next. */
  restore(members: SnapshotMembers, onRecord?: (record: Kept, number: number) => void): void {
    const at = members.whole("page");
    const { byteLength } = this.#layout;
    const given = members.bytes("bytes");
    if (at * this.#rows < this.#next || given.byteLength > this.#rows * byteLength)
      throw new RangeError(`page ${at} of ${this.#part} cannot be`);
    const page = this.#newPage(at);
    const view = page.view as DataView;
    bytesOf(view).set(given);
    for (let row = 0; row < this.#rows; row++) {
      const from = row * byteLength;
      if (isErased(view, from)) continue;
      this.#next = at * this.#rows + row + 1;
      page.count += 1;
      onRecord?.(this.#layout.read(view, from), this.#next - 1);
    }
    if (this.#next === (at + 1) * this.#rows) this.#isFull(at, page);
  }

  #newPage(at: number): Page {
    const view = new DataView(new ArrayBuffer(this.#rows * this.#layout.byteLength));
    const page: Page = { view, count: 0, digest: undefined };
    this.#pages.set(at, page);
    return page;
  }

  #isFull(at: number, page: Page): void {
    if (!this.#isNeverErased) return;
    page.digest = this.#digestOf(at, page);
    page.view = undefined;
  }

  #digestOf(at: number, page: Page): Uint8Array {
    page.digest ??= this.#sha256(toUtf8(pageLine(this.#part, at, bytesOf(page.view as DataView))));
    return page.digest;
  }
}

function isErased(view: DataView, at: number): boolean {
  return view.getUint32(at, true) === 0 && view.getUint32(at + 4, true) === 0;
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** The line of a page of bytes. Trailing zeros are left out, except the first byte. */
export function pageLine(part: string, page: number, bytes: Uint8Array): string {
  let end = bytes.byteLength;
  while (end > 1 && bytes[end - 1] === 0) end -= 1;
  return `{"part":"${part}","page":${page},"bytes":"${toBase64Url(bytes.subarray(0, end))}"}`;
}
