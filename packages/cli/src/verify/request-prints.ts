/**
 * Checks the request IDs of a log of any length. Each takes 24 bytes in blocks of a temporary file: a 64-bit fingerprint
 * with the number and time of its decision. Equal fingerprints are in the same bucket, so buckets are compared one by one.
 *
 * Equal IDs have equal fingerprints, so no duplicate is missed. Different IDs may share a fingerprint; a second audit
 * compares the IDs with repeated fingerprints (`SuspectedIds`).
 * @module
 */
import { closeSync } from "node:fs";
import { type Decided, isRetained, type RequestIdCheck, scopedId } from "@calybris/audit";
import type { DecisionEntry } from "@calybris/kernel";
import { openTemporary, readTemporary, writeTemporary } from "./temporary-file.ts";

const BUCKETS = 256;
const RECORD_BYTES = 24;
const RECORD_WORDS = RECORD_BYTES / 4;
const RECORD_DOUBLES = RECORD_BYTES / 8;
/** Records in a block of the file. */
const BLOCK_RECORDS = 512;
const FIRST_RECORDS = 16;

/** Location of the fingerprints. Threads of one process share the file descriptor. */
export interface WrittenPrints {
  readonly descriptor: number | undefined;
  /** For each bucket, its blocks in the file and the records after them. */
  readonly buckets: readonly { readonly blocks: readonly number[]; readonly rest: Uint8Array }[];
}

interface Bucket {
  readonly blocks: number[];
  words: Uint32Array;
  doubles: Float64Array;
  count: number;
}

/** Collects the request IDs of one range, in the order of its entries. */
export class RequestPrints implements RequestIdCheck {
  hasForgotten = false;
  readonly #buckets: readonly Bucket[] = Array.from({ length: BUCKETS }, () => ({
    blocks: [],
    ...room(FIRST_RECORDS),
    count: 0,
  }));
  readonly #print = new Uint32Array(2);
  readonly #blockRecords: number;
  #descriptor: number | undefined;
  #end = 0;

  /** @param blockRecords - the number of records per bucket that are kept in memory. */
  constructor(blockRecords: number = BLOCK_RECORDS) {
    this.#blockRecords = blockRecords;
  }

  take(entry: DecisionEntry, at: number): undefined {
    if (entry.requestId === undefined) return;
    const print = fingerprint(scopedId(entry), this.#print);
    const bucket = this.#buckets[print[0] & (BUCKETS - 1)] as Bucket;
    if (bucket.count === this.#blockRecords) this.#write(bucket);
    else if (bucket.count * RECORD_DOUBLES === bucket.doubles.length) grow(bucket);
    bucket.words.set(print, bucket.count * RECORD_WORDS);
    bucket.doubles[bucket.count * RECORD_DOUBLES + 1] = Number(entry.request.sequence);
    bucket.doubles[bucket.count * RECORD_DOUBLES + 2] = at;
    bucket.count += 1;
  }

  get written(): WrittenPrints {
    const buckets = this.#buckets.map(({ blocks, words, count }) => ({
      blocks,
      rest: new Uint8Array(words.buffer, 0, count * RECORD_BYTES),
    }));
    return { descriptor: this.#descriptor, buckets };
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #write(bucket: Bucket): void {
    this.#descriptor ??= openTemporary();
    const bytes = new Uint8Array(bucket.words.buffer, 0, bucket.count * RECORD_BYTES);
    writeTemporary(this.#descriptor, bytes, this.#end);
    bucket.blocks.push(this.#end);
    this.#end += bytes.byteLength;
    bucket.count = 0;
  }
}

/**
 * Fingerprints that occur on two decisions within the retention period.
 *
 * @param parts - the parts of a log, in order.
 */
export function repeatedPrints(
  parts: readonly WrittenPrints[],
  blockRecords: number = BLOCK_RECORDS,
): ReadonlySet<string> {
  const repeated = new Set<string>();
  for (let number = 0; number < BUCKETS; number++) addRepeated(recordsOf(parts, number, blockRecords), repeated);
  return repeated;
}

/** Compares only the IDs with the given fingerprints. */
export class SuspectedIds implements RequestIdCheck {
  hasForgotten = false;
  readonly #prints: ReadonlySet<string>;
  readonly #latest = new Map<string, Decided>();
  readonly #print = new Uint32Array(2);

  constructor(prints: ReadonlySet<string>) {
    this.#prints = prints;
  }

  take(entry: DecisionEntry, at: number): number | undefined {
    if (entry.requestId === undefined) return undefined;
    const id = scopedId(entry);
    if (!this.#prints.has(fingerprint(id, this.#print).join())) return undefined;
    const before = this.#latest.get(id);
    const decided = { number: Number(entry.request.sequence), at };
    this.#latest.set(id, decided);
    return before !== undefined && isRetained(before, decided) ? before.number : undefined;
  }
}

/** Finds equal fingerprints with a hash table of positions, at most half full. */
function addRepeated(bytes: Uint8Array, repeated: Set<string>): void {
  const count = bytes.byteLength / RECORD_BYTES;
  const words = new Uint32Array(bytes.buffer);
  const doubles = new Float64Array(bytes.buffer);
  const decidedAt = (place: number): Decided => ({
    number: doubles[place * RECORD_DOUBLES + 1] as number,
    at: doubles[place * RECORD_DOUBLES + 2] as number,
  });
  const table = new Uint32Array(2 ** Math.ceil(Math.log2(2 * count + 2)));
  for (let place = 0; place < count; place++) {
    const [high, low] = [words[place * RECORD_WORDS] as number, words[place * RECORD_WORDS + 1] as number];
    let slot = low & (table.length - 1);
    for (; table[slot] !== 0; slot = (slot + 1) & (table.length - 1)) {
      const other = (table[slot] as number) - 1;
      if (words[other * RECORD_WORDS] !== high || words[other * RECORD_WORDS + 1] !== low) continue;
      if (isRetained(decidedAt(other), decidedAt(place))) repeated.add(`${high},${low}`);
      break;
    }
    table[slot] = place + 1;
  }
}

/** The records of one bucket, in the order of the log. */
function recordsOf(parts: readonly WrittenPrints[], number: number, blockRecords: number): Uint8Array {
  const blockBytes = blockRecords * RECORD_BYTES;
  const own = parts.map(({ descriptor, buckets }) => ({
    descriptor,
    ...(buckets[number] ?? { blocks: [], rest: new Uint8Array() }),
  }));
  const bytes = new Uint8Array(
    own.reduce((sum, { blocks, rest }) => sum + blocks.length * blockBytes + rest.byteLength, 0),
  );
  let at = 0;
  for (const { descriptor, blocks, rest } of own) {
    for (const position of blocks) {
      readTemporary(descriptor as number, bytes.subarray(at, at + blockBytes), position);
      at += blockBytes;
    }
    bytes.set(rest, at);
    at += rest.byteLength;
  }
  return bytes;
}

function room(records: number): Pick<Bucket, "words" | "doubles"> {
  const buffer = new ArrayBuffer(records * RECORD_BYTES);
  return { words: new Uint32Array(buffer), doubles: new Float64Array(buffer) };
}

function grow(bucket: Bucket): void {
  const { words } = bucket;
  Object.assign(bucket, room((2 * words.length) / RECORD_WORDS));
  bucket.words.set(words);
}

/** Two hashes similar to FNV-1a, with a final mix. Their quality affects only the time, not the result. */
function fingerprint(text: string, print: Uint32Array): readonly [high: number, low: number] & Uint32Array {
  let [high, low] = [0x811c9dc5, 0x9e3779b9];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    high = Math.imul(high ^ code, 0x01000193);
    low = Math.imul(low ^ code, 0x85ebca6b);
    low ^= low >>> 13;
  }
  high = Math.imul(high ^ (high >>> 16), 0xc2b2ae35);
  low = Math.imul(low ^ (low >>> 15), 0x27d4eb2f);
  print[0] = high ^ (high >>> 13);
  print[1] = low ^ (low >>> 16);
  return print as Uint32Array & readonly [high: number, low: number];
}
