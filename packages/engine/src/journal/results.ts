/**
 * The writer thread's results for the engine's thread: one row of numbers per batch. If all rows are unread the writer
 * waits; the engine's thread never does.
 * @module
 */
import type { MerkleFrontier } from "@calybris/kernel";
import type { Place } from "./segment-writer.ts";
import { RESULT_NUMBERS, RESULTS, type SharedMemory, WORD } from "./shared-memory.ts";

/** A written batch. */
export interface Result extends Place {
  readonly first: number;
  /** The last durable entry. */
  readonly durable: number;
  /** Duration of write and sync, microseconds. */
  readonly tookUs: number;
}

/**
 * Adds a row; called by the writer.
 *
 * @param tree - of all durable entries.
 */
export function publishResult({ words, results, frontiers }: SharedMemory, result: Result, tree: MerkleFrontier): void {
  const written = Atomics.load(words, WORD.written);
  for (;;) {
    const read = Atomics.load(words, WORD.read);
    if ((written - read) >>> 0 < RESULTS) break;
    Atomics.wait(words, WORD.read, read);
  }
  const { first, durable, segment, offset, bytes, fsyncs, tookUs } = result;
  frontiers.lay((written >>> 0) % RESULTS, tree.hashes);
  results.set([first, durable, segment, offset, bytes, fsyncs, tookUs], rowAt(written));
  Atomics.store(words, WORD.written, (written + 1) | 0);
}

export function hasResults({ words }: SharedMemory): boolean {
  return Atomics.load(words, WORD.written) !== Atomics.load(words, WORD.read);
}

/** Passes on every unread row, in order, each with its tree; called by the engine's thread. */
export function drainResults({ words, results, frontiers }: SharedMemory, onResult: (result: Result) => void): void {
  const written = Atomics.load(words, WORD.written);
  for (let read = Atomics.load(words, WORD.read); read !== written; read = (read + 1) | 0) {
    const result = resultAt(results, rowAt(read));
    frontiers.take((read >>> 0) % RESULTS, result.durable);
    Atomics.store(words, WORD.read, (read + 1) | 0);
    onResult(result);
  }
  Atomics.notify(words, WORD.read);
}

function resultAt(results: Float64Array, at: number): Result {
  const column = (index: number): number => results[at + index] as number;
  return {
    first: column(0),
    durable: column(1),
    segment: column(2),
    offset: column(3),
    bytes: column(4),
    fsyncs: column(5),
    tookUs: column(6),
  };
}

function rowAt(number: number): number {
  return ((number >>> 0) % RESULTS) * RESULT_NUMBERS;
}
