/**
 * The memory that the engine's thread and the writer thread share: a few words that say how far each has come, the ring of
 * entries, and what was written. Bytes and numbers beside the words are plain memory; a reader has first read, atomically, a
 * word that was stored after them.
 * @module
 */
import { PROOF_BYTES } from "./decision-record.ts";
import { FRONTIER_BYTES, Frontiers } from "./frontiers.ts";
import { ProofTable } from "./proofs.ts";

/** Positions of the words, 64 bytes apart, so that threads do not disturb each other's. */
export const WORD = {
  /** How far the ring of entries is filled, and how far it is emptied: bytes since the beginning, modulo 2^32. */
  appended: 0,
  emptied: 16,
  /** Batches written, and how many of them the engine's thread knows; modulo 2^32. */
  written: 32,
  read: 48,
  /** Whether a thread sleeps: the writer, the engine's. */
  writerAsleep: 64,
  engineAsleep: 80,
  /** Set once: nothing follows. */
  closing: 96,
} as const;
export type Word = (typeof WORD)[keyof typeof WORD];

const WORDS_BYTES = 112 * 4;
/** As many entries may be on their way at once: each has a place for its proof. */
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
  /** What was written. */
  readonly results: Float64Array;
  /** The proof of each entry on its way, by its sequence: its hash, and the digests of a decision. */
  readonly proofs: ProofTable;
  /** The Merkle tree after each batch that was written. */
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
 * Sleeps until woken, unless there is something to do. A producer stores its work first and wakes the sleeper after: the
 * sleeper says that it sleeps before it looks, so one of the two always sees the other.
 *
 * @param msMax - wakes by itself after this many milliseconds; never when left out.
 */
export function sleepUnless(words: Int32Array, sleeper: Word, ready: () => boolean, msMax?: number): void {
  Atomics.store(words, sleeper, ASLEEP);
  if (!ready()) Atomics.wait(words, sleeper, ASLEEP, msMax);
  Atomics.store(words, sleeper, AWAKE);
}

/** Says that the engine's thread will wait for a message; false when there is something to do, and it does not. */
export function dozeUnless(words: Int32Array, ready: () => boolean): boolean {
  Atomics.store(words, WORD.engineAsleep, ASLEEP);
  if (!ready()) return true;
  Atomics.store(words, WORD.engineAsleep, AWAKE);
  return false;
}

/** Wakes a thread if it sleeps. For the engine's thread, true says that it must be sent a message. */
export function wake(words: Int32Array, sleeper: Word): boolean {
  if (Atomics.load(words, sleeper) !== ASLEEP) return false;
  if (Atomics.compareExchange(words, sleeper, ASLEEP, AWAKE) !== ASLEEP) return false;
  Atomics.notify(words, sleeper);
  return true;
}
