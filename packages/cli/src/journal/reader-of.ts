/**
 * The reader of the journal that a command's options name.
 * @module
 */
import { DirectorySource } from "./directory-source.ts";
import { chainOfJournal } from "./key-file.ts";
import { type JournalOptions, placeOf } from "./place.ts";
import { JournalReader } from "./reader.ts";

export async function readerOf(options: JournalOptions): Promise<JournalReader> {
  const { directory, keyFile } = await placeOf(options);
  return new JournalReader(new DirectorySource(directory), chainOfJournal(directory, keyFile));
}
