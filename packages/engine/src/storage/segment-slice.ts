/**
 * A slice of a segment: consecutive lines, read in one operation and parsed on demand.
 * @module
 */
import { type EntryLine, parseEntryLine } from "@calybris/kernel";
import { type Disk, type DiskFile, withDisk } from "../journal/disk.ts";
import { segmentName } from "../journal/segment.ts";

const NEWLINE = 0x0a;
/** Bytes read at a time if the end is unknown. */
const STEP_BYTES = 64 * 1024;

/** The position of an entry. */
export interface SparseIndexEntry {
  readonly sequence: number;
  readonly segment: number;
  readonly offset: number;
}

export class SegmentSlice {
  readonly #mark: SparseIndexEntry;
  readonly #bytes: Buffer;
  /** The offset of each line, and the end of the last one, its newline included. */
  readonly #starts: readonly number[];

  private constructor(mark: SparseIndexEntry, bytes: Buffer) {
    this.#mark = mark;
    this.#bytes = bytes;
    const starts = [0];
    for (let end = bytes.indexOf(NEWLINE); end > (starts.at(-1) as number); end = bytes.indexOf(NEWLINE, end + 1))
      starts.push(end + 1);
    this.#starts = starts;
  }

  /**
   * Reads the lines from a mark on.
   *
   * @param end - the offset of the next mark in the same segment; without one, everything up to blank space is read.
   * @throws CalybrisError `CAL_JOURNAL_UNREADABLE` when the disk cannot read them.
   */
  static read(disk: Disk, directory: string, mark: SparseIndexEntry, end: number | undefined): SegmentSlice {
    return withDisk(directory, () => {
      const file = disk.open(directory, segmentName(mark.segment), false);
      if (file === undefined) return new SegmentSlice(mark, Buffer.alloc(0));
      try {
        const bytes = end === undefined ? readOpenEnd(file, mark.offset) : readRange(file, mark.offset, end);
        return new SegmentSlice(mark, bytes);
      } finally {
        file.close();
      }
    });
  }

  get byteLength(): number {
    return this.#bytes.byteLength;
  }

  /** The line of an entry; `undefined` if it is not in this slice, or not complete yet. */
  line(sequence: number): EntryLine | undefined {
    const index = sequence - this.#mark.sequence;
    const start = this.#starts[index];
    const end = this.#starts[index + 1];
    if (start === undefined || end === undefined) return undefined;
    const line = parseEntryLine(this.#bytes.toString("utf8", start, end - 1));
    return line?.sequence === sequence ? line : undefined;
  }

  /** The position of every `spacing`-th entry after the first. */
  marks(spacing: number): readonly SparseIndexEntry[] {
    const { sequence, segment, offset } = this.#mark;
    const marks: SparseIndexEntry[] = [];
    for (let index = spacing; index + spacing < this.#starts.length; index += spacing)
      marks.push({ sequence: sequence + index, segment, offset: offset + (this.#starts[index] as number) });
    return marks;
  }
}

function readRange(file: DiskFile, from: number, end: number): Buffer {
  const bytes = Buffer.allocUnsafe(end - from);
  let held = 0;
  for (let count = -1; count !== 0 && held < bytes.byteLength; held += count)
    count = file.read(bytes.subarray(held), from + held);
  return bytes.subarray(0, held);
}

function readOpenEnd(file: DiskFile, from: number): Buffer {
  let bytes = Buffer.alloc(0);
  for (;;) {
    const more = readRange(file, from + bytes.byteLength, from + bytes.byteLength + STEP_BYTES);
    bytes = Buffer.concat([bytes, more]);
    if (more.byteLength < STEP_BYTES || more.includes("\n\n")) return bytes;
  }
}
