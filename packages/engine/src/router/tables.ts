/**
 * The sampling tables that are active, by regime and tiers.
 * @module
 */
import type { BeliefEntry, ExactJson, SnapshotMembers } from "@calybris/kernel";
import type { Beliefs } from "./beliefs.ts";

/** An active table. */
export interface Table {
  readonly sequence: number;
  readonly tiers: readonly number[];
  readonly table: readonly number[];
  /** The beliefs that it was made from. */
  readonly alpha: readonly number[];
  readonly beta: readonly number[];
  /** The regime's count of changes when it was made. */
  readonly changes: number;
}

/** Sets of tiers. */
const MASKS = 256;

export class Tables {
  readonly #tables = new Map<number, Table>();

  get(regime: number, tiersMask: number): Table | undefined {
    return this.#tables.get(regime * MASKS + tiersMask);
  }

  set(sequence: number, { regime, tiers, table, alpha, beta }: BeliefEntry, beliefs: Beliefs): void {
    const changes = beliefs.changes(regime);
    this.#tables.set(regime * MASKS + maskOf(tiers), { sequence, tiers, table, alpha, beta, changes });
  }

  clear(): void {
    this.#tables.clear();
  }

  /** Those whose beliefs have changed since. */
  stale(beliefs: Beliefs): readonly { readonly regime: number; readonly tiers: readonly number[] }[] {
    const stale: { regime: number; tiers: readonly number[] }[] = [];
    for (const [key, { tiers, changes }] of this.#tables) {
      const regime = Math.floor(key / MASKS);
      if (beliefs.changes(regime) !== changes) stale.push({ regime, tiers });
    }
    return stale;
  }

  /** Ascending. */
  sequences(): number[] {
    return [...this.#tables.values()].map(({ sequence }) => sequence).sort((a, b) => a - b);
  }

  /** For a state snapshot. */
  toSnapshot(): readonly ExactJson[] {
    return [...this.#tables].map(([key, table]) => ({ key, ...table }));
  }

  /** Throws RangeError for what is no table. */
  restore(tables: readonly SnapshotMembers[]): void {
    for (const members of tables) {
      const [sequence, changes] = [members.whole("sequence"), members.whole("changes")];
      const [tiers, table] = [members.integers("tiers"), members.integers("table")];
      const [alpha, beta] = [members.integers("alpha"), members.integers("beta")];
      this.#tables.set(members.whole("key"), { sequence, tiers, table, alpha, beta, changes });
    }
  }
}

/** Bits of tiers. */
export function maskOf(tiers: readonly number[]): number {
  let mask = 0;
  for (const tier of tiers) mask |= 1 << tier;
  return mask;
}
