/**
 * What another policy might have run on a recorded decision: each candidate with its probability, over the draws that the learner
 * might have made. Candidates are named by their ids in the journal's policy.
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

/** Nothing. */
export const REJECTED = 0;
/** A candidate that the journal's policy does not have: no outcome of it can be known. */
export const ELSEWHERE = -1;

/** What a recorded decision would be under the other policy. */
export interface Redecided {
  readonly decision: Decision;
  readonly request: Request;
  /** `undefined` where the probabilities of the draw are not known. */
  readonly possible: Possible | undefined;
}

/**
 * Decides a recorded decision again, by its draw and by every draw that might have been.
 *
 * @param belief - whose table was drawn from; `undefined` where it is not known.
 * @param journalId - of a candidate of the other policy, the journal's id.
 * @returns `undefined` where the other policy would refuse the request as invalid.
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
  // Without learning, nothing was drawn.
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

/** Decides a learned decision again with a tier in the place of its draw, holdout or not. */
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

/** One for each candidate: a comparison remembers a million of them. */
const CERTAIN = new Map<number, Possible>();

function certain(id: number): Possible {
  let possible = CERTAIN.get(id);
  if (possible === undefined) {
    possible = Object.freeze({ ids: [id], shares: [1] });
    CERTAIN.set(id, possible);
  }
  return possible;
}
