/**
 * Finds entries in segments that were not read at the start, because a snapshot covers them: the segment by binary search
 * over first sequences, the entry by binary search over the segment's bytes.
 * @module
 */
import { CalybrisError, type ChainHash, type EntryLine, parseChainedLine } from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";
import { type Disk, type DiskFile, withDisk } from "../journal/disk.ts";
import { scanSegment } from "../journal/scan.ts";
import { segmentName } from "../journal/segment.ts";
import type { SparseIndexEntry } from "./segment-slice.ts";

/** Bytes read at a time while searching for a line; most lines are a hundredth as long. */
const WINDOW_BYTES = 64 * 1024;
const NEWLINE = 0x0a;
/** The beginning of a line, up to its sequence. */
const BEGINNING = /^\{"sequence":([1-9][0-9]{0,15}),/;
const BEGINNING_BYTES = 40;

export class SegmentSearch {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #chain: ChainHash;
  /** The segment after the last one searched. */
  readonly #end: number;
  /** First sequences of the segments read so far. */
  readonly #firsts = new Map<number, number>();
  readonly #window: Buffer = Buffer.allocUnsafe(WINDOW_BYTES);

  constructor(disk: Disk, directory: string, end: number, chain: ChainHash) {
    this.#disk = disk;
    this.#directory = directory;
    this.#end = end;
    this.#chain = chain;
  }

  /**
   * @throws CalybrisError `CAL_JOURNAL_ARCHIVE_UNREACHABLE` when its segment is unavailable; `CAL_JOURNAL_ENTRY_MALFORMED`
   *   when it was altered.
   */
  find(sequence: number): EntryLine | undefined {
    const { segment, offset } = this.place(sequence);
    for (const { bytes, ended } of scanSegment(this.#disk, this.#directory, segment, offset)) {
      const line = ended ? parseChainedLine(bytes) : undefined;
      if (line?.sequence !== sequence) break;
      if (this.#chain(line.previousHash, line.data) !== line.entryHash) {
        const problem = "its hash is not that of its data";
        throw new CalybrisError("CAL_JOURNAL_ENTRY_MALFORMED", { sequence, problem });
      }
      return { ...line, data: line.dataText };
    }
    return undefined;
  }

  /** The position of an entry. @throws CalybrisError `CAL_JOURNAL_ARCHIVE_UNREACHABLE` when its segment is unavailable. */
  place(sequence: number): SparseIndexEntry {
    const { segment, isKnown } = this.#segmentOf(sequence);
    const offset = this.#reading(segment, (file) => {
      const at = this.#offsetOf(file, sequence);
      return isKnown || this.#sequenceAt(file, at) === sequence ? at : undefined;
    });
    if (offset !== undefined) return { sequence, segment, offset };
    throw new EngineError("CAL_JOURNAL_ARCHIVE_UNREACHABLE", { sequence, file: this.fileOf(sequence) });
  }

  /** The file that holds an entry; if segments are missing, the range of files that may hold it. */
  fileOf(sequence: number): string {
    const { segment, isKnown, until } = this.#segmentOf(sequence);
    return isKnown || segment === until ? segmentName(segment) : `${segmentName(segment)} to ${segmentName(until)}`;
  }

  /** The last segment that begins at or before an entry; or, if segments are unavailable, a range that contains it. */
  #segmentOf(sequence: number): { readonly segment: number; readonly until: number; readonly isKnown: boolean } {
    let [low, high] = [1, this.#end - 1];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      const first = this.#firstOf(middle);
      if (first === undefined) return this.#segmentBelow(high, sequence);
      if (first <= sequence) low = middle;
      else high = middle - 1;
    }
    return { segment: low, until: low, isKnown: this.#firstOf(low) !== undefined };
  }

  /** Linear search from `high` down, used if some segments are unavailable. */
  #segmentBelow(
    high: number,
    sequence: number,
  ): { readonly segment: number; readonly until: number; readonly isKnown: boolean } {
    let until: number | undefined;
    for (let segment = high; segment >= 1; segment--) {
      const first = this.#firstOf(segment);
      if (first === undefined) until ??= segment;
      else if (first > sequence) until = undefined;
      else if (until === undefined) return { segment, until: segment, isKnown: true };
      else return { segment, until, isKnown: false };
    }
    return { segment: 1, until: until ?? 1, isKnown: false };
  }

  #firstOf(segment: number): number | undefined {
    const known = this.#firsts.get(segment);
    if (known !== undefined) return known;
    const first = this.#reading(segment, (file) => this.#sequenceAt(file, 0));
    if (first !== undefined) this.#firsts.set(segment, first);
    return first;
  }

  /** `undefined` also if the segment is unavailable. */
  #reading<T>(segment: number, work: (file: DiskFile) => T | undefined): T | undefined {
    const file = this.#open(segment);
    if (file === undefined) return undefined;
    return withDisk(this.#directory, () => {
      try {
        return work(file);
      } finally {
        file.close();
      }
    });
  }

  /** `undefined` for a missing file or a broken link. */
  #open(segment: number): DiskFile | undefined {
    try {
      return this.#disk.open(this.#directory, segmentName(segment), false);
    } catch {
      return undefined;
    }
  }

  /** The offset of an entry's line, by binary search over the file. */
  #offsetOf(file: DiskFile, sequence: number): number {
    let [low, high] = [0, file.size()];
    while (high - low > WINDOW_BYTES) {
      const middle = Math.floor((low + high) / 2);
      const start = this.#lineAfter(file, middle, high);
      const found = start === undefined ? undefined : this.#sequenceAt(file, start);
      if (start === undefined || found === undefined || found > sequence) high = middle;
      else low = start;
    }
    for (let at: number | undefined = low; at !== undefined; at = this.#lineAfter(file, at, file.size())) {
      const found = this.#sequenceAt(file, at);
      if (found === undefined || found >= sequence) return at;
    }
    return low;
  }

  /** The offset of the first line that begins after one offset and before another. */
  #lineAfter(file: DiskFile, from: number, end: number): number | undefined {
    for (let at = from; at < end; ) {
      const count = file.read(this.#window, at);
      if (count === 0) return undefined;
      const newline = this.#window.subarray(0, count).indexOf(NEWLINE);
      if (newline !== -1) return at + newline + 1 < end ? at + newline + 1 : undefined;
      at += count;
    }
    return undefined;
  }

  #sequenceAt(file: DiskFile, offset: number): number | undefined {
    const count = file.read(this.#window.subarray(0, BEGINNING_BYTES), offset);
    const match = BEGINNING.exec(this.#window.toString("latin1", 0, count));
    return match === null ? undefined : Number(match[1]);
  }
}
