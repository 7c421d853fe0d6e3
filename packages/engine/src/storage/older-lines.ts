/**
 * The lines of a directory's segments before the segment that a start began at.
 * @module
 */
import { join } from "node:path";
import { brokenLink } from "../journal/broken-link.ts";
import { type Disk, withDisk } from "../journal/disk.ts";
import { scanSegment } from "../journal/scan.ts";
import { segmentName } from "../journal/segment.ts";
import type { OlderGap, OlderLine } from "./storage.ts";

/** @throws CalybrisError `CAL_JOURNAL_UNREADABLE` when the disk cannot read them. */
export async function* olderLines(
  disk: Disk,
  directory: string,
  beforeSegment: number,
): AsyncGenerator<OlderLine | OlderGap> {
  for (let segment = 1; segment < beforeSegment; segment++) {
    const file = segmentName(segment);
    const names = new Set(withDisk(directory, () => disk.list(directory)));
    if (!isAtHand(names, directory, file)) {
      yield { absentFile: file };
      continue;
    }
    for (const { offset, bytes, ended } of scanSegment(disk, directory, segment, 0))
      yield { file, byteOffset: offset, bytes, ended };
  }
}

/** The unavailable segments before a segment: unreachable archives, or missing files. */
export function absentBefore(disk: Disk, directory: string, segment: number): readonly string[] {
  const names = new Set(withDisk(directory, () => disk.list(directory)));
  return Array.from({ length: segment - 1 }, (_, index) => segmentName(index + 1)).filter(
    (name) => !isAtHand(names, directory, name),
  );
}

function isAtHand(names: ReadonlySet<string>, directory: string, name: string): boolean {
  return names.has(name) && brokenLink(join(directory, name)) === undefined;
}
