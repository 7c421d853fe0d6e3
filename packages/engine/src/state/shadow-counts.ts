/**
 * How often the staged policy would have decided differently since it was staged: in total, by regime and by tenant, with
 * examples. A change of policies resets the counts, except a canary, whose own decisions are counted separately.
 * @module
 */
import { candidateIds, type DecisionEntry, type EntryBody, type SnapshotMembers } from "@calybris/kernel";
import { jsonLine, type SnapshotLine } from "../snapshot/line.ts";
import type { PolicyBook } from "./policy-book.ts";
import type { Stage } from "./stage.ts";

/** Shadow decisions, and those that differ. */
export interface ShadowCount {
  readonly decisions: number;
  /** The action differs. */
  readonly actionMismatches: number;
  /** The action or the candidate's name differs. */
  readonly mismatches: number;
}

export interface ShadowCounts extends ShadowCount {
  /** By regime; decisions without learning are in none. */
  readonly regimes: readonly ({ readonly regime: number } & ShadowCount)[];
  /** The first 1,000 tenants; `undefined` for decisions without a tenant, and an empty name for all others. */
  readonly tenants: readonly ({ readonly tenant: string | undefined } & ShadowCount)[];
  /** Decisions made by a canary of the staged policy; not in any other count. */
  readonly canaryDecisions: number;
  /** Sequences of the first decisions that differ. */
  readonly examples: readonly number[];
}

type Mutable = { -readonly [Key in keyof ShadowCount]: ShadowCount[Key] };

const TENANTS_MAX = 1_000;
const EXAMPLES_MAX = 20;

export class ShadowCounter implements Stage {
  readonly parts: readonly string[] = ["shadow"];
  readonly #policies: PolicyBook;
  #all: Mutable = none();
  readonly #regimes = new Map<number, Mutable>();
  readonly #tenants = new Map<string | undefined, Mutable>();
  #others: Mutable = none();
  #canaryDecisions = 0;
  #examples: number[] = [];
  /** The staged policy's candidate by that of the active one. */
  #names: ReadonlyMap<number, number> | undefined;

  /** @param policies - an earlier stage. */
  constructor(policies: PolicyBook) {
    this.#policies = policies;
  }

  get counts(): ShadowCounts {
    return {
      ...this.#all,
      regimes: [...this.#regimes]
        .sort(([one], [other]) => one - other)
        .map(([regime, count]) => ({ regime, ...count })),
      tenants: [
        ...[...this.#tenants].map(([tenant, count]) => ({ tenant, ...count })),
        ...(this.#others.decisions === 0 ? [] : [{ tenant: OTHERS, ...this.#others }]),
      ],
      canaryDecisions: this.#canaryDecisions,
      examples: [...this.#examples],
    };
  }

  apply(sequence: number, _at: number, body: EntryBody): void {
    if (body.kind === "policy" && body.change !== "canary") this.#begin();
    else if (body.kind === "decision" && this.#policies.staged !== undefined) this.#count(sequence, body);
  }

  #begin(): void {
    this.#all = none();
    this.#others = none();
    this.#regimes.clear();
    this.#tenants.clear();
    this.#canaryDecisions = 0;
    this.#examples = [];
    this.#names = undefined;
  }

  #count(sequence: number, { policyId, shadow, decision, learning, tenant }: DecisionEntry): void {
    if (policyId !== undefined) this.#canaryDecisions += 1;
    if (shadow === undefined) return;
    const isOtherAction = shadow.action !== decision.action;
    const isOther = isOtherAction || this.#stagedId(decision.selectedId) !== shadow.candidateId;
    add(this.#all, isOtherAction, isOther);
    if (learning !== undefined) add(countOf(this.#regimes, learning.regime), isOtherAction, isOther);
    const isFull = this.#tenants.size >= TENANTS_MAX && !this.#tenants.has(tenant);
    add(isFull ? this.#others : countOf(this.#tenants, tenant), isOtherAction, isOther);
    if (isOther && this.#examples.length < EXAMPLES_MAX) this.#examples.push(sequence);
  }

  #stagedId(candidate: number): number {
    if (candidate === 0) return 0;
    const { active, staged } = this.#policies;
    this.#names ??= staged === undefined ? new Map() : candidateIds(active.snapshot, staged.snapshot);
    return this.#names.get(candidate) ?? NO_CANDIDATE;
  }

  *lines(): Generator<SnapshotLine> {
    if (this.#all.decisions === 0 && this.#canaryDecisions === 0) return;
    const { regimes, tenants, examples, canaryDecisions, ...all } = this.counts;
    yield jsonLine({
      part: "shadow",
      all: triple(all),
      regimes: regimes.map(({ regime, ...count }) => ({ regime, count: triple(count) })),
      tenants: [...this.#tenants].map(([tenant, count]) => ({ tenant, count: triple(count) })),
      others: triple(this.#others),
      ...(canaryDecisions === 0 ? {} : { canary: canaryDecisions }),
      examples,
    });
  }

  restore(_part: string, members: SnapshotMembers): void {
    this.#all = countIn(members.integers("all"));
    this.#others = countIn(members.integers("others"));
    for (const row of members.objects("regimes"))
      this.#regimes.set(row.whole("regime"), countIn(row.integers("count")));
    for (const row of members.objects("tenants"))
      this.#tenants.set(row.has("tenant") ? row.text("tenant") : undefined, countIn(row.integers("count")));
    this.#canaryDecisions = members.has("canary") ? members.whole("canary") : 0;
    this.#examples = [...members.integers("examples")];
  }
}

/** A tenant's name is never empty. */
const OTHERS = "";
const NO_CANDIDATE = -1;

function none(): Mutable {
  return { decisions: 0, actionMismatches: 0, mismatches: 0 };
}

function add(count: Mutable, isOtherAction: boolean, isOther: boolean): void {
  count.decisions += 1;
  if (isOtherAction) count.actionMismatches += 1;
  if (isOther) count.mismatches += 1;
}

function countOf<Key>(counts: Map<Key, Mutable>, key: Key): Mutable {
  let count = counts.get(key);
  if (count === undefined) {
    count = none();
    counts.set(key, count);
  }
  return count;
}

function triple({ decisions, actionMismatches, mismatches }: ShadowCount): readonly number[] {
  return [decisions, actionMismatches, mismatches];
}

function countIn([decisions = 0, actionMismatches = 0, mismatches = 0]: readonly number[]): Mutable {
  return { decisions, actionMismatches, mismatches };
}
