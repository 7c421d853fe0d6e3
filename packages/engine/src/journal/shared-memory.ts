/**
 * The memory that the engine's thread, the writer thread and the chaining thread share: a few words that say how far each
 * has come, the ring of entries, and what was written. Bytes and numbers beside the words are plain memory; whoever reads
 * them has first read, atomically, a word that was stored after them.
 * @module
 */

/** Positions of the words, 64 bytes apart, so that threads do not disturb each other's. */
export const WORD = {
  /** How far the ring of entries is filled, and how far it is emptied: bytes since the beginning, modulo 2^32. */
  appended: 0,
  emptied: 16,
  /** Who chains. */
  lock: 32,
  /** Chunks of lines, and how many of them were written; modulo 2^32. */
  chained: 48,
  taken: 64,
  /** How far the ring of lines was written, and the last durable sequence; modulo 2^32. */
  released: 80,
  durable: 96,
  /** Batches written, and how many of them the engine's thread knows; modulo 2^32. */
  written: 112,
  read: 128,
  /** Whether a thread sleeps: the writer, the chaining thread, the engine's. */
  writerAsleep: 144,
  chainerAsleep: 160,
  engineAsleep: 176,
  /** Set once: nothing follows. */
  closing: 192,
} as const;
export type Word = (typeof WORD)[keyof typeof WORD];

const WORDS_BYTES = 208 * 4;
export const CHUNKS = 1_024;
export const CHUNK_BYTES = 96;
/** As many entries may be on their way at once: each has a place for its hash. */
export const HASHES = 8_192;
export const HASH_BYTES = 64;
export const RESULTS = 1_024;
export const RESULT_NUMBERS = 7;
/** Powers of two. */
export const RING_BYTES: number = 4 << 20;
export const LINES_BYTES: number = 4 << 20;

/** Views of the shared memory, the same in every thread. */
export interface SharedMemory {
  readonly words: Int32Array;
  /** Entries, on their way to be chained. */
  readonly ring: Buffer;
  /** Lines, on their way to the file, and what is told of them. */
  readonly lines: Buffer;
  readonly chunks: DataView;
  readonly chunkBytes: Buffer;
  readonly results: Float64Array;
  /** The hash of each entry on its way, by its sequence. */
  readonly hashes: Buffer;
}

export function sharedBytes(): SharedArrayBuffer {
  return new SharedArrayBuffer(
    RING_BYTES + LINES_BYTES + RESULTS * RESULT_NUMBERS * 8 + CHUNKS * CHUNK_BYTES + HASHES * HASH_BYTES + WORDS_BYTES,
  );
}

export function sharedMemory(bytes: SharedArrayBuffer): SharedMemory {
  const resultsAt = RING_BYTES + LINES_BYTES;
  const chunksAt = resultsAt + RESULTS * RESULT_NUMBERS * 8;
  const hashesAt = chunksAt + CHUNKS * CHUNK_BYTES;
  const wordsAt = hashesAt + HASHES * HASH_BYTES;
  return {
    words: new Int32Array(bytes, wordsAt, WORDS_BYTES / 4),
    ring: Buffer.from(bytes, 0, RING_BYTES),
    lines: Buffer.from(bytes, RING_BYTES, LINES_BYTES),
    chunks: new DataView(bytes, chunksAt, CHUNKS * CHUNK_BYTES),
    chunkBytes: Buffer.from(bytes, chunksAt, CHUNKS * CHUNK_BYTES),
    results: new Float64Array(bytes, resultsAt, RESULTS * RESULT_NUMBERS),
    hashes: Buffer.from(bytes, hashesAt, HASHES * HASH_BYTES),
  };
}

export function storeHash({ hashes }: SharedMemory, sequence: number, hash: string): void {
  hashes.write(hash, (sequence % HASHES) * HASH_BYTES, "latin1");
}

export function loadHash({ hashes }: SharedMemory, sequence: number): string {
  const at = (sequence % HASHES) * HASH_BYTES;
  return hashes.toString("latin1", at, at + HASH_BYTES);
}

const AWAKE = 0;
const ASLEEP = 1;

/**
 * Sleeps until woken, unless there is something to do. Whoever gives something to do stores it first and wakes after: the
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

const FREE = 0;
const HELD = 1;
const CONTENDED = 2;
const SPINS = 100;

/** Takes the lock; sleeps when it is held for long. Only threads that may block take it. */
export function lock(words: Int32Array): void {
  for (let spin = 0; spin < SPINS; spin++) {
    if (Atomics.compareExchange(words, WORD.lock, FREE, HELD) === FREE) return;
  }
  while (Atomics.exchange(words, WORD.lock, CONTENDED) !== FREE) Atomics.wait(words, WORD.lock, CONTENDED);
}

export function unlock(words: Int32Array): void {
  if (Atomics.exchange(words, WORD.lock, FREE) === CONTENDED) Atomics.notify(words, WORD.lock, 1);
}
