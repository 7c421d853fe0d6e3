/**
 * Segments: the files of a journal. They have no header, and the first `previous_hash` of each continues the chain, so
 * their concatenation is one valid log. Space ahead of the end is prepared by writing newlines: a sync into prepared
 * space costs about half of one that grows the file, and readers skip blank lines.
 * @module
 */
import type { Disk, DiskFile } from "./disk.ts";
import { writeWhole } from "./disk.ts";

export const SEGMENT_BYTES_MAX: number = 64 * 1024 * 1024;
/** Bytes of space prepared at a time. */
const PREPARED_BYTES = 1024 * 1024;
const NEWLINES: Uint8Array = new Uint8Array(PREPARED_BYTES).fill(0x0a);

export function segmentName(number: number): string {
  return `segment-${String(number).padStart(6, "0")}.jsonl`;
}

/** The number of a segment file; `undefined` for any other name. */
export function segmentNumber(name: string): number | undefined {
  const match = /^segment-([0-9]{6,})\.jsonl$/.exec(name);
  return match === null ? undefined : Number(match[1]);
}

/** The segments of a directory, in order. */
export function listSegments(disk: Disk, directory: string): readonly number[] {
  return disk
    .list(directory)
    .map(segmentNumber)
    .filter((number) => number !== undefined)
    .sort((a, b) => a - b);
}

/** Ensures that `bytes` fit between `end` and the size of the file, preparing more space if needed. Returns the size. */
export function prepareSpace(file: DiskFile, size: number, end: number, bytes: number): number {
  const step = file.preparedBytes ?? PREPARED_BYTES;
  let prepared = size;
  while (prepared < end + bytes) {
    writeWhole(file, NEWLINES.subarray(0, step), prepared);
    prepared += step;
  }
  if (prepared !== size) file.sync();
  return prepared;
}

/** Prepares `bytes` of space after the end of the file. Returns its size. */
export function extendSpace(file: DiskFile, size: number, bytes: number): number {
  writeWhole(file, NEWLINES.subarray(0, bytes), size);
  file.sync();
  return size + bytes;
}

/** Blanks a range: its content can no longer be read as an entry. */
export function blank(file: DiskFile, from: number, to: number): void {
  for (let at = from; at < to; at += NEWLINES.byteLength) {
    writeWhole(file, NEWLINES.subarray(0, Math.min(NEWLINES.byteLength, to - at)), at);
  }
}
