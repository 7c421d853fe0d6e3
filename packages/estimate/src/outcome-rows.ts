/**
 * Logged rows out of a journal: each outcome entry repeats what its decision might have been.
 * @module
 */
import { BPS_MAX, type OutcomeEntry, PROPENSITY_ONE } from "@calybris/kernel";
import type { LoggedRow } from "./logged-row.ts";

/** An outcome as a row whose arms are candidates. */
export interface OutcomeRow {
  /** Ids, ascending; 0 is a rejection. */
  readonly candidates: readonly number[];
  /** Without a target. */
  readonly logged: Omit<LoggedRow, "target">;
  /** The learner's own probabilities. */
  readonly learner: readonly number[];
  /** What the use case's floor alone leads to. */
  readonly base: readonly number[];
}

/**
 * The row of an outcome. The logged probability of a candidate is that of both policies together: the holdout's share of the base
 * policy, and the rest of the learner's.
 *
 * @param holdoutBps - of the policy that decided.
 * @returns `undefined` where the decision was not the learner's: the client gave the floor, the policy does not learn, or the
 *   decision was only observed, so that what was asked for ran for certain.
 */
export function outcomeRow(
  outcome: Pick<OutcomeEntry, "treated" | "base" | "candidate" | "rewardBps" | "propensity" | "holdout">,
  holdoutBps: number,
): OutcomeRow | undefined {
  const { treated, base = outcome.candidate, candidate, rewardBps } = outcome;
  if (treated === undefined) return undefined;
  const byId = new Map(treated.map((one) => [one.candidateId, one]));
  const drawn = byId.get(candidate)?.propensity ?? 0;
  if (outcome.holdout !== true && (outcome.propensity ?? PROPENSITY_ONE) !== drawn) return undefined;
  const candidates = [...new Set([...byId.keys(), base])].sort((one, other) => one - other);
  const learner = candidates.map((id) => (byId.get(id)?.propensity ?? 0) / PROPENSITY_ONE);
  const ofBase = candidates.map((id) => (id === base ? 1 : 0));
  const holdout = holdoutBps / BPS_MAX;
  return {
    candidates,
    learner,
    base: ofBase,
    logged: {
      logged: learner.map((share, arm) => holdout * (ofBase[arm] ?? 0) + (1 - holdout) * share),
      predicted: candidates.map((id) => (byId.get(id)?.predictedBps ?? 0) / BPS_MAX),
      chosen: candidates.indexOf(candidate),
      reward: rewardBps / BPS_MAX,
    },
  };
}

/** The policy that always runs one candidate, on a row. Where the row does not hold it, it was never going to run. */
export function alwaysRow(row: OutcomeRow, candidate: number): LoggedRow {
  const arm = row.candidates.indexOf(candidate);
  const { logged, predicted } = row.logged;
  if (arm !== -1) return { ...row.logged, target: row.candidates.map((_, at) => (at === arm ? 1 : 0)) };
  return {
    ...row.logged,
    logged: [...logged, 0],
    predicted: [...predicted, 0],
    target: [...row.candidates.map(() => 0), 1],
  };
}
