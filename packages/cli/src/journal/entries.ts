/**
 * The entries of one file of a journal, as they are there.
 * @module
 */
import { type EntryHead, type EntryLine, parseEntryHead, parseEntryLine } from "@calybris/kernel";
import { readLog } from "./log-lines.ts";

export interface ReadEntry extends EntryLine {
  readonly head: EntryHead;
  readonly file: string;
  readonly byteOffset: number;
  /** Where the line ends, its newline not included. */
  readonly byteEnd: number;
}

/** Enough for the first entries of a segment: they are looked at one segment after another. */
const PEEK_BYTES = 64 * 1024;

/** Whole entries from an offset on. A line that is none may still be being written: it ends the reading. */
export function* readEntries(file: string, from = 0, chunkBytes?: number): Generator<ReadEntry> {
  for (const line of readLog(file, from, chunkBytes)) {
    const parsed = line.hasNewline ? parseEntryLine(textOf(line.bytes)) : undefined;
    const head = parsed === undefined ? undefined : parseEntryHead(parsed.data);
    if (parsed === undefined || head === undefined) return;
    const { byteOffset } = line;
    yield { ...parsed, head, file, byteOffset, byteEnd: byteOffset + line.bytes.byteLength };
  }
}

/** Without a copy of the bytes. */
function textOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("utf8");
}

/** The first entry of a file; `undefined` when it holds none. */
export function firstEntry(file: string): ReadEntry | undefined {
  for (const entry of readEntries(file, 0, PEEK_BYTES)) return entry;
  return undefined;
}
