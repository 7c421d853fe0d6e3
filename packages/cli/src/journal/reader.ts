/**
 * Finds entries of a journal, and the snapshot that each was made under, for `show` and `tail`. A segment's first line
 * says where it begins, so no more than a segment or two is read whatever the length of the journal. What is read is what
 * stands there; `verify` says whether it is true.
 * @module
 */
import type { ChainHash, DecisionEntry } from "@calybris/kernel";
import {
  CalybrisError,
  exactInteger,
  type PolicySnapshot,
  parseEntryBody,
  parseExact,
  snapshotFromJson,
} from "@calybris/kernel";
import { firstDecision, firstEntry, type ReadEntry, readEntries } from "./entries.ts";
import { logFiles } from "./log-lines.ts";

export interface ReadDecision extends ReadEntry {
  readonly entry: DecisionEntry;
  readonly snapshot: PolicySnapshot;
  /** Whether its hash follows from its data; `undefined` where that takes a key which is not at hand. */
  readonly isChained: boolean | undefined;
}

export class JournalReader {
  readonly #path: string;
  readonly #chain: ChainHash | undefined;
  readonly #snapshots = new Map<number, PolicySnapshot>();
  #file: string | undefined;
  #offset = 0;

  /** @param chain - the journal's own hash; `undefined` when its key is not at hand. */
  constructor(path: string, chain?: ChainHash) {
    this.#path = path;
    this.#chain = chain;
  }

  /** @throws CalybrisError `CAL_JOURNAL_ENTRY_UNKNOWN` when no entry has the sequence. */
  find(sequence: number): ReadEntry {
    const { files } = logFiles(this.#path);
    const file = files[this.#fileOf(files, sequence)];
    for (const entry of file === undefined ? [] : readEntries(file)) {
      if (entry.sequence === sequence) return entry;
      if (entry.sequence > sequence) break;
    }
    throw new CalybrisError("CAL_JOURNAL_ENTRY_UNKNOWN", { sequence });
  }

  /** The last decisions, in order. Reads from the end, a segment at a time; {@link following} goes on from there. */
  last(count: number): readonly ReadEntry[] {
    const { files } = logFiles(this.#path);
    this.#file = files.at(-1);
    this.#offset = 0;
    let found: readonly ReadEntry[] = [];
    for (const file of files.toReversed()) {
      found = [...this.#lastOf(file, count - found.length), ...found];
      if (found.length >= count) break;
    }
    return found;
  }

  /** Entries appended since the last were read. */
  *following(): Generator<ReadEntry> {
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

  /** Reads a decision's entry in full. */
  decision(read: ReadEntry): ReadDecision {
    const { head, data } = read;
    if (head.kind !== "decision") throw malformed(head.sequence, `it is no decision but ${head.kind}`);
    const snapshot = this.#snapshot(policyIdOf(read) ?? 0, read);
    const entry = parseEntryBody(head, data, () => snapshot.policy);
    if (entry?.kind !== "decision") throw malformed(head.sequence, "it is no decision");
    const isChained =
      this.#chain === undefined ? undefined : this.#chain(read.previousHash, Buffer.from(data)) === read.entryHash;
    return { ...read, entry, snapshot, isChained };
  }

  /** The last file that begins at or before a sequence. */
  #fileOf(files: readonly string[], sequence: number): number {
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

  #lastOf(file: string, count: number): readonly ReadEntry[] {
    const ring: ReadEntry[] = [];
    let decisions = 0;
    for (const entry of readEntries(file)) {
      if (file === this.#file) this.#offset = entry.byteEnd;
      if (entry.head.kind !== "decision" || count === 0) continue;
      ring[decisions % count] = entry;
      decisions += 1;
    }
    const oldest = decisions > count ? decisions % count : 0;
    return [...ring.slice(oldest), ...ring.slice(0, oldest)];
  }

  /** Policies are numbered in order, so a policy's entry stands at or after the last segment that begins under an earlier one. */
  #snapshot(id: number, before: ReadEntry): PolicySnapshot {
    const known = this.#snapshots.get(id);
    if (known !== undefined) return known;
    const { files } = logFiles(this.#path);
    let from = files.indexOf(before.file);
    while (from > 0 && (id === 1 || (policyIdOf(firstDecision(files[from] ?? "")) ?? id) >= id)) from -= 1;
    for (const file of files.slice(Math.max(from, 0))) {
      for (const entry of readEntries(file)) {
        if (entry.sequence >= before.sequence) throw malformed(before.sequence, `no policy ${id} stands before it`);
        if (entry.head.kind !== "genesis" && entry.head.kind !== "policy") continue;
        const body = parseEntryBody(entry.head, entry.data, () => never(entry.sequence));
        if (body?.kind !== "genesis" && body?.kind !== "policy") continue;
        this.#snapshots.set(body.policyId, snapshotFromJson(body.snapshot));
        if (body.policyId === id) return this.#snapshot(id, before);
      }
    }
    throw malformed(before.sequence, `no policy ${id} stands before it`);
  }
}

/** A candidate's name; its id when the snapshot does not know it. */
export function candidateName(snapshot: PolicySnapshot, id: number): string {
  const index = snapshot.policy.candidates.findIndex((candidate) => candidate.id === id);
  return snapshot.candidateNames[index] ?? (id === 0 ? "nothing in particular" : `candidate ${id}`);
}

function policyIdOf(entry: ReadEntry | undefined): number | undefined {
  if (entry === undefined) return undefined;
  try {
    const id = exactInteger((parseExact(entry.data) as { readonly policy?: unknown }).policy);
    return id === undefined ? undefined : Number(id);
  } catch {
    return undefined;
  }
}

function never(sequence: number): never {
  throw malformed(sequence, "it decides nothing, yet names a policy");
}

function malformed(sequence: number, problem: string): CalybrisError {
  return new CalybrisError("CAL_JOURNAL_ENTRY_MALFORMED", { sequence, problem });
}
