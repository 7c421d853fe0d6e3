/**
 * The active beliefs by regime and set of tiers: each is the entry that a draw reads.
 * @module
 */
import { type BeliefEntry, type ExactJson, invariant, type SnapshotMembers } from "@calybris/kernel";

/** An active belief. */
export interface Table {
  readonly sequence: number;
  readonly belief: BeliefEntry;
  /** The regime's change count when the belief was made. */
  readonly changes: number;
}

/** Number of sets of tiers. */
const MASKS = 256;

export class Tables {
  readonly #tables = new Map<number, Table>();

  get(regime: number, tiersMask: number): Table | undefined {
    return this.#tables.get(regime * MASKS + tiersMask);
  }

  /** @param changes - of its regime so far. */
  set(sequence: number, belief: BeliefEntry, changes: number): void {
    this.#tables.set(belief.regime * MASKS + maskOf(belief.tiers), { sequence, belief, changes });
  }

  clear(): void {
    this.#tables.clear();
  }

  /** Beliefs whose regime has changed since. */
  stale(
    changesOf: (regime: number) => number,
  ): readonly { readonly regime: number; readonly tiers: readonly number[] }[] {
    const stale: { regime: number; tiers: readonly number[] }[] = [];
    for (const { belief, changes } of this.#tables.values())
      if (changesOf(belief.regime) !== changes) stale.push({ regime: belief.regime, tiers: belief.tiers });
    return stale;
  }

  /** Regimes with an active belief that is flat, ascending. */
  flatRegimes(): readonly number[] {
    const flat = [...this.#tables.values()].filter(({ belief }) => belief.method === "offsets" && belief.flat === true);
    return [...new Set(flat.map(({ belief }) => belief.regime))].sort((one, other) => one - other);
  }

  /** Sequences in ascending order. */
  sequences(): number[] {
    return [...this.#tables.values()].map(({ sequence }) => sequence).sort((a, b) => a - b);
  }

  /** For a state snapshot. */
  toSnapshot(): readonly ExactJson[] {
    return [...this.#tables].map(([key, { sequence, belief, changes }]) => {
      const { tiers } = belief;
      if (belief.method === undefined) {
        const { table, alpha, beta } = belief;
        return { key, sequence, tiers, table, alpha, beta, changes };
      }
      const { means, deviations, explorationBps, flat, method } = belief;
      const members = { key, sequence, tiers, means, deviations, explorationBps, method, changes };
      return flat === undefined ? members : { ...members, flat };
    });
  }

  /** Throws RangeError for an invalid belief. */
  restore(tables: readonly SnapshotMembers[]): void {
    for (const members of tables) {
      const [sequence, changes] = [members.whole("sequence"), members.whole("changes")];
      const belief = beliefIn(members);
      this.#tables.set(members.whole("key"), { sequence, belief, changes });
    }
  }
}

function beliefIn(members: SnapshotMembers): BeliefEntry {
  const regime = Math.floor(members.whole("key") / MASKS);
  const tiers = members.integers("tiers");
  if (!members.has("method")) {
    const [alpha, beta] = [members.integers("alpha"), members.integers("beta")];
    return { kind: "belief", regime, tiers, alpha, beta, table: members.integers("table") };
  }
  const [means, deviations] = [members.integers("means"), members.integers("deviations")];
  invariant(members.text("method") === "offsets", "a belief is of a method that there is");
  return {
    kind: "belief",
    regime,
    tiers,
    means,
    deviations,
    explorationBps: members.whole("explorationBps"),
    ...(members.has("flat") ? { flat: true as const } : {}),
    method: "offsets",
  };
}

/** A set of tiers as a bit mask. */
export function maskOf(tiers: readonly number[]): number {
  let mask = 0;
  for (const tier of tiers) mask |= 1 << tier;
  return mask;
}
