/**
 * Reads the entries of one file of a journal, without verification.
 * @module
 */
import { type EntryHead, type EntryLine, parseEntryHead, parseEntryLine } from "@calybris/kernel";
import { readLog } from "./log-lines.ts";

export interface ReadEntry extends EntryLine {
  readonly head: EntryHead;
  readonly file: string;
  readonly byteOffset: number;
  /** End of the line, without its newline. */
  readonly byteEnd: number;
}

/** Enough for the first entries of a segment. */
const PEEK_BYTES = 64 * 1024;

/**
 * Complete entries from an offset on. Reading ends at the first line that is not an entry, which may still be being written.
 */
export function* readEntries(file: string, from = 0, chunkBytes?: number): Generator<ReadEntry> {
  for (const line of readLog(file, from, chunkBytes)) {
    const parsed = line.hasNewline ? parseEntryLine(textOf(line.bytes)) : undefined;
    const head = parsed === undefined ? undefined : parseEntryHead(parsed.data);
    if (parsed === undefined || head === undefined) return;
    const { byteOffset } = line;
    yield { ...parsed, head, file, byteOffset, byteEnd: byteOffset + line.bytes.byteLength };
  }
}

/** Decodes without copying the bytes. */
function textOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("utf8");
}

/** The first entry of a file; `undefined` if it has none. */
export function firstEntry(file: string): ReadEntry | undefined {
  for (const entry of readEntries(file, 0, PEEK_BYTES)) return entry;
  return undefined;
}
