/**
 * Reads the lines of a log on disk as bytes with their offsets, in constant memory. A directory is a journal, whose segments
 * in order are one log.
 * @module
 */
import { EngineError } from "@calybris/engine";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  CHUNK_BYTES,
  openForReading,
  PACKED_ENDING,
  type ReadFile,
  readLines,
  segmentName,
  segmentNumber,
  unreadable,
} from "@calybris/engine/internal";

import { CliError } from "../cli-errors.ts";

export interface LogLine {
  readonly file: string;
  readonly byteOffset: number;
  /** Without the newline. A view that is overwritten by the next line. */
  readonly bytes: Uint8Array;
  readonly hasNewline: boolean;
}

export interface LogFiles {
  readonly isDirectory: boolean;
  readonly files: readonly string[];
  readonly bytes: number;
  /** The first missing segment before an existing one. */
  readonly missing?: string;
}

/** A longer line is not an entry; its beginning is returned as one line, and the rest is skipped. */
const LINE_BYTES_MAX = 16 * 1024 * 1024;

/** The files of a log: the given file, or the segments of the given directory. */
export function logFiles(path: string): LogFiles {
  try {
    if (!statSync(path).isDirectory()) return { isDirectory: false, files: [path], bytes: statSync(path).size };
    const named = readdirSync(path)
      .map((name) => ({ name, number: segmentNumber(plainName(name)) ?? -1 }))
      .filter(({ number }) => number >= 0)
      .sort((a, b) => a.number - b.number);
    const segments = named.map(({ name }) => join(path, name));
    if (segments.length === 0) throw new CliError("CAL_JOURNAL_MISSING", { directory: path });
    const gap = named.findIndex(({ number }, index) => number !== index + 1);
    return {
      isDirectory: true,
      files: segments,
      bytes: segments.reduce((sum, file) => sum + sizeOf(file), 0),
      ...(gap !== -1 && { missing: join(path, segmentName(gap + 1)) }),
    };
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** The name without the ending of compressed files. An archive holds compressed segments; a journal holds links to them. */
function plainName(name: string): string {
  return name.endsWith(PACKED_ENDING) ? name.slice(0, -PACKED_ENDING.length) : name;
}

/** Refuses a pipe or a device, which would be read forever. */
function sizeOf(segment: string): number {
  const stats = statSync(segment);
  if (stats.isFile()) return stats.size;
  throw new EngineError("CAL_JOURNAL_UNREADABLE", { path: segment, problem: "it is not a regular file" });
}

/** The lines of one file from an offset; skips blank lines, of which preallocated space consists. */
export function* readLog(file: string, from = 0, chunkBytes: number = CHUNK_BYTES): Generator<LogLine> {
  const source = opened(file);
  try {
    const read = (bytes: Uint8Array, position: number): number => readAt(file, source, bytes, position);
    for (const { offset, bytes, ended } of readLines(read, { from, chunkBytes, lineBytesMax: LINE_BYTES_MAX }))
      yield { file, byteOffset: offset, bytes, hasNewline: ended };
  } finally {
    source.close();
  }
}

function opened(file: string): ReadFile {
  try {
    return openForReading(file);
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

function readAt(file: string, source: ReadFile, bytes: Uint8Array, position: number): number {
  try {
    return source.read(bytes, position);
  } catch (cause) {
    throw unreadable(file, cause);
  }
}
