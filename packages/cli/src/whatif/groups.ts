/**
 * Tallies by group: by tenant, use case, regime, or the candidate that the journal's policy selected.
 * @module
 */
import type { DecisionEntry } from "@calybris/kernel";
import type { Tally, TallySummary } from "./tally.ts";

export const GROUPINGS = ["tenant", "useCase", "model", "regime"] as const;
export type Grouping = (typeof GROUPINGS)[number];

export interface NamedSummary {
  readonly name: string;
  readonly summary: TallySummary;
}

/** Maximum number of groups, to keep the list readable; all others are counted as one. */
const GROUPS_MAX = 200;
const OTHER_GROUPS = "(others)";
const NO_TENANT = "(no tenant)";
const NOTHING = "(rejected)";
const NOT_LEARNED = "(not learned)";

export function regimeName(regime: number): string {
  return `regime ${regime}`;
}

export class Groups {
  readonly #by: Grouping | undefined;
  readonly #newTally: () => Tally;
  readonly #tallies = new Map<string, Tally>();

  constructor(by: Grouping | undefined, newTally: () => Tally) {
    this.#by = by;
    this.#newTally = newTally;
  }

  /** The tally of a decision's group; `undefined` if no grouping is requested. */
  tallyOf(entry: DecisionEntry, names: ReadonlyMap<number, string>): Tally | undefined {
    const name = this.#nameOf(entry, names);
    return name === undefined ? undefined : this.#tally(name);
  }

  #nameOf(entry: DecisionEntry, names: ReadonlyMap<number, string>): string | undefined {
    switch (this.#by) {
      case "tenant":
        return entry.tenant ?? NO_TENANT;
      case "useCase":
        return entry.useCase;
      case "model":
        return names.get(entry.decision.selectedId) ?? NOTHING;
      case "regime":
        return entry.learning === undefined ? NOT_LEARNED : regimeName(entry.learning.regime);
      default:
        return undefined;
    }
  }

  #tally(name: string): Tally {
    const known = this.#tallies.get(name);
    if (known !== undefined) return known;
    if (this.#tallies.size >= GROUPS_MAX && name !== OTHER_GROUPS) return this.#tally(OTHER_GROUPS);
    const tally = this.#newTally();
    this.#tallies.set(name, tally);
    return tally;
  }

  summaries(): readonly NamedSummary[] {
    return [...this.#tallies]
      .map(([name, tally]) => ({ name, summary: tally.summary() }))
      .sort((one, other) => one.name.localeCompare(other.name, "en", { numeric: true }));
  }
}
