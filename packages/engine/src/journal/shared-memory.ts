/**
 * The memory shared by the engine's thread and the writer thread: a few words with the progress of each, the ring of
 * entries, and the results. Bytes and numbers outside the words are plain memory; a reader first reads, atomically, a word
 * that was stored after them.
 * @module
 */
import { PROOF_BYTES } from "./decision-record.ts";
import { FRONTIER_BYTES, Frontiers } from "./frontiers.ts";
import { ProofTable } from "./proofs.ts";

/** Positions of the words, 64 bytes apart, so that they do not share cache lines. */
export const WORD = {
  /** Bytes written to and consumed from the ring since the beginning, modulo 2^32. */
  appended: 0,
  emptied: 16,
  /** Batches written, and batches that the engine's thread has read; modulo 2^32. */
  written: 32,
  read: 48,
  /** Whether a thread sleeps: the writer's, the engine's. */
  writerAsleep: 64,
  engineAsleep: 80,
  /** Set once: no more entries follow. */
  closing: 96,
} as const;
export type Word = (typeof WORD)[keyof typeof WORD];

const WORDS_BYTES = 112 * 4;
/** Most entries in flight: each has a place for its proof. */
export const PROOFS = 8_192;
export const RESULTS = 1_024;
export const RESULT_NUMBERS = 7;
/** A power of two. */
export const RING_BYTES: number = 4 << 20;

/** Views of the shared memory, the same in every thread. */
export interface SharedMemory {
  readonly words: Int32Array;
  /** Entries on their way to the writer. */
  readonly ring: Buffer;
  /** The results of written batches. */
  readonly results: Float64Array;
  /** The proofs of entries in flight, by sequence: hash, and the digests of a decision. */
  readonly proofs: ProofTable;
  /** The Merkle tree after each written batch. */
  readonly frontiers: Frontiers;
}

const PROOFS_AT = RING_BYTES + RESULTS * RESULT_NUMBERS * 8;
const WORDS_AT = PROOFS_AT + PROOFS * PROOF_BYTES;
const FRONTIERS_AT = WORDS_AT + WORDS_BYTES;

export function sharedBytes(): SharedArrayBuffer {
  return new SharedArrayBuffer(FRONTIERS_AT + RESULTS * FRONTIER_BYTES);
}

export function sharedMemory(bytes: SharedArrayBuffer): SharedMemory {
  return {
    words: new Int32Array(bytes, WORDS_AT, WORDS_BYTES / 4),
    ring: Buffer.from(bytes, 0, RING_BYTES),
    results: new Float64Array(bytes, RING_BYTES, RESULTS * RESULT_NUMBERS),
    proofs: new ProofTable(Buffer.from(bytes, PROOFS_AT, PROOFS * PROOF_BYTES)),
    frontiers: new Frontiers(new Uint8Array(bytes, FRONTIERS_AT, RESULTS * FRONTIER_BYTES)),
  };
}

const AWAKE = 0;
const ASLEEP = 1;

/**
 * Sleeps until woken, unless there is work. A producer stores its work first and wakes the sleeper after; the sleeper
 * announces its sleep before it checks for work, so one of the two always sees the other.
 *
 * @param msMax - wakes by itself after this many milliseconds; default: never.
 */
export function sleepUnless(words: Int32Array, sleeper: Word, ready: () => boolean, msMax?: number): void {
  Atomics.store(words, sleeper, ASLEEP);
  if (!ready()) Atomics.wait(words, sleeper, ASLEEP, msMax);
  Atomics.store(words, sleeper, AWAKE);
}

/** Announces that the engine's thread will wait for a message; false if there is work, and it does not wait. */
export function dozeUnless(words: Int32Array, ready: () => boolean): boolean {
  Atomics.store(words, WORD.engineAsleep, ASLEEP);
  if (!ready()) return true;
  Atomics.store(words, WORD.engineAsleep, AWAKE);
  return false;
}

/** Wakes a thread if it sleeps. True for the engine's thread means that it needs a message. */
export function wake(words: Int32Array, sleeper: Word): boolean {
  if (Atomics.load(words, sleeper) !== ASLEEP) return false;
  if (Atomics.compareExchange(words, sleeper, ASLEEP, AWAKE) !== ASLEEP) return false;
  Atomics.notify(words, sleeper);
  return true;
}
