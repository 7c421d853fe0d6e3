/**
 * Reads entries from a journal's directory. A segment's first line has its first sequence, so at most a segment or two are
 * read; earlier ones are only searched for policies. Entries are not verified; `verify` does that.
 * @module
 */

import { EngineError } from "@calybris/engine";
import { type JournalChange, malformed, type PolicyAt, policyChangeIn } from "@calybris/engine/internal";
import { firstEntry, type ReadEntry, readEntries } from "./entries.ts";
import { logFiles, readLog } from "./log-lines.ts";
import type { JournalSource } from "./source.ts";

export class DirectorySource implements JournalSource {
  readonly #path: string;
  /** The policy changes in each file, up to a byte offset. */
  readonly #changes = new Map<string, { readonly byteEnd: number; readonly changes: readonly JournalChange[] }>();
  #file: string | undefined;
  #offset = 0;

  constructor(path: string) {
    this.#path = path;
  }

  async find(sequence: number): Promise<ReadEntry> {
    for await (const entry of this.from(sequence)) {
      if (entry.sequence === sequence) return entry;
      break;
    }
    throw new EngineError("CAL_JOURNAL_ENTRY_UNKNOWN", { sequence });
  }

  async *from(sequence: number): AsyncGenerator<ReadEntry> {
    const { files } = logFiles(this.#path);
    for (const file of files.slice(Math.max(0, fileOf(files, sequence))))
      for (const entry of readEntries(file)) if (entry.sequence >= sequence) yield entry;
  }

  async *backwards(): AsyncGenerator<ReadEntry> {
    const { files } = logFiles(this.#path);
    this.#file = files.at(-1);
    this.#offset = 0;
    for (const file of files.toReversed()) {
      const { starts, end } = blocksOf(file);
      if (file === this.#file) this.#offset = end;
      for (const [index, start] of [...starts.entries()].toReversed()) {
        const block: ReadEntry[] = [];
        for (const entry of readEntries(file, start)) {
          if (entry.byteOffset >= (starts[index + 1] ?? end)) break;
          block.push(entry);
        }
        yield* block.toReversed();
      }
    }
  }

  async *following(): AsyncGenerator<ReadEntry> {
    const { files } = logFiles(this.#path);
    const from = this.#file === undefined ? 0 : files.indexOf(this.#file);
    for (const file of files.slice(Math.max(from, 0))) {
      for (const entry of readEntries(file, file === this.#file ? this.#offset : 0)) {
        this.#file = file;
        this.#offset = entry.byteEnd;
        yield entry;
      }
    }
  }

  /** The last policy activated before the entry, in the same file or an earlier one. */
  async policyAt(before: ReadEntry): Promise<PolicyAt> {
    const active = this.#last(before, ({ isActivated }) => isActivated);
    const { id, sequence } = active;
    const { snapshot } = active.snapshot === undefined ? this.#last(before, (one) => brings(one, id)) : active;
    if (snapshot === undefined) throw malformed(before.sequence, "no policy precedes it");
    return { id, sequence, snapshot };
  }

  async policyOf(id: number, before: ReadEntry): Promise<PolicyAt> {
    const { sequence, snapshot } = this.#last(before, (one) => brings(one, id));
    if (snapshot === undefined) throw malformed(before.sequence, `no policy ${id} precedes it`);
    return { id, sequence, snapshot };
  }

  #last(before: ReadEntry, is: (change: JournalChange) => boolean): JournalChange {
    const { files } = logFiles(this.#path);
    for (const file of files.slice(0, files.indexOf(before.file) + 1).toReversed()) {
      const found = this.#changesIn(file, before).findLast((one) => one.sequence < before.sequence && is(one));
      if (found !== undefined) return found;
    }
    throw malformed(before.sequence, "no policy precedes it");
  }

  /** The policy changes in a file, read at least up to an entry. */
  #changesIn(file: string, until: ReadEntry): readonly JournalChange[] {
    const known = this.#changes.get(file) ?? { byteEnd: 0, changes: [] };
    const wanted = file === until.file ? until.byteEnd : Number.POSITIVE_INFINITY;
    if (known.byteEnd >= wanted) return known.changes;
    const changes = [...known.changes];
    if (file !== until.file && !mentionsPolicy(file)) {
      this.#changes.set(file, { byteEnd: wanted, changes });
      return changes;
    }
    for (const entry of readEntries(file, known.byteEnd)) {
      if (entry.byteEnd > wanted) break;
      const change = policyChangeIn(entry);
      if (change !== undefined) changes.push(change);
    }
    this.#changes.set(file, { byteEnd: wanted, changes });
    return changes;
  }
}

function brings({ snapshot, id }: JournalChange, wanted: number): boolean {
  return id === wanted && snapshot !== undefined;
}

/** Entries per block: one block is in memory while a file is read backwards. */
const BLOCK_ENTRIES = 1_024;

/** The offsets of a file's blocks, and the end of its last entry. */
function blocksOf(file: string): { readonly starts: readonly number[]; readonly end: number } {
  const starts: number[] = [];
  let end = 0;
  let count = 0;
  for (const { byteOffset, byteEnd } of readEntries(file)) {
    if (count % BLOCK_ENTRIES === 0) starts.push(byteOffset);
    count += 1;
    end = byteEnd;
  }
  return { starts, end };
}

/** The last file that begins at or before a sequence. */
function fileOf(files: readonly string[], sequence: number): number {
  let low = 0;
  let high = files.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const first = firstEntry(files[middle] ?? "");
    if (first !== undefined && first.sequence <= sequence) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Whether a file may have policy entries: searching for text is much faster than parsing entries. */
function mentionsPolicy(file: string): boolean {
  for (const { bytes } of readLog(file)) {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (text.includes('"kind":"policy"') || text.includes('"kind":"genesis"')) return true;
  }
  return false;
}
