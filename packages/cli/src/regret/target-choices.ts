/**
 * The candidates that a target policy could have run on each learned decision of a journal, kept until the outcome arrives.
 * @module
 */
import {
  ELSEWHERE,
  malformed,
  type Possible,
  redecide,
  REJECTED,
  type TargetRuns,
  tierFloorsOf,
  type UnverifiedEntry,
} from "@calybris/engine/internal";
import {
  type BeliefEntry,
  BPS_MAX,
  candidateIds,
  parseEntryBody,
  type PolicySnapshot,
  Redecider,
  wasmKernel,
} from "@calybris/kernel";

/** A policy of the journal. */
interface Journaled {
  readonly snapshot: PolicySnapshot;
  readonly redecider: Redecider;
  readonly journalId: (id: number) => number;
}

/** Maximum number of tables that decisions may still refer to, and of decisions that wait for an outcome. */
const [BELIEFS_MAX, AWAITED_MAX] = [4_096, 4_000_000];

export class TargetChoices implements TargetRuns {
  readonly #target: PolicySnapshot;
  readonly #tierFloors: readonly number[];
  readonly #policies = new Map<number, Journaled>();
  readonly #beliefs = new Map<number, BeliefEntry>();
  readonly #awaited = new Map<number, Possible>();
  /** Equal distributions share one object. */
  readonly #shared = new Map<string, Possible>();
  #active: Journaled | undefined;

  constructor(target: PolicySnapshot) {
    this.#target = target;
    this.#tierFloors = tierFloorsOf(target);
  }

  addPolicy(snapshot: PolicySnapshot, id: number, isActivated: boolean): void {
    const ids = new Map<number, number>([[0, REJECTED]]);
    for (const [own, its] of candidateIds(snapshot, this.#target)) ids.set(its, own);
    const journaled: Journaled = {
      snapshot,
      redecider: new Redecider(snapshot, this.#target, wasmKernel(this.#target.policy), this.#tierFloors),
      journalId: (candidate) => ids.get(candidate) ?? ELSEWHERE,
    };
    this.#policies.set(id, journaled);
    if (isActivated) this.#active = journaled;
  }

  addBelief(read: UnverifiedEntry): void {
    const belief = parseEntryBody(read.head, read.data, () => this.#policyOf(undefined, read).snapshot);
    if (belief?.kind !== "belief") return;
    this.#beliefs.set(read.sequence, belief);
    if (this.#beliefs.size > BELIEFS_MAX) forgetOldest(this.#beliefs);
  }

  addDecision(read: UnverifiedEntry): void {
    const entry = parseEntryBody(read.head, read.data, (id) => this.#policyOf(id, read).snapshot);
    if (entry?.kind !== "decision") throw malformed(read.sequence, "it is not a decision");
    if (entry.learning === undefined || entry.acted !== undefined) return;
    const { redecider, journalId } = this.#policyOf(entry.policyId, read);
    const draw = {
      belief: this.#beliefs.get(entry.learning.belief),
      holdoutShare: (this.#target.learning?.holdoutBps ?? 0) / BPS_MAX,
      isLearned: this.#target.learning !== undefined,
    };
    const possible = redecide(entry, redecider, draw, journalId)?.possible;
    if (possible === undefined) return;
    this.#awaited.set(read.sequence, this.#oneOf(possible));
    if (this.#awaited.size > AWAITED_MAX) forgetOldest(this.#awaited);
  }

  /** The target's possible choices; `undefined` if they are unknown, or the target would refuse the request. */
  take(sequence: number): Possible | undefined {
    const possible = this.#awaited.get(sequence);
    this.#awaited.delete(sequence);
    return possible;
  }

  #policyOf(id: number | undefined, { sequence }: UnverifiedEntry): Journaled {
    const policy = id === undefined ? this.#active : this.#policies.get(id);
    if (policy === undefined) throw malformed(sequence, "no policy precedes it");
    return policy;
  }

  #oneOf(possible: Possible): Possible {
    const key = `${possible.ids.join()}|${possible.shares.join()}`;
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    if (this.#shared.size > BELIEFS_MAX) this.#shared.clear();
    this.#shared.set(key, possible);
    return possible;
  }
}

function forgetOldest(map: Map<number, unknown>): void {
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
