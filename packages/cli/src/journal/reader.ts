/**
 * Finds entries of a journal, and the snapshot that each was made under, for `show` and `tail`. A segment's first line
 * says where it begins, so no more than a segment or two is read, and earlier ones are searched for a policy. What is read is what
 * stands there; `verify` says whether it is true.
 * @module
 */
import { readFileSync } from "node:fs";
import type { BeliefEntry, ChainHash, DecisionEntry } from "@calybris/kernel";
import { CalybrisError, type PolicySnapshot, parseEntryBody, snapshotFromJson } from "@calybris/kernel";
import { firstEntry, type ReadEntry, readEntries } from "./entries.ts";
import { logFiles } from "./log-lines.ts";

export interface ReadDecision extends ReadEntry {
  readonly entry: DecisionEntry;
  /** Of the policy that was in force. */
  readonly policyId: number;
  readonly snapshot: PolicySnapshot;
  /** The name of the key that its actor is, where it is one. */
  readonly keyName: string | undefined;
  /** Whether its hash follows from its data; `undefined` where that takes a key which is not at hand. */
  readonly isChained: boolean | undefined;
}

interface PolicyAt {
  readonly sequence: number;
  readonly id: number;
  readonly snapshot: PolicySnapshot;
}

export class JournalReader {
  readonly #path: string;
  readonly #chain: ChainHash | undefined;
  readonly #keyNames = new Map<number, string>();
  /** Of each file, the policies in it up to a byte. */
  readonly #policies = new Map<string, { readonly byteEnd: number; readonly policies: readonly PolicyAt[] }>();
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
    if (head.kind !== "decision") throw malformed(head.sequence, `it is not a decision but ${head.kind}`);
    const policy = this.#policyAt(read);
    const entry = parseEntryBody(head, data, () => policy.snapshot);
    if (entry?.kind !== "decision") throw malformed(head.sequence, "it is not a decision");
    const { id: policyId, snapshot } = policy;
    const isChained =
      this.#chain === undefined ? undefined : this.#chain(read.previousHash, Buffer.from(data)) === read.entryHash;
    return { ...read, entry, policyId, snapshot, keyName: this.#keyName(entry.actor), isChained };
  }

  /** The name that a key was introduced with; its entry comes before all that it causes. */
  #keyName(actor: DecisionEntry["actor"]): string | undefined {
    if (typeof actor !== "number") return undefined;
    const known = this.#keyNames.get(actor);
    if (known !== undefined) return known;
    const { head, data } = this.find(actor);
    const body = head.kind === "key" ? parseEntryBody(head, data, () => never(actor)) : undefined;
    const name = body?.kind === "key" && body.change === "introduced" ? body.name : "unknown";
    this.#keyNames.set(actor, name);
    return name;
  }

  /** The table that a decision was drawn from; `undefined` where it names none. */
  table({ entry }: ReadDecision): BeliefEntry | undefined {
    const belief = entry.learning?.belief ?? 0;
    if (belief === 0) return undefined;
    const { head, data } = this.find(belief);
    const body = parseEntryBody(head, data, () => never(belief));
    if (body?.kind !== "belief") throw malformed(belief, `it is not a belief but ${head.kind}`);
    return body;
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

  /** The policy in force before an entry: the last that stands before it, in its own file or in an earlier one. */
  #policyAt(before: ReadEntry): PolicyAt {
    const { files } = logFiles(this.#path);
    for (const file of files.slice(0, files.indexOf(before.file) + 1).toReversed()) {
      const found = this.#policiesOf(file, before).findLast(({ sequence }) => sequence < before.sequence);
      if (found !== undefined) return found;
    }
    throw malformed(before.sequence, "no policy precedes it");
  }

  /** The policies in a file, read as far as an entry at least. */
  #policiesOf(file: string, until: ReadEntry): readonly PolicyAt[] {
    const known = this.#policies.get(file) ?? { byteEnd: 0, policies: [] };
    const wanted = file === until.file ? until.byteEnd : Number.POSITIVE_INFINITY;
    if (known.byteEnd >= wanted) return known.policies;
    const policies = [...known.policies];
    if (file !== until.file && !mentionsPolicy(file)) {
      this.#policies.set(file, { byteEnd: wanted, policies });
      return policies;
    }
    for (const { head, data, sequence, byteEnd } of readEntries(file, known.byteEnd)) {
      if (byteEnd > wanted) break;
      if (head.kind !== "genesis" && head.kind !== "policy") continue;
      const body = parseEntryBody(head, data, () => never(sequence));
      if (body?.kind !== "genesis" && body?.kind !== "policy") continue;
      policies.push({ sequence, id: body.policyId, snapshot: snapshotFromJson(body.snapshot ?? null) });
    }
    this.#policies.set(file, { byteEnd: wanted, policies });
    return policies;
  }
}

/** A candidate's name; its id when the snapshot does not know it. */
export function candidateName(snapshot: PolicySnapshot, id: number): string {
  const index = snapshot.policy.candidates.findIndex((candidate) => candidate.id === id);
  return snapshot.candidateNames[index] ?? (id === 0 ? "nothing in particular" : `candidate ${id}`);
}

/** Finding the text is a hundred times as fast as reading the entries. */
function mentionsPolicy(file: string): boolean {
  const bytes = readFileSync(file);
  return bytes.includes('"kind":"policy"') || bytes.includes('"kind":"genesis"');
}

function never(sequence: number): never {
  throw malformed(sequence, "it decides nothing, yet names a policy");
}

function malformed(sequence: number, problem: string): CalybrisError {
  return new CalybrisError("CAL_JOURNAL_ENTRY_MALFORMED", { sequence, problem });
}
