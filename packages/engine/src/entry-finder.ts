/**
 * Finds an entry by its sequence without an index of all of them: sparse offsets, at least {@link SPACING} entries apart,
 * and a short scan from the one before.
 * @module
 */
import { CalybrisError, type EntryHead, parseEntryHead, parseEntryLine } from "@calybris/kernel";
import type { Disk } from "./journal/disk.ts";
import { scanSegment } from "./journal/scan.ts";

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
  find(sequence: number): { readonly head: EntryHead; readonly data: string } {
    const mark = this.#markBefore(sequence);
    if (mark !== undefined) {
      for (const line of scanSegment(this.#disk, this.#directory, mark.segment, mark.offset)) {
        const parsed = parseEntryLine(Buffer.from(line.bytes).toString("utf8"));
        const head = parsed === undefined ? undefined : parseEntryHead(parsed.data);
        if (parsed === undefined || head === undefined || parsed.sequence > sequence) break;
        if (parsed.sequence === sequence) return { head, data: parsed.data };
      }
    }
    throw new CalybrisError("CAL_JOURNAL_ENTRY_UNKNOWN", { sequence });
  }

  #markBefore(sequence: number): Mark | undefined {
    let low = 0;
    let high = this.#marks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#marks[middle] as Mark).sequence <= sequence) low = middle + 1;
      else high = middle;
    }
    return this.#marks[low - 1];
  }
}
