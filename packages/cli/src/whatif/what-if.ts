/**
 * Decides every request of a journal under another policy, and estimates the difference from outcomes. A fold over entries:
 * memory grows with open decisions and groups, not with the journal.
 * @module
 */
import {
  comparedOutcome,
  ELSEWHERE,
  type EstimatedOutcome,
  malformed,
  PolicyTimeline,
  type Possible,
  redecide,
  redecideAt,
  type Redecided,
  REJECTED,
  SuccessSoFar,
  tierFloorsOf,
} from "@calybris/engine/internal";
import {
  type BeliefEntry,
  BPS_MAX,
  type DecisionEntry,
  candidateIds,
  parseEntryBody,
  type PolicySnapshot,
  type Recommendation,
  Redecider,
  wasmKernel,
} from "@calybris/kernel";
import type { ReadEntry } from "../journal/entries.ts";
import { outcomeIn } from "./read-outcome.ts";
import { Groups, type Grouping, type NamedSummary } from "./groups.ts";
import { type Pair, Tally, type TallySummary } from "./tally.ts";
import { type Transition, Transitions } from "./transitions.ts";
import { WinningChanges, type Winning } from "./winning.ts";

export interface WhatIfSettings {
  readonly other: PolicySnapshot;
  readonly alpha: number;
  readonly by?: Grouping;
  /** The tier of a learned decision, instead of the drawn one; `undefined` keeps the draw. */
  readonly tierOf?: (learning: Recommendation) => number | undefined;
  /** A candidate of the other policy, to find the changes with which it would win. */
  readonly wins?: string;
}

/** A decision that the other policy changes. */
export interface ChangedDecision {
  readonly sequence: number;
  readonly entry: DecisionEntry;
  readonly from: string;
  readonly to: string;
  readonly before: Pair;
  /** `undefined` if the other policy would refuse the request as invalid. */
  readonly after: Pair | undefined;
}

export interface WhatIfResult {
  readonly all: TallySummary;
  readonly groups: readonly NamedSummary[];
  readonly transitions: readonly Transition[];
  /** Decisions on requests with a name that the other policy does not know. Not part of any other figure. */
  readonly invalid: number;
  /** Decisions in observe mode: the requested candidate ran. */
  readonly observed: number;
  /** Outcomes of decisions that are no longer in memory. */
  readonly outcomesUnbound: number;
  readonly winning: Winning | undefined;
}

/** A policy of the journal. */
interface Journaled {
  readonly snapshot: PolicySnapshot;
  readonly redecider: Redecider;
  readonly qualityBps: ReadonlyMap<number, number>;
  readonly names: ReadonlyMap<number, string>;
  /** The ID in this policy of a candidate of the other policy. */
  readonly journalId: (id: number) => number;
}

/** A decision that may still get an outcome. */
interface Awaited {
  readonly possible: Possible | undefined;
  readonly holdoutBps: number;
  readonly group: Tally | undefined;
  readonly isObserved: boolean;
}

/** Maximum number of open decisions in memory. The oldest are dropped. */
const AWAITED_MAX = 4_000_000;
/** Maximum number of tables in memory that decisions may still refer to. */
const BELIEFS_MAX = 4_096;

export class WhatIf {
  readonly #settings: WhatIfSettings;
  readonly #onChange: ((changed: ChangedDecision) => void) | undefined;
  readonly #all: Tally;
  readonly #groups: Groups;
  readonly #transitions = new Transitions();
  readonly #winning: WinningChanges | undefined;
  readonly #otherFloors: readonly number[];
  readonly #otherQuality: ReadonlyMap<number, number>;
  readonly #otherNames: ReadonlyMap<number, string>;
  readonly #timeline = new PolicyTimeline();
  readonly #policies = new Map<number, Journaled>();
  readonly #beliefs = new Map<number, BeliefEntry>();
  readonly #awaited = new Map<number, Awaited>();
  readonly #success: SuccessSoFar;
  /** Equal distributions share one object. */
  readonly #possible = new Map<string, Possible>();
  #active: Journaled | undefined;
  #invalid = 0;
  #observed = 0;
  #outcomesUnbound = 0;

  /** @param onChange - called with every changed decision. */
  constructor(settings: WhatIfSettings, onChange?: (changed: ChangedDecision) => void) {
    const { other, alpha, by, wins } = settings;
    this.#settings = settings;
    this.#onChange = onChange;
    this.#all = new Tally(alpha);
    this.#groups = new Groups(by, () => new Tally(alpha));
    this.#otherFloors = tierFloorsOf(other);
    this.#otherQuality = qualities(other);
    this.#otherNames = namesOf(other);
    this.#winning = wins === undefined ? undefined : new WinningChanges(other, wins);
    this.#success = new SuccessSoFar((id) => this.#active?.qualityBps.get(id) ?? 0);
  }

  add(read: ReadEntry): void {
    switch (read.head.kind) {
      case "genesis":
      case "policy":
        this.#addPolicy(read);
        break;
      case "belief":
        this.#addBelief(read);
        break;
      case "decision":
        this.#addDecision(read);
        break;
      case "outcome":
        this.#addOutcome(read);
        break;
      default:
    }
  }

  #addPolicy(read: ReadEntry): void {
    const policy = this.#timeline.take(read);
    if (policy === undefined) return;
    const { snapshot, id, isActivated } = policy;
    const { other } = this.#settings;
    const ids = new Map<number, number>([[0, REJECTED]]);
    for (const [own, its] of candidateIds(snapshot, other)) ids.set(its, own);
    const journaled: Journaled = {
      snapshot,
      redecider: new Redecider(snapshot, other, wasmKernel(other.policy), this.#otherFloors),
      qualityBps: qualities(snapshot),
      names: namesOf(snapshot),
      journalId: (candidate) => ids.get(candidate) ?? ELSEWHERE,
    };
    this.#policies.set(id, journaled);
    if (isActivated) this.#active = journaled;
  }

  #addBelief(read: ReadEntry): void {
    const belief = bodyOf(read);
    if (belief?.kind !== "belief") return;
    this.#beliefs.set(read.sequence, belief);
    if (this.#beliefs.size > BELIEFS_MAX) forgetOldest(this.#beliefs);
  }

  #addDecision(read: ReadEntry): void {
    const entry = parseEntryBody(read.head, read.data, (id) => this.#policyOf(id, read.sequence).snapshot);
    if (entry?.kind !== "decision") throw malformed(read.sequence, "it is not a decision");
    const policy = this.#policyOf(entry.policyId, read.sequence);
    const { other } = this.#settings;
    const { learning } = entry;
    if (entry.acted !== undefined) this.#observed += 1;
    const draw = {
      belief: this.#beliefs.get(learning?.belief ?? 0),
      holdoutShare: (other.learning?.holdoutBps ?? 0) / BPS_MAX,
      isLearned: other.learning !== undefined,
    };
    const forced = learning === undefined ? undefined : this.#settings.tierOf?.(learning);
    const redecided =
      forced === undefined
        ? redecide(entry, policy.redecider, draw, policy.journalId)
        : redecideAt(entry, policy.redecider, forced, policy.journalId);
    const before = this.#pairOf(entry.decision, policy.qualityBps);
    if (redecided === undefined) {
      this.#invalid += 1;
      this.#onChange?.({ sequence: read.sequence, entry, ...this.#changed(policy, before, undefined) });
      return;
    }
    this.#compare(read.sequence, entry, policy, before, redecided);
  }

  #compare(
    sequence: number,
    entry: DecisionEntry,
    policy: Journaled,
    before: Pair,
    { decision, request, possible }: Redecided,
  ): void {
    const own = this.#pairOf(decision, this.#otherQuality);
    // Candidates of the two policies are matched by name.
    const after = { ...own, candidate: policy.journalId(own.candidate) };
    const group = this.#groups.tallyOf(entry, policy.names);
    this.#all.add(before, after);
    group?.add(before, after);
    this.#winning?.add(request);
    if (before.candidate !== after.candidate || before.action !== after.action) {
      const changed = this.#changed(policy, before, own);
      this.#transitions.add(changed.from, changed.to, before.costMicrocents - after.costMicrocents);
      this.#onChange?.({ sequence, entry, ...changed });
    }
    const holdoutBps = policy.snapshot.learning?.holdoutBps ?? 0;
    const isObserved = entry.acted !== undefined;
    this.#awaited.set(sequence, { possible: this.#shared(possible), holdoutBps, group, isObserved });
    if (this.#awaited.size > AWAITED_MAX) forgetOldest(this.#awaited);
  }

  #addOutcome(read: ReadEntry): void {
    const outcome = outcomeIn(read);
    const awaited = this.#awaited.get(outcome.of);
    this.#awaited.delete(outcome.of);
    if (awaited === undefined) this.#outcomesUnbound += 1;
    else this.#addKnown(outcome, awaited);
    this.#success.add(outcome);
  }

  #addKnown(outcome: EstimatedOutcome, { possible, holdoutBps, group, isObserved }: Awaited): void {
    if (possible === undefined) {
      this.#all.addUnknown();
      group?.addUnknown();
      return;
    }
    const row = comparedOutcome(outcome, holdoutBps, possible, isObserved, this.#success.of);
    this.#all.addOutcome(row);
    group?.addOutcome(row);
  }

  #policyOf(id: number | undefined, sequence: number): Journaled {
    const policy = id === undefined ? this.#active : this.#policies.get(id);
    if (policy === undefined) throw malformed(sequence, "no policy precedes it");
    return policy;
  }

  #pairOf(
    { action, selectedId, costMicrocents }: Pick<DecisionEntry["decision"], "action" | "selectedId" | "costMicrocents">,
    quality: ReadonlyMap<number, number>,
  ): Pair {
    return { action, candidate: selectedId, costMicrocents, qualityBps: quality.get(selectedId) ?? 0 };
  }

  #changed(policy: Journaled, before: Pair, after: Pair | undefined): Omit<ChangedDecision, "sequence" | "entry"> {
    return {
      from: nameIn(policy.names, before),
      to: after === undefined ? "(request refused)" : nameIn(this.#otherNames, after),
      before,
      after,
    };
  }

  #shared(possible: Possible | undefined): Possible | undefined {
    if (possible === undefined) return undefined;
    const key = `${possible.ids.join()}|${possible.shares.join()}`;
    const known = this.#possible.get(key);
    if (known !== undefined) return known;
    if (this.#possible.size > BELIEFS_MAX) this.#possible.clear();
    this.#possible.set(key, possible);
    return possible;
  }

  result(): WhatIfResult {
    return {
      all: this.#all.summary(),
      groups: this.#groups.summaries(),
      transitions: this.#transitions.summary(),
      invalid: this.#invalid,
      observed: this.#observed,
      outcomesUnbound: this.#outcomesUnbound,
      winning: this.#winning?.summary(),
    };
  }
}

function bodyOf(read: ReadEntry): ReturnType<typeof parseEntryBody> {
  return parseEntryBody(read.head, read.data, () => {
    throw malformed(read.sequence, "it is not a decision, yet is read under a policy");
  });
}

function forgetOldest(map: Map<number, unknown>): void {
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}

function qualities({ policy }: PolicySnapshot): ReadonlyMap<number, number> {
  return new Map(policy.candidates.map(({ id, qualityBps }) => [id, qualityBps]));
}

function namesOf({ policy, candidateNames }: PolicySnapshot): ReadonlyMap<number, string> {
  return new Map(policy.candidates.map(({ id }, index) => [id, candidateNames[index] ?? String(id)]));
}

function nameIn(names: ReadonlyMap<number, string>, { action, candidate }: Pair): string {
  return action === "reject" ? "(rejected)" : (names.get(candidate) ?? String(candidate));
}
