/**
 * Single entries of a directory, read where they are asked for: for a disk that is given, as tests and simulations do.
 * @module
 */
import type { EntryFinder } from "../state/entry-finder.ts";
import type { StoredEntries, StoredEntry } from "./storage.ts";

export class InlineEntries implements StoredEntries {
  readonly #finder: EntryFinder;

  constructor(finder: EntryFinder) {
    this.#finder = finder;
  }

  async find(sequence: number): Promise<StoredEntry> {
    return this.#finder.find(sequence);
  }

  async fileOf(sequence: number): Promise<string> {
    return this.#finder.fileOf(sequence);
  }

  note(sequence: number, segment: number, offset: number): void {
    this.#finder.note(sequence, segment, offset);
  }
}
