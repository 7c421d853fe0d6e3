/**
 * Reads the lines of a journal with constant memory: a chunk at a time, each line with its position. Blank lines are
 * prepared space and are passed over.
 * @module
 */
import { type Disk, withDisk } from "./disk.ts";
import { listSegments, segmentName } from "./segment.ts";

const CHUNK_BYTES = 1 << 20;
const NEWLINE = 0x0a;

/** One line, without its newline. The bytes are only good until the next one is asked for. */
export interface ScannedLine {
  readonly segment: number;
  readonly offset: number;
  readonly bytes: Buffer;
  /** Whether a newline ended it; false for a line that the end of the file cut off. */
  readonly ended: boolean;
}

/** The lines of the segments from one on, in order. */
export function* scanJournal(disk: Disk, directory: string, from = 1): Generator<ScannedLine> {
  for (const segment of listSegments(disk, directory))
    if (segment >= from) yield* scanSegment(disk, directory, segment, 0);
}

/**
 * The lines of one segment from an offset on.
 *
 * @throws CalybrisError `CAL_JOURNAL_UNREADABLE` when the disk does not give them.
 */
export function* scanSegment(disk: Disk, directory: string, segment: number, from: number): Generator<ScannedLine> {
  for (const line of scanFile(disk, directory, segmentName(segment), from)) yield { segment, ...line };
}

/**
 * The lines of one file from an offset on.
 *
 * @throws CalybrisError `CAL_JOURNAL_UNREADABLE` when the disk does not give them.
 */
export function* scanFile(
  disk: Disk,
  directory: string,
  name: string,
  from: number,
): Generator<Omit<ScannedLine, "segment">> {
  const file = withDisk(directory, () => disk.open(directory, name, false));
  if (file === undefined) return;
  try {
    const bytes = withDisk(directory, () => Math.max(file.size() - from, 0));
    let buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, bytes + 1));
    let held = 0;
    let position = from;
    for (;;) {
      if (held === buffer.byteLength) buffer = Buffer.concat([buffer, Buffer.allocUnsafe(buffer.byteLength)]);
      const free = buffer.subarray(held);
      const count = withDisk(directory, () => file.read(free, position + held));
      const end = held + count;
      let start = skipNewlines(buffer, 0, end);
      for (
        let stop = buffer.indexOf(NEWLINE, start);
        stop !== -1 && stop < end;
        stop = buffer.indexOf(NEWLINE, start)
      ) {
        yield { offset: position + start, bytes: buffer.subarray(start, stop), ended: true };
        start = skipNewlines(buffer, stop + 1, end);
      }
      if (count === 0) {
        if (end > start) yield { offset: position + start, bytes: buffer.subarray(start, end), ended: false };
        return;
      }
      buffer.copyWithin(0, start, end);
      held = end - start;
      position += start;
    }
  } finally {
    withDisk(directory, () => file.close());
  }
}

function skipNewlines(buffer: Buffer, from: number, end: number): number {
  let at = from;
  while (at < end && buffer[at] === NEWLINE) at += 1;
  return at;
}
