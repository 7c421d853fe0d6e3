/**
 * Compares the staged policy with the active one, from the entries since it was staged: the number of different decisions,
 * and the difference shown by outcomes. A fold over entries, so that everyone with the journal gets the same result.
 * @module
 */
import { DifferenceInterval, type Difference, DifferenceTest, kOfLargestWeight } from "@calybris/estimate";
import {
  type BeliefEntry,
  BPS_MAX,
  candidateIds,
  type DecisionEntry,
  type EntryBody,
  type Kernel,
  type OutcomeEntry,
  type PolicySnapshot,
  Redecider,
} from "@calybris/kernel";
import { comparedOutcome, SuccessSoFar } from "./compared-outcome.ts";
import { MismatchExamples, type Mismatches } from "./mismatch-examples.ts";
import { ELSEWHERE, type Possible, redecide, REJECTED } from "./possible.ts";

/** The conditions for a promotion. */
export interface Gates {
  /** Decisions in shadow. Default 1,000. */
  readonly decisionsMin: number;
  /** The largest share of decisions with a different action, for gate (a). Default 500 bps. */
  readonly actionDeltaMaxBps: number;
  /**
   * The margin of net reward: up to this much worse counts as no worse (a), and better means by more than this (b). Default
   * 0.01.
   */
  readonly margin: number;
  /** The probability of a false promotion, at any time. Default 0.05. */
  readonly alpha: number;
}

export const GATES: Gates = Object.freeze({ decisionsMin: 1_000, actionDeltaMaxBps: 500, margin: 0.01, alpha: 0.05 });

/** The results of a staged policy so far. */
export interface Compared {
  readonly decisions: number;
  readonly actionMismatches: number;
  readonly mismatches: number;
  /** Examples of different decisions. */
  readonly differing: Mismatches;
  /** Number of outcomes compared, and of those whose draw probabilities are unknown. */
  readonly outcomes: number;
  readonly outcomesUnknown: number;
  /** The net reward of the staged policy minus that of what ran. */
  readonly reward: Difference;
  readonly success: Difference;
  /** The outcome, from 1, with which each was shown; `undefined` if it was not shown yet. */
  readonly isNoWorseAt: number | undefined;
  readonly isBetterAt: number | undefined;
  /** The gate that is passed: (a) few actions differ and it is no worse, or (b) it is better. */
  readonly passes: "a" | "b" | undefined;
  /** The conditions that a promotion still needs; empty if a gate is passed. */
  readonly missing: readonly string[];
}

/** A policy with the data that a comparison needs. */
interface ComparedPolicy {
  readonly snapshot: PolicySnapshot;
  readonly kernel: Kernel;
  readonly tierFloors: readonly number[];
}

/** Number of open decisions that are kept. */
const AWAITED_MAX = 1_000_000;
/** Assumed if the policy does not explore. */
const WEIGHT_MAX = 100;

export class Comparison {
  readonly #gates: Gates;
  readonly #active: PolicySnapshot;
  readonly #staged: ComparedPolicy;
  readonly #redecider: Redecider;
  readonly #activeId: ReadonlyMap<number, number>;
  readonly #stagedId: ReadonlyMap<number, number>;
  readonly #awaited = new Map<number, { readonly possible: Possible | undefined; readonly isObserved: boolean }>();
  /** Open decisions made by the staged policy itself. They are not compared, because their candidates are its own. */
  readonly #canary = new Set<number>();
  readonly #examples: MismatchExamples;
  readonly #success: SuccessSoFar;
  readonly #rewardDifference: DifferenceInterval;
  readonly #successDifference: DifferenceInterval;
  readonly #noWorse: DifferenceTest;
  readonly #better: DifferenceTest;
  #decisions = 0;
  #actionMismatches = 0;
  #mismatches = 0;
  #outcomes = 0;
  #outcomesUnknown = 0;

  constructor(active: PolicySnapshot, staged: ComparedPolicy, gates: Gates = GATES) {
    this.#gates = gates;
    this.#active = active;
    this.#staged = staged;
    this.#redecider = new Redecider(active, staged.snapshot, staged.kernel, staged.tierFloors);
    this.#stagedId = candidateIds(active, staged.snapshot);
    this.#activeId = new Map([...this.#stagedId].map(([own, its]) => [its as number, own]));
    const quality = new Map<number, number>(active.policy.candidates.map(({ id, qualityBps }) => [id, qualityBps]));
    this.#success = new SuccessSoFar((id) => quality.get(id) ?? 0);
    const names = { active: namesOf(active), staged: namesOf(staged.snapshot) };
    this.#examples = new MismatchExamples((policy, id) => names[policy].get(id));
    const { alpha, margin } = gates;
    const k = largestK(active);
    this.#rewardDifference = new DifferenceInterval({ alpha, k });
    this.#successDifference = new DifferenceInterval({ alpha, k });
    this.#noWorse = new DifferenceTest({ alpha, k, margin: -margin });
    this.#better = new DifferenceTest({ alpha, k, margin });
  }

  /**
   * Takes an entry after the staging.
   *
   * @param belief - the table that a decision was drawn from; `undefined` if it is unknown.
   */
  add(sequence: number, body: EntryBody, belief: BeliefEntry | undefined): void {
    if (body.kind === "decision") this.#addDecision(sequence, body, belief);
    else if (body.kind === "outcome") this.#addOutcome(body);
  }

  #addOutcome(outcome: OutcomeEntry): void {
    if (this.#canary.delete(outcome.of)) return;
    const awaited = this.#awaited.get(outcome.of);
    this.#awaited.delete(outcome.of);
    if (awaited?.possible !== undefined) {
      const { holdoutBps = 0 } = this.#active.learning ?? {};
      const row = comparedOutcome(outcome, holdoutBps, awaited.possible, awaited.isObserved, this.#success.of);
      this.#rewardDifference.add(row.reward);
      this.#successDifference.add(row.success);
      this.#noWorse.add(row.reward);
      this.#better.add(row.reward);
      this.#outcomes += 1;
    } else if (awaited !== undefined) this.#outcomesUnknown += 1;
    this.#success.add(outcome);
  }

  #addDecision(sequence: number, entry: DecisionEntry, belief: BeliefEntry | undefined): void {
    const { policyId, shadow, decision, acted } = entry;
    if (policyId !== undefined && this.#canary.size < AWAITED_MAX) this.#canary.add(sequence);
    if (shadow === undefined) return;
    this.#decisions += 1;
    const isOtherAction = shadow.action !== decision.action;
    const expected = decision.selectedId === 0 ? 0 : (this.#stagedId.get(decision.selectedId) ?? ELSEWHERE);
    if (isOtherAction) this.#actionMismatches += 1;
    if (isOtherAction || shadow.candidateId !== expected) {
      this.#mismatches += 1;
      this.#examples.add(sequence, entry);
    }
    const draw = {
      belief,
      holdoutShare: (this.#staged.snapshot.learning?.holdoutBps ?? 0) / BPS_MAX,
      isLearned: this.#staged.snapshot.learning !== undefined,
    };
    const redecided = redecide(entry, this.#redecider, draw, (id) => (id === 0 ? REJECTED : this.#journalId(id)));
    const possible = redecided === undefined ? NOTHING : redecided.possible;
    if (this.#awaited.size < AWAITED_MAX) this.#awaited.set(sequence, { possible, isObserved: acted !== undefined });
  }

  #journalId(id: number): number {
    return this.#activeId.get(id) ?? ELSEWHERE;
  }

  compared(): Compared {
    const [isNoWorseAt, isBetterAt] = [this.#noWorse.passedAt, this.#better.passedAt];
    const { decisionsMin, actionDeltaMaxBps, margin } = this.#gates;
    const deltaBps = this.#decisions === 0 ? 0 : (this.#actionMismatches * BPS_MAX) / this.#decisions;
    const hasDecisions = this.#decisions >= decisionsMin;
    const isNear = deltaBps <= actionDeltaMaxBps && isNoWorseAt !== undefined;
    const passes = !hasDecisions ? undefined : isNear ? "a" : isBetterAt !== undefined ? "b" : undefined;
    const missing: string[] = [];
    if (!hasDecisions) missing.push(`${this.#decisions} of ${decisionsMin} decisions in shadow`);
    if (deltaBps > actionDeltaMaxBps && isBetterAt === undefined)
      missing.push(
        `${(deltaBps / 100).toFixed(1)} % of actions differ, more than ${(actionDeltaMaxBps / 100).toFixed(1)} %, and it is not shown to be better by more than ${margin}`,
      );
    else if (isNoWorseAt === undefined && isBetterAt === undefined)
      missing.push(`it is not shown to be no worse by more than ${margin}: ${this.#outcomes} outcomes compared`);
    return {
      decisions: this.#decisions,
      actionMismatches: this.#actionMismatches,
      mismatches: this.#mismatches,
      differing: this.#examples.all,
      outcomes: this.#outcomes,
      outcomesUnknown: this.#outcomesUnknown,
      reward: this.#rewardDifference.now(),
      success: this.#successDifference.now(),
      isNoWorseAt,
      isBetterAt,
      passes,
      missing: passes === undefined ? missing : [],
    };
  }
}

function namesOf({ policy, candidateNames }: PolicySnapshot): ReadonlyMap<number, string> {
  return new Map(policy.candidates.map(({ id }, index) => [id, candidateNames[index] ?? ""]));
}

/** For a request that a policy would refuse as invalid, nothing runs. */
const NOTHING: Possible = Object.freeze({ ids: [REJECTED], shares: [1] });

/** Fixed in advance, from the smallest probability with which the active policy explores. */
function largestK({ learning, tiers }: PolicySnapshot): number {
  const exploration = (learning?.explorationBps ?? 0) / BPS_MAX;
  const weight = exploration === 0 ? WEIGHT_MAX : Math.min(WEIGHT_MAX, tiers.length / exploration);
  return Math.max(1, kOfLargestWeight(weight));
}
