/**
 * Single entries of a directory. Their positions are kept here; they are read by a thread, so that an archive on a slow disk
 * never blocks the ordering thread, or by a reader in this thread for the disks of tests and simulations.
 * @module
 */
import { parseEntryHead } from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";
import { type EntryPlace, EntryPlaces } from "./entry-places.ts";
import type { EntryReader, FoundLine, Piece } from "./entry-reader.ts";
import type { StoredEntries, StoredEntry } from "./storage.ts";

/** A question to a reader. */
export type Ask =
  | { readonly does: "find" | "fileOf"; readonly sequence: number; readonly place: EntryPlace | undefined }
  | {
      readonly does: "piece";
      readonly sequence: number;
      readonly to: number;
      readonly place: EntryPlace | undefined;
    };

/** Answers a question according to its `does`: a `FoundLine`, a file name, a `Piece`. */
export interface AsyncReader {
  answer(ask: Ask): Promise<unknown>;
  close(): Promise<void>;
}

/** Answers a question in the reader's thread. Throws as the reader does. */
export function answerOf(reader: EntryReader, ask: Ask): FoundLine | string | Piece {
  const { sequence, place } = ask;
  if (ask.does === "piece") return reader.piece(sequence, ask.to, place);
  return ask.does === "find" ? reader.find(sequence, place) : reader.fileOf(sequence, place);
}

/** A reader in this thread. */
export function inlineReader(reader: EntryReader): AsyncReader {
  return { answer: async (ask) => answerOf(reader, ask), close: async () => undefined };
}

export class DirectoryEntries implements StoredEntries {
  readonly #places: EntryPlaces = new EntryPlaces();
  readonly #reader: AsyncReader;

  constructor(reader: AsyncReader) {
    this.#reader = reader;
  }

  note(sequence: number, segment: number, offset: number): void {
    this.#places.note(sequence, segment, offset);
  }

  async find(sequence: number): Promise<StoredEntry> {
    const place = this.#places.of(sequence);
    const { data, entryHash, between } = (await this.#reader.answer({ does: "find", sequence, place })) as FoundLine;
    if (place !== undefined && between.length > 0) this.#places.divide(place.mark, between);
    const head = parseEntryHead(data);
    if (head === undefined) throw new EngineError("CAL_JOURNAL_ENTRY_UNKNOWN", { sequence });
    return { head, data, entryHash };
  }

  fileOf(sequence: number): Promise<string> {
    const place = this.#places.of(sequence);
    return this.#reader.answer({ does: "fileOf", sequence, place }) as Promise<string>;
  }

  /**
   * The lines of entries from one sequence to another, both included: whole lines with their newlines, several in a chunk.
   */
  async *pieces(from: number, to: number): AsyncGenerator<Buffer> {
    for (let sequence: number | undefined = from; sequence !== undefined && sequence <= to; ) {
      const place = this.#places.of(sequence);
      const piece: Piece = (await this.#reader.answer({ does: "piece", sequence, to, place })) as Piece;
      if (piece.bytes.byteLength > 0) yield Buffer.from(piece.bytes);
      sequence = piece.next;
    }
  }

  close(): Promise<void> {
    return this.#reader.close();
  }
}
