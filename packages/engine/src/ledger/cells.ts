/**
 * Room, in shared memory: one 64-bit cell a tenant, from which any thread may reserve without a lock.
 *
 *     cell = the headroom after the last entry ordered − what threads have debited ahead of their entries
 *
 * Why one cell is enough: reserving lowers what remains and what the cap leaves by the same amount, so it lowers the
 * least of both by that amount. Only debits run ahead. A credit reaches a cell once its entry is ordered; what was debited
 * for an entry that never was may be undone.
 *
 * Each operation is a generator that yields before every atomic access. Production drives it straight through; a test's
 * scheduler drives every order of them. ECMAScript's atomics are sequentially consistent (ECMA-262, section 29).
 * @module
 */
import { invariant } from "@calybris/kernel";

/** Cells of different tenants are a cache line apart. */
const CELL_STRIDE = 8;
/** The first line is not a tenant's. */
const ATTEMPTING = 0;
const UNDONE = 1;
const CELL_BYTES = CELL_STRIDE * 8;
export const TENANTS_MAX = 1_000_000;
const INITIAL_CELLS = 1_024;

/** What runs in steps, each of at most one atomic access. */
export type Steps<Result> = Generator<undefined, Result, undefined>;

/** Runs an operation straight through. */
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

  /** Makes room for a tenant's cell. The ordering thread only. */
  ensure(index: number): void {
    invariant(index < TENANTS_MAX, `at most ${TENANTS_MAX} tenants`);
    const bytes = (index + 2) * CELL_BYTES;
    if (bytes > this.buffer.byteLength)
      this.buffer.grow(Math.min(Math.max(bytes, this.buffer.byteLength * 2), this.buffer.maxByteLength));
  }

  /** Whether there is a cell at a position; a tenant may yet be to come. */
  has(index: number): boolean {
    return Number.isInteger(index) && index >= 0 && (index + 2) * CELL_BYTES <= this.buffer.byteLength;
  }

  headroom(index: number): bigint {
    return Atomics.load(this.#cells, cellOf(index));
  }

  /**
   * Takes `amount` from every level or from none, from the top down. A refusal seen while another thread was between its
   * debits, or undid them, may be false, so it is tried once more.
   */
  *reserve(path: readonly number[], amount: bigint): Steps<boolean> {
    // Where more ran ahead than there is, a cell is below nothing; who takes nothing does not mind.
    if (amount === 0n) return true;
    yield;
    const undoneBefore = this.undoneCount();
    if (yield* this.#debitAll(path, amount)) return true;
    if (!(yield* this.mayBeFalse(undoneBefore))) return false;
    return yield* this.#debitAll(path, amount);
  }

  /** As `reserve`, driven to its end. From one level, with nobody in between, it is one exchange. */
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

  /** How often a debit was undone. */
  undoneCount(): bigint {
    return Atomics.load(this.#cells, UNDONE);
  }

  /** Whether a shortage seen since may be false: another thread is between its debits, or has undone some. */
  *mayBeFalse(undoneBefore: bigint): Steps<boolean> {
    yield;
    const attempting = Atomics.load(this.#cells, ATTEMPTING);
    yield;
    return attempting !== 0n || this.undoneCount() !== undoneBefore;
  }

  /** Gives back what was reserved for an entry that was never ordered. */
  *undo(path: readonly number[], amount: bigint): Steps<void> {
    for (const index of path) {
      yield;
      Atomics.add(this.#cells, cellOf(index), amount);
    }
    yield;
    Atomics.add(this.#cells, UNDONE, 1n);
  }

  /** Moves a cell as an entry that was just ordered moved its headroom, up or down. The ordering thread only. */
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
