/**
 * Snapshots as files in a journal's directory, and the segments that begin after them.
 * @module
 */
import { type EntryLine, parseChainedLine } from "@calybris/kernel";
import { type Disk, withDisk } from "../journal/disk.ts";
import { scanFile, scanSegment } from "../journal/scan.ts";
import { listSegments } from "../journal/segment.ts";
import { listSnapshots, snapshotName } from "./snapshot-name.ts";
import type { StoredSnapshots } from "./start-point.ts";

export class DirectorySnapshots implements StoredSnapshots {
  readonly #disk: Disk;
  readonly #directory: string;

  constructor(disk: Disk, directory: string) {
    this.#disk = disk;
    this.#directory = directory;
  }

  sequences(): readonly number[] {
    return withDisk(this.#directory, () => listSnapshots(this.#disk, this.#directory));
  }

  *lines(sequence: number): Generator<Buffer> {
    for (const { bytes } of scanFile(this.#disk, this.#directory, snapshotName(sequence), 0)) yield bytes;
  }

  /** Searches from the newest segment back, because snapshots are recent. */
  next(sequence: number): { readonly line: EntryLine; readonly segment: number } | undefined {
    const segments = withDisk(this.#directory, () => listSegments(this.#disk, this.#directory));
    for (const segment of segments.toReversed()) {
      const line = this.#firstLine(segment);
      if (line === undefined || line.sequence > sequence + 1) continue;
      return line.sequence === sequence + 1 ? { line, segment } : undefined;
    }
    return undefined;
  }

  #firstLine(segment: number): EntryLine | undefined {
    for (const { bytes, ended } of scanSegment(this.#disk, this.#directory, segment, 0)) {
      const line = ended ? parseChainedLine(bytes) : undefined;
      return line === undefined ? undefined : { ...line, data: line.dataText };
    }
    return undefined;
  }
}
