/**
 * Finds an entry by its sequence without an index of all of them: sparse offsets, some {@link SPACING} entries apart, and
 * one read of what lies between two of them. What was read last is kept: a client that sends a file of requests again asks for
 * one entry after another.
 * @module
 */
import { join } from "node:path";
import { CalybrisError, type ChainHash, type EntryLine, parseEntryHead } from "@calybris/kernel";
import { brokenLink } from "../journal/broken-link.ts";
import { type Disk, withDisk } from "../journal/disk.ts";
import type { RecoveryStart } from "../journal/recovery.ts";
import { scanSegment } from "../journal/scan.ts";
import { listSegments, segmentName } from "../journal/segment.ts";
import type { StoredEntry } from "../storage/storage.ts";
import { SegmentSearch } from "./segment-search.ts";
import { type SparseIndexEntry, SegmentSlice } from "./segment-slice.ts";

const SPACING = 32;
const KEPT_MAX = 16;
/** A longer slice is not kept: it was one batch, and is divided when it is first read. */
const KEPT_BYTES_MAX = 256 * 1024;

export class EntryFinder {
  readonly #disk: Disk;
  readonly #directory: string;
  #marks: SparseIndexEntry[] = [];
  /** Slices by the sequence they begin with, the latest used last. */
  readonly #kept = new Map<number, SegmentSlice>();
  /** Entries up to the snapshot that the state was restored from: they were never gone through. */
  readonly #before: { readonly sequence: number; readonly search: SegmentSearch } | undefined;

  /** @param start - where entries were gone through from; left out: from the first. */
  constructor(
    disk: Disk,
    directory: string,
    start?: { readonly chain: ChainHash; readonly from: RecoveryStart | undefined },
  ) {
    this.#disk = disk;
    this.#directory = directory;
    if (start?.from === undefined) return;
    const { segment, sequence } = start.from;
    this.#before = { sequence, search: new SegmentSearch(disk, directory, segment, start.chain) };
  }

  /** Notes the position of an entry; in ascending sequence. Most are not kept, but each segment's first is. */
  note(sequence: number, segment: number, offset: number): void {
    const last = this.#marks.at(-1);
    if (last === undefined || segment !== last.segment || sequence >= last.sequence + SPACING)
      this.#marks.push({ sequence, segment, offset });
  }

  /**
   * @throws CalybrisError `CAL_JOURNAL_ENTRY_UNKNOWN` when no durable entry has the sequence; `CAL_JOURNAL_UNREADABLE` when
   *   the disk does not give it; `CAL_JOURNAL_ARCHIVE_UNREACHABLE` when its segment is not at hand.
   */
  find(sequence: number): StoredEntry {
    const line = this.#lineOrUnreachable(sequence);
    const head = line === undefined ? undefined : parseEntryHead(line.data);
    if (line === undefined || head === undefined) throw new CalybrisError("CAL_JOURNAL_ENTRY_UNKNOWN", { sequence });
    return { head, data: line.data, entryHash: line.entryHash };
  }

  /** The segment file that holds an entry. */
  fileOf(sequence: number): string {
    const before = this.#searchFor(sequence);
    if (before !== undefined) return before.fileOf(sequence);
    return segmentName(this.#marks[this.#markBefore(sequence)]?.segment ?? 1);
  }

  /** The lines of the journal from a sequence on, as they are, without their newlines; good until the next is asked for. */
  *linesFrom(sequence: number): Generator<Uint8Array> {
    const mark = this.#searchFor(sequence)?.place(sequence) ?? this.#marks[this.#markBefore(sequence)];
    if (mark === undefined) return;
    const listed = withDisk(this.#directory, () => listSegments(this.#disk, this.#directory));
    const segments = listed.filter((segment) => segment >= mark.segment);
    let skip = sequence - mark.sequence;
    for (const segment of segments) {
      const from = segment === mark.segment ? mark.offset : 0;
      for (const line of scanSegment(this.#disk, this.#directory, segment, from)) {
        if (!line.ended) return;
        if (skip > 0) skip -= 1;
        else yield line.bytes;
      }
    }
  }

  #searchFor(sequence: number): SegmentSearch | undefined {
    return this.#before !== undefined && sequence <= this.#before.sequence ? this.#before.search : undefined;
  }

  /** The file of an entry may be a link that leads nowhere: an archive that is not at hand. */
  #lineOrUnreachable(sequence: number): EntryLine | undefined {
    try {
      return this.#line(sequence);
    } catch (cause) {
      const file = this.fileOf(sequence);
      if (brokenLink(join(this.#directory, file)) === undefined) throw cause;
      throw new CalybrisError("CAL_JOURNAL_ARCHIVE_UNREACHABLE", { sequence, file }, { cause });
    }
  }

  #line(sequence: number): EntryLine | undefined {
    const before = this.#searchFor(sequence);
    if (before !== undefined) return before.find(sequence);
    const position = this.#markBefore(sequence);
    const mark = this.#marks[position];
    if (mark === undefined) return undefined;
    const kept = this.#kept.get(mark.sequence);
    const line = kept?.line(sequence);
    // What is kept of the journal's end may be from before the entry was there.
    return line ?? this.#read(position, mark).line(sequence);
  }

  #read(position: number, mark: SparseIndexEntry): SegmentSlice {
    const next = this.#marks[position + 1];
    const end = next?.segment === mark.segment ? next.offset : undefined;
    const slice = SegmentSlice.read(this.#disk, this.#directory, mark, end);
    this.#kept.delete(mark.sequence);
    if (slice.byteLength <= KEPT_BYTES_MAX) this.#keep(mark.sequence, slice);
    else
      this.#marks = [
        ...this.#marks.slice(0, position + 1),
        ...slice.marks(SPACING),
        ...this.#marks.slice(position + 1),
      ];
    return slice;
  }

  #keep(first: number, slice: SegmentSlice): void {
    this.#kept.set(first, slice);
    if (this.#kept.size <= KEPT_MAX) return;
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined) this.#kept.delete(oldest);
  }

  #markBefore(sequence: number): number {
    let low = 0;
    let high = this.#marks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#marks[middle] as SparseIndexEntry).sequence <= sequence) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
