/**
 * Regret: the reward earned, compared with the reward that other policies would have earned on the same decisions.
 * @module
 */
import { invariant, type OutcomeEntry } from "@calybris/kernel";
import { type Difference, DifferenceInterval } from "./difference-interval.ts";
import { DifferenceTest } from "./difference-test.ts";
import { type Carried, carryWhole, type FoldNumbers } from "./fold-numbers.ts";
import { alwaysRow, type CandidateShares, outcomeRow, type OutcomeRow, targetRow } from "./outcome-rows.ts";
import { type PointEstimate, RunningMean } from "./running-mean.ts";
import { kOfLargestWeight } from "./value-interval.ts";
import { type Watched, WatchedValue } from "./watched-value.ts";

export interface RegretSettings {
  /** Default 0.05. */
  readonly alpha?: number;
  /**
   * The amount by which the learner may be worse than the base policy and still count as no worse, as a share of the largest
   * reward. Default 0.01.
   */
  readonly margin?: number;
  /** The smallest probability with which the learner tries a candidate, which bounds weights in advance. Default 0.01. */
  readonly explorationMin?: number;
  /** Whether {@link RegretFold.add} receives the distribution of a target policy. Default false. */
  readonly hasTarget?: boolean;
}

export interface PolicyValue extends Watched {
  /** `learner`, `base`, the `target` policy, or `always` for one fixed candidate. */
  readonly policy: "learner" | "base" | "target" | "always";
  readonly candidate?: number;
}

export interface Regret {
  /** Number of outcomes of the learner's own decisions. */
  readonly rows: number;
  /** Number of outcomes of other decisions. */
  readonly notLearned: number;
  /** Number of outcomes that came too late, or whose answer was not used. No estimate includes them. */
  readonly unusable: number;
  /** The target policy minus what ran, over the rows on which the target's choices are known. */
  readonly target: { readonly difference: Difference; readonly unknown: number } | undefined;
  /** The mean reward of the decisions as they ran, holdout included. */
  readonly ran: PointEstimate;
  readonly policies: readonly PolicyValue[];
  /** The policy with the highest doubly robust estimate among those that are not refused. */
  readonly best: PolicyValue | undefined;
  /** Its value minus that of what ran; `undefined` if no policy can be estimated. Negative if what ran was better. */
  readonly regret: number | undefined;
  /** The learner against the base policy: the row with which each was shown; `undefined` if it was not shown yet. */
  readonly learnerIsBetterAt: number | undefined;
  readonly learnerIsNoWorseAt: number | undefined;
}

/** Maximum number of fixed candidates that are followed: those that appeared first. */
const CANDIDATES_MAX = 64;

/**
 * A fold over outcome entries, in constant memory. Rewards are shares of the largest reward, 0 to 1.
 *
 * Guarantee: the intervals of `policies` are valid at any time for the average over decisions with an outcome.
 */
export class RegretFold implements Carried {
  readonly #alpha: number;
  readonly #ran = new RunningMean();
  readonly #learner: WatchedValue;
  readonly #base: WatchedValue;
  /** A candidate's fold lacks the rows before its first appearance, on which it would have had no support. */
  readonly #always = new Map<number, WatchedValue>();
  readonly #better: DifferenceTest;
  readonly #noWorse: DifferenceTest;
  readonly #target: { readonly value: WatchedValue; readonly difference: DifferenceInterval } | undefined;
  #notLearned = 0;
  #unusable = 0;
  #targetUnknown = 0;

  /** @throws CalybrisError `CAL_ESTIMATE_SETTING_INVALID`. */
  constructor({ alpha = 0.05, margin = 0.01, explorationMin = 0.01, hasTarget = false }: RegretSettings = {}) {
    this.#alpha = alpha;
    this.#learner = this.#watch();
    this.#base = this.#watch();
    this.#target = hasTarget ? { value: this.#watch(), difference: new DifferenceInterval({ alpha }) } : undefined;
    const k = kOfLargestWeight(1 / explorationMin);
    this.#better = new DifferenceTest({ k, margin: 0, alpha });
    this.#noWorse = new DifferenceTest({ k, margin: -margin, alpha });
  }

  /**
   * Adds an outcome.
   *
   * @param holdoutBps - the holdout of the policy that decided.
   * @param target - the distribution of the target policy; `undefined` if it is unknown.
   */
  add(outcome: OutcomeEntry, holdoutBps: number, target?: CandidateShares): void {
    const row = outcomeRow(outcome, holdoutBps);
    if (row === undefined) this.#notLearned += 1;
    else {
      this.#addRow(row);
      this.#addTarget(row, target);
    }
  }

  /** Counts an outcome that came too late, or whose answer was not used, as if it were missing. */
  addUnusable(): void {
    this.#unusable += 1;
  }

  #addTarget(row: OutcomeRow, target: CandidateShares | undefined): void {
    if (this.#target === undefined) return;
    if (target === undefined) {
      this.#targetUnknown += 1;
      return;
    }
    const targeted = targetRow(row, target);
    this.#target.value.add(targeted);
    this.#target.difference.add({ ...targeted, incumbent: targeted.logged as readonly number[] });
  }

  /** The learner and its traffic drift, so an interval covers the average value so far. */
  #watch(): WatchedValue {
    return new WatchedValue({ alpha: this.#alpha, method: "drifting", isTuned: true });
  }

  #addRow(row: OutcomeRow): void {
    this.#ran.add(row.logged.reward ?? 0);
    this.#learner.add({ ...row.logged, target: row.learner });
    this.#base.add({ ...row.logged, target: row.base });
    const compared = { ...row.logged, target: row.learner, incumbent: row.base };
    this.#better.add(compared);
    this.#noWorse.add(compared);
    for (const candidate of row.candidates)
      if (candidate !== 0 && !this.#always.has(candidate) && this.#always.size < CANDIDATES_MAX)
        this.#always.set(candidate, this.#watch());
    for (const [candidate, value] of this.#always) value.add(alwaysRow(row, candidate));
  }

  /** Not with a target policy: its distributions are not part of the fold's state. */
  carry(numbers: FoldNumbers): void {
    invariant(this.#target === undefined, "a fold with a target policy is not carried over");
    this.#ran.carry(numbers);
    this.#learner.carry(numbers);
    this.#base.carry(numbers);
    // In the order of appearance, which determines the candidates that are followed.
    const known = [...this.#always];
    const count = carryWhole(numbers, known.length, CANDIDATES_MAX);
    for (let at = 0; at < count; at += 1) {
      const candidate = carryWhole(numbers, known[at]?.[0] ?? 0);
      const value = known[at]?.[1] ?? this.#watch();
      value.carry(numbers);
      this.#always.set(candidate, value);
    }
    this.#better.carry(numbers);
    this.#noWorse.carry(numbers);
    this.#notLearned = numbers.number(this.#notLearned);
    this.#unusable = numbers.number(this.#unusable);
  }

  regret(): Regret {
    const always = [...this.#always].sort(([one], [other]) => one - other);
    const policies: readonly PolicyValue[] = [
      { policy: "learner", ...this.#learner.watched() },
      { policy: "base", ...this.#base.watched() },
      ...(this.#target === undefined ? [] : [{ policy: "target" as const, ...this.#target.value.watched() }]),
      ...always.map(([candidate, value]) => ({ policy: "always" as const, candidate, ...value.watched() })),
    ];
    const best = policies
      .filter(({ refusals }) => refusals.length === 0)
      .reduce<PolicyValue | undefined>((one, other) => (drOf(other) > drOf(one) ? other : one), undefined);
    return {
      rows: this.#ran.count,
      notLearned: this.#notLearned,
      unusable: this.#unusable,
      target:
        this.#target === undefined
          ? undefined
          : { difference: this.#target.difference.now(), unknown: this.#targetUnknown },
      ran: { value: this.#ran.count === 0 ? Number.NaN : this.#ran.mean, standardError: this.#ran.standardError },
      policies,
      best,
      regret: best === undefined ? undefined : drOf(best) - this.#ran.mean,
      learnerIsBetterAt: this.#better.passedAt,
      learnerIsNoWorseAt: this.#noWorse.passedAt,
    };
  }
}

function drOf(one: PolicyValue | undefined): number {
  return one?.estimates.dr.value ?? Number.NEGATIVE_INFINITY;
}
