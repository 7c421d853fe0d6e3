/**
 * The ledger as a worker thread sees it: it may look at room and take it, and give back what it took for an entry that
 * was never ordered. Everything else is the ordering thread's.
 * @module
 */
import { Cells, drive } from "./cells.ts";

/** What is sent to a worker; it can be cloned. */
export interface LedgerHandle {
  readonly buffer: SharedArrayBuffer;
}

/**
 * A worker's view. Levels are cells from the top down, as `Engine.ledger.levels` gives them; a tenant that came later, or
 * one whose levels changed, needs them asked for again.
 *
 * @example
 * ```ts
 * import { Cells, LedgerView } from "@calybris/engine";
 * const cells = new Cells();
 * const view = new LedgerView({ buffer: cells.buffer });
 * view.reserve([0], 1n); // false
 * ```
 */
export class LedgerView {
  readonly #cells: Cells;

  constructor(handle: LedgerHandle) {
    this.#cells = new Cells(handle.buffer);
  }

  /** Microcents that the levels have room for together. */
  room(levels: readonly number[]): bigint {
    let least: bigint | undefined;
    for (const level of levels) {
      const room = this.#cells.room(level);
      if (least === undefined || room < least) least = room;
    }
    return least ?? 0n;
  }

  /** Takes `amount` microcents on every level, or on none. Lock-free; false when a level has no room. */
  reserve(levels: readonly number[], amount: bigint): boolean {
    return drive(this.#cells.reserve(levels, amount));
  }

  /** Gives back what {@link reserve} took, when its entry was refused. */
  undo(levels: readonly number[], amount: bigint): void {
    drive(this.#cells.undo(levels, amount));
  }
}
