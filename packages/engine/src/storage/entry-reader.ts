/**
 * Reads single entries and chunks of the journal from the segments of a directory. The latest slices are cached: a client
 * that resends a file of requests asks for one entry after another.
 * @module
 */
import { join } from "node:path";
import type { ChainHash, EntryLine } from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";
import { brokenLink } from "../journal/broken-link.ts";
import { type Disk, withDisk } from "../journal/disk.ts";
import type { RecoveryStart } from "../journal/recovery.ts";
import { scanSegment } from "../journal/scan.ts";
import { listSegments, segmentName } from "../journal/segment.ts";
import { type EntryPlace, SPACING } from "./entry-places.ts";
import { SegmentSearch } from "./segment-search.ts";
import { SegmentSlice, type SparseIndexEntry } from "./segment-slice.ts";

const KEPT_MAX = 16;
/** A longer slice is not cached: it was one batch, and is divided when it is first read. */
const KEPT_BYTES_MAX = 256 * 1024;
/** Approximate size of a chunk of lines. */
const PIECE_BYTES = 64 * 1024;
const NEWLINE: Buffer = Buffer.of(0x0a);

/** An entry's line. */
export interface FoundLine {
  readonly data: string;
  readonly entryHash: string;
  /** Marks that divide the range that was read, if it was long. */
  readonly between: readonly SparseIndexEntry[];
}

/** Whole lines with their newlines. */
export interface Piece {
  readonly bytes: Uint8Array;
  /** The sequence after these lines; `undefined` at the end. */
  readonly next: number | undefined;
}

/** The start of the fold; entries before it have no marks. */
export type BeforeStart = Pick<RecoveryStart, "segment" | "sequence">;

export class EntryReader {
  readonly #disk: Disk;
  readonly #directory: string;
  /** Slices by their first sequence, the most recently used last. */
  readonly #kept = new Map<number, SegmentSlice>();
  /** Search in the entries before the snapshot that the state was restored from: they were not read at the start. */
  readonly #before: SegmentSearch | undefined;
  readonly #beforeSequence: number;

  /** @param before - omitted if every entry was read at the start. */
  constructor(disk: Disk, directory: string, chain: ChainHash, before?: BeforeStart) {
    this.#disk = disk;
    this.#directory = directory;
    this.#beforeSequence = before?.sequence ?? 0;
    this.#before = before && new SegmentSearch(disk, directory, before.segment, chain);
  }

  /**
   * @param place - `undefined` for an entry before the start.
   * @throws CalybrisError `CAL_JOURNAL_ENTRY_UNKNOWN` when no durable entry has the sequence; `CAL_JOURNAL_UNREADABLE` when
   *   the disk cannot read it; `CAL_JOURNAL_ARCHIVE_UNREACHABLE` when its segment is unavailable.
   */
  find(sequence: number, place: EntryPlace | undefined): FoundLine {
    try {
      const { line, between } = this.#line(sequence, place);
      if (line === undefined) throw new EngineError("CAL_JOURNAL_ENTRY_UNKNOWN", { sequence });
      return { data: line.data, entryHash: line.entryHash, between };
    } catch (cause) {
      const file = this.fileOf(sequence, place);
      if (brokenLink(join(this.#directory, file)) === undefined) throw cause;
      throw new EngineError("CAL_JOURNAL_ARCHIVE_UNREACHABLE", { sequence, file }, { cause });
    }
  }

  /** The segment file that holds an entry. */
  fileOf(sequence: number, place: EntryPlace | undefined): string {
    return this.#searchFor(sequence)?.fileOf(sequence) ?? segmentName(place?.mark.segment ?? 1);
  }

  /** The lines from one sequence up to another, as many as fit in a chunk. */
  piece(from: number, to: number, place: EntryPlace | undefined): Piece {
    const lines: Uint8Array[] = [];
    let held = 0;
    let sequence = from;
    for (const bytes of from > to ? [] : this.#linesFrom(from, place)) {
      lines.push(Buffer.from(bytes), NEWLINE);
      held += bytes.byteLength + 1;
      sequence += 1;
      if (sequence > to) break;
      if (held >= PIECE_BYTES) return { bytes: Buffer.concat(lines, held), next: sequence };
    }
    return { bytes: Buffer.concat(lines, held), next: undefined };
  }

  /** Each line is valid until the next is read. */
  *#linesFrom(sequence: number, place: EntryPlace | undefined): Generator<Uint8Array> {
    const mark = this.#searchFor(sequence)?.place(sequence) ?? place?.mark;
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
    return sequence <= this.#beforeSequence ? this.#before : undefined;
  }

  #line(
    sequence: number,
    place: EntryPlace | undefined,
  ): { readonly line: EntryLine | undefined; readonly between: readonly SparseIndexEntry[] } {
    const before = this.#searchFor(sequence);
    if (before !== undefined) return { line: before.find(sequence), between: NONE };
    if (place === undefined) return { line: undefined, between: NONE };
    const kept = this.#kept.get(place.mark.sequence)?.line(sequence);
    // A cached slice of the journal's end may be older than the entry.
    if (kept !== undefined) return { line: kept, between: NONE };
    const slice = SegmentSlice.read(this.#disk, this.#directory, place.mark, place.end);
    this.#kept.delete(place.mark.sequence);
    const isLong = slice.byteLength > KEPT_BYTES_MAX;
    if (!isLong) this.#keep(place.mark.sequence, slice);
    return { line: slice.line(sequence), between: isLong ? slice.marks(SPACING) : NONE };
  }

  #keep(first: number, slice: SegmentSlice): void {
    this.#kept.set(first, slice);
    if (this.#kept.size <= KEPT_MAX) return;
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined) this.#kept.delete(oldest);
  }
}

const NONE: readonly SparseIndexEntry[] = [];
