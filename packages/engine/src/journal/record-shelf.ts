/**
 * Memory for records: pieces of 64 KiB, each taken from its beginning. A piece lives as long as a record in it is looked at;
 * a caller that keeps a decision keeps its piece.
 * @module
 */
import { type DecisionRecord, type Pages, pagesOf } from "./decision-record.ts";

const PIECE_BYTES = 64 * 1024;

export class RecordShelf {
  readonly #pieceBytes: number;
  #pages: Pages | undefined;
  #end = 0;

  constructor(pieceBytes: number = PIECE_BYTES) {
    this.#pieceBytes = pieceBytes;
  }

  /** Where the next record may be laid: at least so many bytes. Nothing is taken yet. */
  place(bytesMax: number): DecisionRecord {
    if (this.#pages === undefined || this.#end + bytesMax > this.#pages.u8.length) {
      this.#pages = pagesOf(new ArrayBuffer(Math.max(this.#pieceBytes, (bytesMax + 7) & ~7)));
      this.#end = 0;
    }
    return { pages: this.#pages, at: this.#end };
  }

  /** The record at the last place has so many bytes. */
  take(bytes: number): void {
    this.#end += bytes;
  }
}
