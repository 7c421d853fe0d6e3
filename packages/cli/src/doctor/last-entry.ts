/**
 * Reads the last entry of a journal, for checks of `calybris doctor`.
 * @module
 */
import { DirectorySource } from "../journal/directory-source.ts";
import type { ReadEntry } from "../journal/entries.ts";

/** `undefined` for a journal without entries, and for an unreadable one, which another check reports. */
export async function lastEntry(directory: string): Promise<ReadEntry | undefined> {
  try {
    for await (const entry of new DirectorySource(directory).backwards()) return entry;
  } catch {
    // As without one.
  }
  return undefined;
}
