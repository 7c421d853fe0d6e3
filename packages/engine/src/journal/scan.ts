/**
 * The lines of a journal's segments on a disk.
 * @module
 */
import { type Disk, withDisk } from "./disk.ts";
import { CHUNK_BYTES, type ReadLine, readLines } from "./read-lines.ts";
import { listSegments, segmentName } from "./segment.ts";

/** A line of a segment. */
export interface ScannedLine extends ReadLine {
  readonly segment: number;
}

/** The lines of the segments from `from` on, in order. */
export function* scanJournal(disk: Disk, directory: string, from = 1): Generator<ScannedLine> {
  for (const segment of listSegments(disk, directory))
    if (segment >= from) yield* scanSegment(disk, directory, segment, 0);
}

/**
 * The lines of one segment from an offset on.
 *
 * @throws CalybrisError `CAL_JOURNAL_UNREADABLE` when the disk cannot read them.
 */
export function* scanSegment(disk: Disk, directory: string, segment: number, from: number): Generator<ScannedLine> {
  for (const line of scanFile(disk, directory, segmentName(segment), from)) yield { segment, ...line };
}

/**
 * The lines of one file from an offset on.
 *
 * @throws CalybrisError `CAL_JOURNAL_UNREADABLE` when the disk cannot read them.
 */
export function* scanFile(disk: Disk, directory: string, name: string, from: number): Generator<ReadLine> {
  const file = withDisk(directory, () => disk.open(directory, name, false));
  if (file === undefined) return;
  try {
    const bytes = withDisk(directory, () => Math.max(file.size() - from, 0));
    const chunkBytes = Math.min(CHUNK_BYTES, bytes + 1);
    yield* readLines((target, position) => withDisk(directory, () => file.read(target, position)), {
      from,
      chunkBytes,
    });
  } finally {
    withDisk(directory, () => file.close());
  }
}
