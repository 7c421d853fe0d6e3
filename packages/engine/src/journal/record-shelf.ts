/**
 * Memory for records: pieces of 64 KiB, each taken from its beginning. A piece lives as long as a record in it is looked at;
 * a caller that keeps a decision keeps its piece.
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

  /** Makes room for the next record of at most so many bytes, at {@link at} of {@link pages}. Nothing is taken yet. */
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

  /** The record at the last place has so many bytes. */
  take(bytes: number): void {
    this.#end += bytes;
  }
}
