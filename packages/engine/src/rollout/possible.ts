/**
 * The candidates that another policy might have run for a recorded decision, each with its probability over the possible
 * draws of the learner. Candidates have their ids in the journal's policy.
 * @module
 */
import {
  type BeliefEntry,
  type Decision,
  type DecisionEntry,
  drawnShares,
  PROPENSITY_ONE,
  type Redecider,
  type Request,
  TIER_COUNT_MAX,
} from "@calybris/kernel";
import { DrawCounts, type Possible } from "./draw-counts.ts";

export type { Possible };

/** The id of a rejection. */
export const REJECTED = 0;
/** A candidate that the journal's policy does not have: its outcomes are unknown. */
export const ELSEWHERE = -1;

/** A recorded decision under the other policy. */
export interface Redecided {
  readonly decision: Decision;
  readonly request: Request;
  /** `undefined` if the probabilities of the draw are unknown. */
  readonly possible: Possible | undefined;
}

/**
 * Recomputes a recorded decision under another policy, with the recorded draw and with every possible draw.
 *
 * @param belief - the belief that was drawn from; `undefined` if it is unknown.
 * @param journalId - maps a candidate id of the other policy to the journal's id.
 * @returns `undefined` if the other policy would refuse the request as invalid.
 */
export function redecide(
  entry: DecisionEntry,
  redecider: Redecider,
  draw: { readonly belief: BeliefEntry | undefined; readonly holdoutShare: number; readonly isLearned: boolean },
  journalId: (id: number) => number,
): Redecided | undefined {
  const request = redecider.request(entry);
  if (request === undefined) return undefined;
  const { learning } = entry;
  const decision = redecider.decideRequest(entry, request, learning?.tier);
  // If the learner did not decide, nothing was drawn.
  if (learning === undefined || !draw.isLearned)
    return { decision, request, possible: certain(journalId(decision.selectedId)) };
  const drawn = { ...entry, learning: { ...learning, holdout: false } };
  const base = journalId(redecider.decideBase(entry, request).selectedId);
  const draws = new DrawCounts();
  if (learning.belief === 0)
    draws.add(journalId(redecider.decideRequest(drawn, request, -1).selectedId), PROPENSITY_ONE);
  else {
    const { belief } = draw;
    if (belief === undefined) return { decision, request, possible: undefined };
    const options = belief.tiers.map((tier) => redecider.decideRequest(drawn, request, tier));
    const costs = options.map((option) => redecider.costShareOf(option, request));
    const drawnFrom = new Float64Array(TIER_COUNT_MAX);
    drawnShares(belief, learning.expected ?? [], costs, drawnFrom);
    for (const [position, { selectedId }] of options.entries())
      draws.add(journalId(selectedId), drawnFrom[position] as number);
  }
  return { decision, request, possible: draws.mixedWith(base, draw.holdoutShare) };
}

/** Recomputes a learned decision with a given tier instead of its draw, whether or not it was a holdout. */
export function redecideAt(
  entry: DecisionEntry,
  redecider: Redecider,
  tier: number,
  journalId: (id: number) => number,
): Redecided | undefined {
  const { learning } = entry;
  const request = redecider.request(entry);
  if (request === undefined) return undefined;
  const fixed = learning === undefined ? entry : { ...entry, learning: { ...learning, holdout: false } };
  const decision = redecider.decideRequest(fixed, request, tier);
  return { decision, request, possible: certain(journalId(decision.selectedId)) };
}

/** Shared per candidate, because a comparison keeps up to a million of them. */
const CERTAIN = new Map<number, Possible>();

function certain(id: number): Possible {
  let possible = CERTAIN.get(id);
  if (possible === undefined) {
    possible = Object.freeze({ ids: [id], shares: [1] });
    CERTAIN.set(id, possible);
  }
  return possible;
}
