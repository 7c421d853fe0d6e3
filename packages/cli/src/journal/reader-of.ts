/**
 * Creates the reader for the journal in a command's options: of a directory, or of a running service.
 * @module
 */
import { nodeChain } from "@calybris/engine/internal";
import { clientOf, type TargetOptions } from "../service/target.ts";
import { DirectorySource } from "./directory-source.ts";
import { chainOfJournal, readKey, requireKey } from "./key-file.ts";
import { placeOf } from "./place.ts";
import { JournalReader } from "./reader.ts";
import { ServiceSource } from "./service-source.ts";

export async function readerOf(options: TargetOptions): Promise<JournalReader> {
  const client = clientOf(options);
  if (client === undefined) {
    const { directory, keyFile } = await placeOf(options);
    return new JournalReader(new DirectorySource(directory), chainOfJournal(directory, keyFile));
  }
  const { url = "", keyFile } = options;
  const { keyed } = await client.journalHead();
  const key = readKey(keyFile);
  if (key !== undefined) requireKey({ keyed }, key, keyFile ?? url);
  const chain = keyed && key === undefined ? undefined : nodeChain(key);
  return new JournalReader(new ServiceSource(client, url), chain);
}
