/**
 * The entries of a journal with the snapshot that each was made under, for `show` and `tail`. It reads what stands there;
 * `verify` says whether it is true.
 * @module
 */
import {
  CalybrisError,
  type EntryHead,
  type PolicySnapshot,
  parseEntryBody,
  parseEntryHead,
  parseEntryLine,
  snapshotFromJson,
} from "@calybris/kernel";
import type { DecisionEntry } from "@calybris/kernel";
import { logFiles, readLines } from "./log-lines.ts";

export interface ReadEntry {
  readonly head: EntryHead;
  readonly data: string;
  readonly file: string;
  readonly byteOffset: number;
  readonly entryHash: string;
}

export interface ReadDecision extends ReadEntry {
  readonly entry: DecisionEntry;
  readonly snapshot: PolicySnapshot;
}

/** Reads a journal's entries once, from the beginning, and what is appended later by calling it again. */
export class JournalReader {
  readonly #path: string;
  readonly #snapshots = new Map<number, PolicySnapshot>();
  #file: string | undefined;
  #offset = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Whole entries after those read before. A line that is none may still be being written: it ends the reading. */
  *entries(): Generator<ReadEntry> {
    const { files } = logFiles(this.#path);
    const from = this.#file === undefined ? 0 : files.indexOf(this.#file);
    for (const file of files.slice(Math.max(from, 0))) {
      const start = file === this.#file ? this.#offset : 0;
      for (const line of readLines(file, start)) {
        const parsed = line.hasNewline ? parseEntryLine(Buffer.from(line.bytes).toString("utf8")) : undefined;
        const head = parsed === undefined ? undefined : parseEntryHead(parsed.data);
        if (parsed === undefined || head === undefined) return;
        if (head.kind === "genesis" || head.kind === "policy") this.#keepSnapshot(head, parsed.data);
        this.#file = file;
        this.#offset = line.byteOffset + line.bytes.byteLength;
        yield { head, data: parsed.data, file, byteOffset: line.byteOffset, entryHash: parsed.entryHash };
      }
    }
  }

  /** Reads a decision's entry in full. */
  decision(read: ReadEntry): ReadDecision {
    const body = parseEntryBody(read.head, read.data, (id) => this.#snapshot(read.head, id).policy);
    if (body?.kind !== "decision")
      throw new CalybrisError("CAL_JOURNAL_ENTRY_MALFORMED", {
        sequence: read.head.sequence,
        problem: `it is no decision but ${read.head.kind}`,
      });
    return { ...read, entry: body, snapshot: this.#snapshot(read.head, body.policyId) };
  }

  #keepSnapshot(head: EntryHead, data: string): void {
    const body = parseEntryBody(head, data, (id) => this.#snapshot(head, id).policy);
    if (body?.kind === "genesis" || body?.kind === "policy")
      this.#snapshots.set(body.policyId, snapshotFromJson(body.snapshot));
  }

  #snapshot(head: EntryHead, id: number): PolicySnapshot {
    const snapshot = this.#snapshots.get(id);
    if (snapshot !== undefined) return snapshot;
    throw new CalybrisError("CAL_JOURNAL_ENTRY_MALFORMED", {
      sequence: head.sequence,
      problem: `no policy ${id} stands before it`,
    });
  }
}

/** A candidate's name; its id when the snapshot does not know it. */
export function candidateName(snapshot: PolicySnapshot, id: number): string {
  const index = snapshot.policy.candidates.findIndex((candidate) => candidate.id === id);
  return snapshot.candidateNames[index] ?? (id === 0 ? "nothing in particular" : `candidate ${id}`);
}
