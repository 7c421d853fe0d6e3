/**
 * The decisions that a staged policy would have made differently, as a state snapshot counts them (docs/formats.md section
 * 6): since staging, in total, by regime and by tenant, with examples.
 * @module
 */
import {
  candidateIds,
  type DecisionEntry,
  type PolicySnapshot,
  type SnapshotMembers,
  writeExact,
} from "@calybris/kernel";

/** Number of tenants counted by name; the others are counted together. */
const TENANTS_MOST = 1_000;
const EXAMPLES_MOST = 20;

/** Decisions, different actions, different decisions. */
type Count = [decisions: number, otherActions: number, others: number];

/** The active policy, and the staged one. */
export interface ShadowPolicies {
  readonly active: PolicySnapshot;
  readonly staged: PolicySnapshot;
}

export class ShadowPart {
  #all: Count = [0, 0, 0];
  #others: Count = [0, 0, 0];
  readonly #regimes = new Map<number, Count>();
  readonly #tenants = new Map<string | undefined, Count>();
  /** Decisions made by a canary of the staged policy; not part of any other count. */
  #canaryDecisions = 0;
  #examples: number[] = [];
  #stagedIds: ReadonlyMap<number, number> | undefined;

  /** Restarts the counts when another policy is activated or staged. */
  begin(): void {
    this.#all = [0, 0, 0];
    this.#others = [0, 0, 0];
    this.#regimes.clear();
    this.#tenants.clear();
    this.#canaryDecisions = 0;
    this.#examples = [];
    this.#stagedIds = undefined;
  }

  take(sequence: number, entry: DecisionEntry, policies: ShadowPolicies): void {
    const { policyId, shadow, decision, learning, tenant } = entry;
    if (policyId !== undefined) this.#canaryDecisions += 1;
    if (shadow === undefined) return;
    this.#stagedIds ??= candidateIds(policies.active, policies.staged);
    const expected = decision.selectedId === 0 ? 0 : (this.#stagedIds.get(decision.selectedId) ?? -1);
    const isOtherAction = shadow.action !== decision.action;
    const isOther = isOtherAction || shadow.candidateId !== expected;
    const counts = [this.#all];
    if (learning !== undefined) counts.push(countIn(this.#regimes, learning.regime));
    const isNamed = this.#tenants.size < TENANTS_MOST || this.#tenants.has(tenant);
    counts.push(isNamed ? countIn(this.#tenants, tenant) : this.#others);
    for (const count of counts) {
      count[0] += 1;
      count[1] += Number(isOtherAction);
      count[2] += Number(isOther);
    }
    if (isOther && this.#examples.length < EXAMPLES_MOST) this.#examples.push(sequence);
  }

  /** `undefined` until a decision was made in shadow. */
  line(): string | undefined {
    if (this.#all[0] === 0 && this.#canaryDecisions === 0) return undefined;
    return writeExact({
      part: "shadow",
      all: this.#all,
      regimes: [...this.#regimes].sort(([one], [other]) => one - other).map(([regime, count]) => ({ regime, count })),
      tenants: [...this.#tenants].map(([tenant, count]) => ({ tenant, count })),
      others: this.#others,
      ...(this.#canaryDecisions === 0 ? {} : { canary: this.#canaryDecisions }),
      examples: this.#examples,
    });
  }

  restore(members: SnapshotMembers): void {
    this.#all = countOf(members.integers("all"));
    this.#others = countOf(members.integers("others"));
    for (const row of members.objects("regimes"))
      this.#regimes.set(row.whole("regime"), countOf(row.integers("count")));
    for (const row of members.objects("tenants"))
      this.#tenants.set(row.has("tenant") ? row.text("tenant") : undefined, countOf(row.integers("count")));
    this.#canaryDecisions = members.has("canary") ? members.whole("canary") : 0;
    this.#examples = [...members.integers("examples")];
  }
}

function countIn<Key>(counts: Map<Key, Count>, key: Key): Count {
  const count = counts.get(key) ?? [0, 0, 0];
  counts.set(key, count);
  return count;
}

function countOf([decisions = 0, otherActions = 0, others = 0]: readonly number[]): Count {
  return [decisions, otherActions, others];
}
