/**
 * Logged rows from a journal: each outcome entry repeats the alternatives of its decision.
 * @module
 */
import { BPS_MAX, type OutcomeEntry, PROPENSITY_ONE } from "@calybris/kernel";
import type { LoggedRow } from "./logged-row.ts";

/** An outcome as a row whose arms are candidates. */
export interface OutcomeRow {
  /** Candidate ids, ascending; 0 is a rejection. */
  readonly candidates: readonly number[];
  /** The row without a target. */
  readonly logged: Omit<LoggedRow, "target">;
  /** The learner's own probabilities. */
  readonly learner: readonly number[];
  /** The policy that uses only the use case's floor. */
  readonly base: readonly number[];
}

/**
 * The row of an outcome. The logged probability of a candidate combines both policies: the holdout's share of the base
 * policy, and the remaining share of the learner.
 *
 * @param holdoutBps - the holdout of the policy that decided.
 * @returns `undefined` if the learner did not decide: the client gave the floor, the policy does not learn, or the decision
 *   was only observed, so that the requested candidate ran with certainty.
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

/** A distribution over candidates; shares sum to 1. */
export interface CandidateShares {
  readonly ids: readonly number[];
  readonly shares: readonly number[];
}

/** A policy on a row. Candidates that are not in the row could not have run. */
export function targetRow(row: OutcomeRow, { ids, shares }: CandidateShares): LoggedRow {
  const [logged, predicted] = [[...row.logged.logged], [...row.logged.predicted]];
  const target = row.candidates.map(() => 0);
  for (const [at, id] of ids.entries()) {
    const arm = row.candidates.indexOf(id);
    const share = shares[at] ?? 0;
    if (arm !== -1) target[arm] = (target[arm] ?? 0) + share;
    else if (share > 0) {
      logged.push(0);
      predicted.push(0);
      target.push(share);
    }
  }
  return { ...row.logged, logged, predicted, target };
}

/** The policy that always runs one candidate, on a row. */
export function alwaysRow(row: OutcomeRow, candidate: number): LoggedRow {
  return targetRow(row, { ids: [candidate], shares: [1] });
}
