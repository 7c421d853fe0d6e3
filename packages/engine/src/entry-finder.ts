/**
 * Finds an entry by its sequence without an index of all of them: sparse offsets, at least {@link SPACING} entries apart,
 * and a scan of what lies between two of them. The stretch that was scanned last is kept: whoever sends a file of requests
 * again asks for one entry after another.
 * @module
 */
import { CalybrisError, type EntryHead, type EntryLine, parseEntryHead, parseEntryLine } from "@calybris/kernel";
import type { Disk } from "./journal/disk.ts";
import { scanSegment } from "./journal/scan.ts";
import { listSegments } from "./journal/segment.ts";

const SPACING = 64;

interface Mark {
  readonly sequence: number;
  readonly segment: number;
  readonly offset: number;
}

export class EntryFinder {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #marks: Mark[] = [];
  #stretch: ReadonlyMap<number, EntryLine> = new Map();

  constructor(disk: Disk, directory: string) {
    this.#disk = disk;
    this.#directory = directory;
  }

  /** Notes where an entry stands; in ascending sequence. Most are not kept, but each segment's first is. */
  note(sequence: number, segment: number, offset: number): void {
    const last = this.#marks.at(-1);
    if (last === undefined || segment !== last.segment || sequence >= last.sequence + SPACING)
      this.#marks.push({ sequence, segment, offset });
  }

  /** @throws CalybrisError `CAL_JOURNAL_ENTRY_UNKNOWN` when no durable entry has the sequence. */
  find(sequence: number): { readonly head: EntryHead; readonly data: string; readonly entryHash: string } {
    const line = this.#stretch.get(sequence) ?? this.#scan(this.#markBefore(sequence)).get(sequence);
    const head = line === undefined ? undefined : parseEntryHead(line.data);
    if (line === undefined || head === undefined) throw new CalybrisError("CAL_JOURNAL_ENTRY_UNKNOWN", { sequence });
    return { head, data: line.data, entryHash: line.entryHash };
  }

  /** The lines of the journal from a sequence on, as they stand, without their newlines; good until the next is asked for. */
  *linesFrom(sequence: number): Generator<Uint8Array> {
    const mark = this.#marks[this.#markBefore(sequence)];
    if (mark === undefined) return;
    const segments = listSegments(this.#disk, this.#directory).filter((segment) => segment >= mark.segment);
    let skip = sequence - mark.sequence;
    for (const segment of segments) {
      for (const line of scanSegment(
        this.#disk,
        this.#directory,
        segment,
        segment === mark.segment ? mark.offset : 0,
      )) {
        if (!line.ended) return;
        if (skip > 0) skip -= 1;
        else yield line.bytes;
      }
    }
  }

  /** The whole entries from a mark up to the next. A line that is none may still be being written, and ends it. */
  #scan(position: number): ReadonlyMap<number, EntryLine> {
    const stretch = new Map<number, EntryLine>();
    const mark = this.#marks[position];
    const next = this.#marks[position + 1];
    if (mark !== undefined) {
      for (const line of scanSegment(this.#disk, this.#directory, mark.segment, mark.offset)) {
        if (next !== undefined && next.segment === mark.segment && line.offset >= next.offset) break;
        const parsed = line.ended ? parseEntryLine(Buffer.from(line.bytes).toString("utf8")) : undefined;
        if (parsed === undefined) break;
        stretch.set(parsed.sequence, parsed);
      }
    }
    this.#stretch = stretch;
    return stretch;
  }

  #markBefore(sequence: number): number {
    let low = 0;
    let high = this.#marks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#marks[middle] as Mark).sequence <= sequence) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
