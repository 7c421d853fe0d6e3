/**
 * The levels that a tenant's reservations take from, cached until a period or a limit changes: every decision needs them.
 * @module
 */
import type { Account } from "./account.ts";
import type { Part } from "./levels.ts";

/** From the top level down. */
export interface Metered {
  readonly parts: readonly Part[];
  /** Indices of their cells. */
  readonly cells: readonly number[];
}

export class MeteredLevels {
  readonly #known = new Map<Account, Metered>();

  of(account: Account): Metered {
    const known = this.#known.get(account);
    if (known !== undefined) return known;
    const levels = account.path.filter(({ limit }) => limit.metered);
    const parts = levels.map((level) => ({ account: level, endedCount: level.endedCount }));
    const metered = { parts, cells: levels.map(({ index }) => index) };
    this.#known.set(account, metered);
    return metered;
  }

  /** Call when a period begins or a limit changes. */
  clear(): void {
    this.#known.clear();
  }
}
