/**
 * The ledger as a worker thread sees it: it may read and take headroom, and return what it took for an entry that was never
 * ordered. Everything else is reserved to the ordering thread.
 * @module
 */
import { I64_MAX, LEVELS_MAX, type Mistake } from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";
import { Cells, drive } from "./cells.ts";

/** The message sent to a worker; structured-cloneable. */
export interface LedgerHandle {
  readonly buffer: SharedArrayBuffer;
}

/**
 * A worker's view. Levels are cells from the top down, as returned by `Engine.ledger.levels`; query them again for a new
 * tenant, or after a tenant's levels change. Without levels there is no limit: every amount is taken.
 *
 * Amounts are microcents from 0 to 2^63−1. Each method throws `CAL_LEDGER_INVALID`, naming the field, for any other amount,
 * for an invalid or duplicate level, and for more than four levels; then nothing was changed.
 *
 * @example
 * ```ts
 * import { Cells, LedgerView } from "@calybris/engine/internal";
 * const cells = new Cells();
 * const view = new LedgerView({ buffer: cells.buffer });
 * view.headroom([0]); // 0n
 * view.reserve([0], 1n); // false
 * view.headroom([]); // undefined
 * view.reserve([], 1n); // true
 * ```
 */
export class LedgerView {
  readonly #cells: Cells;

  constructor(handle: LedgerHandle) {
    this.#cells = new Cells(handle.buffer);
  }

  /** The headroom of all levels together in microcents, from 0; `undefined` without levels. */
  headroom(levels: readonly number[]): bigint | undefined {
    this.#refuseWhatCannotBe(levels, 0n);
    let least: bigint | undefined;
    for (const level of levels) {
      const headroom = this.#cells.headroom(level);
      if (least === undefined || headroom < least) least = headroom;
    }
    return least === undefined || least > 0n ? least : 0n;
  }

  /** Takes `amount` on every level, or on none. Lock-free; false if a level has too little headroom. */
  reserve(levels: readonly number[], amount: bigint): boolean {
    this.#refuseWhatCannotBe(levels, amount);
    return drive(this.#cells.reserve(levels, amount));
  }

  /** Returns what {@link reserve} took, when its entry was refused: once, with the same amount and levels. */
  undo(levels: readonly number[], amount: bigint): void {
    this.#refuseWhatCannotBe(levels, amount);
    drive(this.#cells.undo(levels, amount));
  }

  /** Refuses a negative amount, which would create money, and an index that is not a tenant's cell. */
  #refuseWhatCannotBe(levels: readonly number[], amount: bigint): void {
    const isAmount = typeof amount === "bigint" && amount >= 0n && amount <= I64_MAX;
    if (isAmount && Array.isArray(levels) && levels.length <= LEVELS_MAX && levels.every(this.#isLevel)) return;
    const mistakes: Mistake[] = [];
    if (!isAmount) mistakes.push(mistake("amount", amount, "Give whole microcents as a bigint, from 0 to 2^63 − 1."));
    if (!Array.isArray(levels) || levels.length > LEVELS_MAX)
      mistakes.push(mistake("levels", levels, `Give a list of at most ${LEVELS_MAX} cells.`));
    else
      for (const [index, level] of levels.entries())
        if (!this.#isLevel(level, index, levels))
          mistakes.push(mistake(`levels[${index}]`, level, "Ask `Engine.ledger.levels` for the cells of the tenant."));
    throw new EngineError("CAL_LEDGER_INVALID", { mistakes });
  }

  readonly #isLevel = (level: number, index: number, levels: readonly number[]): boolean =>
    this.#cells.has(level) && levels.indexOf(level) === index;
}

function mistake(path: string, given: unknown, remedy: string): Mistake {
  const isNumber = typeof given === "bigint" || typeof given === "number";
  const shown = isNumber ? String(given) : Array.isArray(given) ? `a list of ${given.length}` : typeof given;
  return { path, problem: `is ${shown}`, remedy };
}
