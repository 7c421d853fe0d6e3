/**
 * What a recommended decision might have been: what the floor of its use case alone leads to, and the distribution that the
 * learner drew from, with the net reward that was predicted of each candidate. An outcome repeats it, so that an estimator
 * needs the outcomes alone.
 * @module
 */
import {
  type BeliefEntry,
  BPS_MAX,
  bps,
  type Decision,
  type DecisionEntry,
  floorWithin,
  type Kernel,
  type PolicySnapshot,
  PROPENSITY_ONE,
  type Recommendation,
  type Treated,
} from "@calybris/kernel";
import { rewardOf } from "../router/feedback.ts";
import type { PolicyInForce } from "../state/policy-in-force.ts";

export interface Alternatives {
  /** 0 for nothing. */
  readonly baseId: number;
  readonly treated: readonly Treated[];
}

/** A candidate that the kernel selects under some floor; nothing for a rejection. */
type Selected = Pick<Decision, "selectedId" | "selectedIndex" | "costMicrocents">;

/**
 * @param belief - the entry whose table was drawn from; `undefined` where there was nothing to draw: then what the
 *   recommended floor leads to is certain.
 */
export function alternativesOf(
  entry: DecisionEntry & { readonly learning: Recommendation },
  { snapshot, tierFloors }: Pick<PolicyInForce, "snapshot" | "tierFloors">,
  belief: BeliefEntry | undefined,
  kernel: Kernel,
): Alternatives {
  const { request, useCase, learning, decision } = entry;
  const above = (floorBps: number): Selected => kernel.prescribe({ ...request, qualityMinBps: bps(floorBps) });
  const ownBps = snapshot.useCases[useCase]?.qualityMinBps ?? 0;
  const base = above(floorWithin(snapshot, request.requestedId, ownBps));
  const rows = new Map<number, Treated>();
  const add = (selected: Selected, propensity: number): void => {
    const { selectedId: candidateId } = selected;
    const before = rows.get(candidateId)?.propensity ?? 0;
    const predictedBps = predictedBpsOf(selected, entry, snapshot, belief);
    rows.set(candidateId, { candidateId, propensity: before + propensity, predictedBps });
  };
  if (belief === undefined) add(above(learning.floorBps), PROPENSITY_ONE);
  for (const [position, tier] of (belief?.tiers ?? []).entries())
    add(above(tierFloors[tier] ?? 0), belief?.table[position] ?? 0);
  for (const selected of [base, decision]) if (selected.selectedId !== 0) add(selected, 0);
  const treated = [...rows.values()].sort((one, other) => one.candidateId - other.candidateId);
  return { baseId: base.selectedId, treated };
}

/**
 * Success is what was believed of the candidate's tier, or its catalog quality where nothing was; cost and latency are those
 * that the kernel counts with.
 */
function predictedBpsOf(
  { selectedId, selectedIndex, costMicrocents }: Selected,
  { request }: DecisionEntry,
  { policy, candidateTiers }: PolicySnapshot,
  belief: BeliefEntry | undefined,
): number {
  const candidate = policy.candidates[selectedIndex];
  if (selectedId === 0 || candidate === undefined) return 0;
  const position = belief?.tiers.indexOf(candidateTiers[selectedIndex] ?? -1) ?? -1;
  const successes = belief?.alpha[position];
  const failures = belief?.beta[position];
  const successBps =
    successes === undefined || failures === undefined
      ? candidate.qualityBps
      : Math.floor((successes * BPS_MAX) / (successes + failures));
  const penalty = BigInt(candidate.latencyP95Ms) * policy.latencyPenaltyMicrocentsPerMs;
  return rewardOf(request.valueMicrocents, successBps, costMicrocents, penalty);
}
