/**
 * The fold over a journal's entries that measures regret, as a whole and by group.
 * @module
 */
import { type Regret, RegretFold, type RegretSettings } from "@calybris/estimate";
import { type OutcomeEntry, parseEntryBody } from "@calybris/kernel";
import { malformed, PolicyTimeline, statedPolicy } from "../journal/policy-change.ts";
import type { ReadEntry } from "../journal/entries.ts";

export const GROUPINGS = ["tenant", "regime", "day", "useCase"] as const;
export type Grouping = (typeof GROUPINGS)[number];

export interface MeasureSettings extends RegretSettings {
  readonly by?: Grouping;
}

/** More groups would be a list that nobody reads; the rest are counted as one. */
const GROUPS_MAX = 200;
const OTHER_GROUPS = "(others)";
const NO_TENANT = "(no tenant)";

/** What a journal says, by group where one is asked for. */
export interface Measured {
  readonly all: Regret;
  readonly groups: readonly { readonly name: string; readonly regret: Regret }[];
  readonly decisions: number;
  readonly names: ReadonlyMap<number, string>;
}

/** Takes every entry of a journal, in order. */
export class Measure {
  readonly #settings: MeasureSettings;
  readonly #all: RegretFold;
  readonly #groups = new Map<string, RegretFold>();
  readonly #names = new Map<number, string>();
  readonly #timeline = new PolicyTimeline();
  /** Where each policy begins to decide, and its holdout. */
  readonly #policies: { readonly sequence: number; readonly holdoutBps: number }[] = [];
  /** Of decisions without an outcome yet. */
  readonly #tenants = new Map<number, string>();
  /** Decisions that a canary made, without an outcome yet. */
  readonly #canary = new Set<number>();
  #hasCanary = false;
  #decisions = 0;

  constructor(settings: MeasureSettings) {
    this.#settings = settings;
    this.#all = new RegretFold(settings);
  }

  add(read: ReadEntry): void {
    const { kind, sequence } = read.head;
    if (kind === "decision") {
      this.#decisions += 1;
      if (this.#hasCanary && statedPolicy(read) !== undefined) {
        // Its candidates are those of another policy, which is not the one that is measured.
        this.#canary.add(sequence);
        return;
      }
      if (this.#settings.by === "tenant") this.#tenants.set(sequence, tenantOf(read));
    } else if (kind === "genesis" || kind === "policy") this.#addPolicy(read);
    else if (kind === "outcome") this.#addOutcome(read);
  }

  #addPolicy(read: ReadEntry): void {
    const policy = this.#timeline.take(read);
    this.#hasCanary = policy !== undefined && !policy.isActivated;
    if (policy?.isActivated !== true) return;
    const { learning, candidateNames, policy: rules } = policy.snapshot;
    this.#policies.push({ sequence: read.sequence, holdoutBps: learning?.holdoutBps ?? 0 });
    for (const [at, { id }] of rules.candidates.entries()) this.#names.set(id, candidateNames[at] ?? String(id));
  }

  #addOutcome(read: ReadEntry): void {
    const outcome = parseEntryBody(read.head, read.data, () => {
      throw malformed(read.sequence, "it is an outcome, yet is read under a policy");
    });
    if (outcome?.kind !== "outcome") throw malformed(read.sequence, "it is not an outcome");
    if (this.#canary.delete(outcome.of)) return;
    const holdoutBps = this.#policies.findLast(({ sequence }) => sequence < outcome.of)?.holdoutBps ?? 0;
    this.#all.add(outcome, holdoutBps);
    const name = this.#groupOf(outcome, read.head.at);
    if (name !== undefined) this.#group(name).add(outcome, holdoutBps);
  }

  #groupOf(outcome: OutcomeEntry, at: number): string | undefined {
    switch (this.#settings.by) {
      case "tenant": {
        const tenant = this.#tenants.get(outcome.of) ?? NO_TENANT;
        this.#tenants.delete(outcome.of);
        return tenant;
      }
      case "regime":
        return outcome.regime === undefined ? undefined : `regime ${outcome.regime}`;
      case "day":
        return new Date(at / 1_000).toISOString().slice(0, 10);
      case "useCase":
        return outcome.useCase;
      default:
        return undefined;
    }
  }

  #group(name: string): RegretFold {
    const known = this.#groups.get(name);
    if (known !== undefined) return known;
    if (this.#groups.size >= GROUPS_MAX && name !== OTHER_GROUPS) return this.#group(OTHER_GROUPS);
    const fold = new RegretFold(this.#settings);
    this.#groups.set(name, fold);
    return fold;
  }

  measured(): Measured {
    const groups = [...this.#groups].map(([name, fold]) => ({ name, regret: fold.regret() }));
    return {
      all: this.#all.regret(),
      groups: groups.sort((one, other) => one.name.localeCompare(other.name, "en", { numeric: true })),
      decisions: this.#decisions,
      names: this.#names,
    };
  }
}

/** Only the tenant is needed of a decision, and reading that takes no policy. */
function tenantOf({ data, sequence }: ReadEntry): string {
  const { tenant } = JSON.parse(data) as { readonly tenant?: unknown };
  if (tenant !== undefined && typeof tenant !== "string") throw malformed(sequence, "its tenant is no text");
  return tenant ?? NO_TENANT;
}
