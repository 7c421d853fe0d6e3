/**
 * The last entry of a journal, for what `calybris doctor` compares it with.
 * @module
 */
import { DirectorySource } from "../journal/directory-source.ts";
import type { ReadEntry } from "../journal/entries.ts";

/** `undefined` for a journal without an entry, and for one that cannot be read: another check says why. */
export async function lastEntry(directory: string): Promise<ReadEntry | undefined> {
  try {
    for await (const entry of new DirectorySource(directory).backwards()) return entry;
  } catch {
    // As without one.
  }
  return undefined;
}
