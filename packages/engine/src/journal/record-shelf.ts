/**
 * Memory for records: chunks of 64 KiB, allocated from the start. A chunk lives as long as a record in it is referenced; a
 * caller that keeps a decision keeps its chunk.
 * @module
 */
import { type Pages, pagesOf } from "./decision-record.ts";

const PIECE_BYTES = 64 * 1024;
const NO_PAGES: Pages = pagesOf(new ArrayBuffer(0));

export class RecordShelf {
  readonly #pieceBytes: number;
  #pages: Pages = NO_PAGES;
  #end = 0;

  constructor(pieceBytes: number = PIECE_BYTES) {
    this.#pieceBytes = pieceBytes;
  }

  /** Makes room for the next record of at most `bytesMax`, at {@link at} of {@link pages}. Allocates nothing yet. */
  place(bytesMax: number): void {
    if (this.#end + bytesMax <= this.#pages.u8.length) return;
    this.#pages = pagesOf(new ArrayBuffer(Math.max(this.#pieceBytes, (bytesMax + 7) & ~7)));
    this.#end = 0;
  }

  get pages(): Pages {
    return this.#pages;
  }

  get at(): number {
    return this.#end;
  }

  /** Allocates the actual size of the record at the last place. */
  take(bytes: number): void {
    this.#end += bytes;
  }
}
