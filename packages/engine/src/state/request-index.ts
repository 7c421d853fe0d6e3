/**
 * Maps decided request ids to entries: a log of fingerprints in the order of the decisions, and a hash table of positions in
 * it, about 25 bytes an id. A fingerprint has 64 bits; the reader of a candidate entry compares the id in it, so equal
 * fingerprints cost a read and never give a wrong answer.
 *
 * Bound: the latest {@link REQUEST_IDS_MAX} ids are kept, and at most a tenth more.
 * @module
 */
import {
  type DecisionEntry,
  type EntryBody,
  REQUEST_RECORDS,
  SNAPSHOT_PAGE_RECORDS,
  type SnapshotMembers,
} from "@calybris/kernel";
import type { Writable } from "../flows/writable.ts";
import type { SnapshotLine } from "../snapshot/line.ts";
import { RecordLog } from "../snapshot/record-log.ts";
import type { Stage } from "./stage.ts";

export const REQUEST_IDS_MAX = 10_000_000;
/** An id older than this may be decided again. */
export const REQUEST_ID_RETENTION_US: number = 7 * 24 * 3_600 * 1_000_000;

const FIRST_CAPACITY = 1 << 12;
const FULL = 0.6;
const TWO_32 = 2 ** 32;

/** A request id within its namespace. */
export interface ScopedId {
  readonly namespace: string;
  readonly requestId: string;
}

/** The halves are signed, because V8 stores signed 32-bit numbers without allocating. */
interface Fingerprint {
  readonly sequence: number;
  readonly high: number;
  readonly low: number;
}

export class RequestIndex implements Stage {
  readonly parts: readonly string[] = ["requests"];
  readonly #idsMax: number;
  readonly #spare: number;
  readonly #rows: number;
  readonly #log: RecordLog<Fingerprint>;
  /** Log number of the oldest id kept. */
  #first = 0;
  /** The hash table: a slot holds the log number minus `#base`, plus 1; 0 if free. */
  #base = 0;
  #slots: Uint32Array = new Uint32Array(FIRST_CAPACITY);
  /** Scratch memory for the current fingerprint and its record, so that a decision allocates neither. */
  readonly #print: Int32Array = new Int32Array(2);
  readonly #record: Writable<Fingerprint> = { sequence: 0, high: 0, low: 0 };

  constructor(idsMax: number = REQUEST_IDS_MAX) {
    this.#idsMax = idsMax;
    this.#spare = Math.max(1, Math.floor(idsMax / 10));
    this.#rows = Math.min(SNAPSHOT_PAGE_RECORDS.requests, this.#spare);
    this.#log = new RecordLog("requests", REQUEST_RECORDS, this.#rows);
  }

  get count(): number {
    return this.#log.next - this.#first;
  }

  apply(sequence: number, _at: number, body: EntryBody): void {
    if (body.kind !== "decision") return;
    if (body.requestId !== undefined) this.add(namespaceOfEntry(body), body.requestId, sequence);
  }

  add(namespace: string, requestId: string, sequence: number): void {
    if (this.count >= this.#idsMax + this.#spare) this.#forgetOldest();
    fingerprint(namespace, requestId, this.#print);
    const record = this.#record;
    record.sequence = sequence;
    record.high = this.#print[0] as number;
    record.low = this.#print[1] as number;
    this.#insert(this.#log.append(record), record.low);
  }

  /** Whether any entry may hold the id; almost always false. */
  mayHold(id: ScopedId): boolean {
    return this.#find(id, 0) !== undefined;
  }

  /** The sequences of entries that may hold the id, usually the oldest first. */
  *candidates(id: ScopedId): Generator<number> {
    for (let from = 0; ; ) {
      const found = this.#find(id, from);
      if (found === undefined) return;
      yield found.sequence;
      from = found.probes;
    }
  }

  lines(): Generator<SnapshotLine> {
    return this.#log.lines();
  }

  restore(_part: string, members: SnapshotMembers): void {
    const isFirstPage = this.#log.next === 0;
    this.#log.restore(members, ({ low }, number) => {
      if (isFirstPage && number % this.#rows === 0) this.#first = this.#base = number;
      this.#insert(number, low);
      return true;
    });
  }

  /** The next entry with the fingerprint after skipping `from` slots, and the number of slots visited. */
  #find({ namespace, requestId }: ScopedId, from: number): { sequence: number; probes: number } | undefined {
    fingerprint(namespace, requestId, this.#print);
    const high = this.#print[0] as number;
    const low = this.#print[1] as number;
    const mask = this.#slots.length - 1;
    for (let probes = from; ; probes++) {
      const position = this.#slots[(low + probes) & mask] as number;
      if (position === 0) return undefined;
      const number = position - 1 + this.#base;
      const view = this.#log.viewOf(number);
      if (view === undefined) continue;
      const at = this.#log.offsetOf(number);
      if (view.getInt32(at + 8, true) !== high || view.getInt32(at + 12, true) !== low) continue;
      const sequence = view.getUint32(at, true) + view.getUint32(at + 4, true) * TWO_32;
      return { sequence, probes: probes + 1 };
    }
  }

  #insert(number: number, low: number): void {
    if (this.count > this.#slots.length * FULL) this.#rebuild(this.#slots.length * 2);
    else this.#place(number, low);
  }

  #place(number: number, low: number): void {
    const mask = this.#slots.length - 1;
    let slot = low & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = number - this.#base + 1;
  }

  /** Drops whole pages of the oldest ids; at least the latest `idsMax` remain. */
  #forgetOldest(): void {
    const first = Math.floor((this.#log.next - this.#idsMax) / this.#rows) * this.#rows;
    this.#log.dropBefore(first);
    this.#first = Math.max(first, this.#first);
    this.#rebuild(this.#slots.length);
  }

  #rebuild(capacity: number): void {
    this.#slots = new Uint32Array(capacity);
    this.#base = this.#first;
    for (let number = this.#first; number < this.#log.next; number++) {
      const view = this.#log.viewOf(number);
      if (view !== undefined) this.#place(number, view.getInt32(this.#log.offsetOf(number) + 12, true));
    }
  }
}

/** The namespace of ids: the tenant that the client named; no tenant is the empty namespace, which no tenant can have. */
export function namespaceOf(tenant: string | undefined): string {
  return tenant ?? "";
}

/** The namespace of a decision's id; `defaulted` lists a tenant that was not named. */
export function namespaceOfEntry({ defaulted, tenant }: DecisionEntry): string {
  return namespaceOf(defaulted.includes("tenant") ? undefined : tenant);
}

/** The scoped id as one text; neither a tenant nor an id contains a line feed. */
export function textOf({ namespace, requestId }: ScopedId): string {
  return `${namespace}\n${requestId}`;
}

/** Two 32-bit hashes in the style of FNV-1a with a final mix; their quality affects only speed. */
function fingerprint(namespace: string, requestId: string, print: Int32Array): void {
  print[0] = 0x811c9dc5;
  print[1] = 0x9e3779b9;
  mixIn(namespace, print);
  mixIn("\n", print);
  mixIn(requestId, print);
  let high = print[0] as number;
  let low = print[1] as number;
  high = Math.imul(high ^ (high >>> 16), 0xc2b2ae35);
  low = Math.imul(low ^ (low >>> 15), 0x27d4eb2f);
  print[0] = high ^ (high >>> 13);
  print[1] = low ^ (low >>> 16);
}

function mixIn(text: string, print: Int32Array): void {
  let high = print[0] as number;
  let low = print[1] as number;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    high = Math.imul(high ^ code, 0x01000193);
    low = Math.imul(low ^ code, 0x85ebca6b);
    low ^= low >>> 13;
  }
  print[0] = high;
  print[1] = low;
}
