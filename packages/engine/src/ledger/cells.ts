/**
 * Headroom in shared memory: one 64-bit cell per tenant, from which any thread may reserve without a lock.
 *
 *     cell = the headroom after the last entry ordered − what threads have debited ahead of their entries
 *
 * Why one cell is enough: a reservation lowers the remainder and the rest of the cap by the same amount, so it lowers their
 * minimum by that amount. Only debits run ahead. A credit reaches a cell once its entry is ordered; the debit of an entry
 * that was never ordered may be undone.
 *
 * Each operation is a generator that yields before every atomic access. Production drives it straight through; a test's
 * scheduler drives every interleaving. ECMAScript's atomics are sequentially consistent (ECMA-262, section 29).
 * @module
 */
import { invariant } from "@calybris/kernel";

/** Cells of different tenants are a cache line apart. */
const CELL_STRIDE = 8;
/** The first cache line holds counters, not a tenant's cell. */
const ATTEMPTING = 0;
const UNDONE = 1;
const CELL_BYTES = CELL_STRIDE * 8;
export const TENANTS_MAX = 1_000_000;
const INITIAL_CELLS = 1_024;

/** An operation in steps, each of at most one atomic access. */
export type Steps<Result> = Generator<undefined, Result, undefined>;

/** Runs an operation without interruption. */
export function drive<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

export class Cells {
  readonly buffer: SharedArrayBuffer;
  /** Length-tracking: grows with the buffer. */
  readonly #cells: BigInt64Array<SharedArrayBuffer>;

  constructor(buffer: SharedArrayBuffer = emptyBuffer()) {
    this.buffer = buffer;
    this.#cells = new BigInt64Array(buffer);
  }

  /** Allocates a tenant's cell. Only on the ordering thread. */
  ensure(index: number): void {
    invariant(index < TENANTS_MAX, `at most ${TENANTS_MAX} tenants`);
    const bytes = (index + 2) * CELL_BYTES;
    if (bytes > this.buffer.byteLength)
      this.buffer.grow(Math.min(Math.max(bytes, this.buffer.byteLength * 2), this.buffer.maxByteLength));
  }

  /** Whether a cell is allocated at an index; it may not have a tenant yet. */
  has(index: number): boolean {
    return Number.isInteger(index) && index >= 0 && (index + 2) * CELL_BYTES <= this.buffer.byteLength;
  }

  headroom(index: number): bigint {
    return Atomics.load(this.#cells, cellOf(index));
  }

  /**
   * Takes `amount` from every level or from none, from the top down. A refusal that overlaps with another thread's debits,
   * or with undoing them, may be spurious, so it is retried once.
   */
  *reserve(path: readonly number[], amount: bigint): Steps<boolean> {
    // Debits ahead of their entries can make a cell negative; an amount of 0 is admitted all the same.
    if (amount === 0n) return true;
    yield;
    const undoneBefore = this.undoneCount();
    if (yield* this.#debitAll(path, amount)) return true;
    if (!(yield* this.mayBeFalse(undoneBefore))) return false;
    return yield* this.#debitAll(path, amount);
  }

  /** Like `reserve`, run without interruption. On a single level without contention it is one exchange. */
  take(path: readonly number[], amount: bigint): boolean {
    const [only] = path;
    if (path.length === 1 && only !== undefined) {
      const seen = this.headroom(only);
      const isTaken =
        seen >= amount && Atomics.compareExchange(this.#cells, cellOf(only), seen, seen - amount) === seen;
      if (isTaken) return true;
    }
    return drive(this.reserve(path, amount));
  }

  /** Number of undone debits. */
  undoneCount(): bigint {
    return Atomics.load(this.#cells, UNDONE);
  }

  /** Whether a shortage may be spurious: another thread is between its debits, or has undone some since. */
  *mayBeFalse(undoneBefore: bigint): Steps<boolean> {
    yield;
    const attempting = Atomics.load(this.#cells, ATTEMPTING);
    yield;
    return attempting !== 0n || this.undoneCount() !== undoneBefore;
  }

  /** Returns the amount reserved for an entry that was never ordered. */
  *undo(path: readonly number[], amount: bigint): Steps<void> {
    for (const index of path) {
      yield;
      Atomics.add(this.#cells, cellOf(index), amount);
    }
    yield;
    Atomics.add(this.#cells, UNDONE, 1n);
  }

  /** Adjusts a cell by the change in headroom of an entry that was just ordered. Only on the ordering thread. */
  *credit(index: number, change: bigint): Steps<void> {
    if (change === 0n) return;
    yield;
    Atomics.add(this.#cells, cellOf(index), change);
  }

  *#debitAll(path: readonly number[], amount: bigint): Steps<boolean> {
    const [only] = path;
    if (path.length === 1 && only !== undefined) return yield* this.#debit(only, amount);
    yield;
    Atomics.add(this.#cells, ATTEMPTING, 1n);
    let debited = 0;
    for (const index of path) {
      if (!(yield* this.#debit(index, amount))) break;
      debited += 1;
    }
    const isWhole = debited === path.length;
    if (!isWhole && debited > 0) yield* this.undo(path.slice(0, debited), amount);
    yield;
    Atomics.sub(this.#cells, ATTEMPTING, 1n);
    return isWhole;
  }

  *#debit(index: number, amount: bigint): Steps<boolean> {
    const cell = cellOf(index);
    for (;;) {
      yield;
      const seen = Atomics.load(this.#cells, cell);
      if (seen < amount) return false;
      yield;
      if (Atomics.compareExchange(this.#cells, cell, seen, seen - amount) === seen) return true;
    }
  }
}

function cellOf(index: number): number {
  return (index + 1) * CELL_STRIDE;
}

function emptyBuffer(): SharedArrayBuffer {
  return new SharedArrayBuffer(INITIAL_CELLS * CELL_BYTES, { maxByteLength: (TENANTS_MAX + 1) * CELL_BYTES });
}
