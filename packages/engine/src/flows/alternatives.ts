/**
 * The alternatives to a recommended decision: the decision by the use case's floor alone, and the distribution that the
 * learner drew from, with the predicted net reward of each candidate. An outcome repeats them, so that an estimator needs
 * only the outcomes.
 * @module
 */
import {
  type BeliefEntry,
  believedBps,
  bps,
  costShare,
  type Decision,
  type DecisionEntry,
  drawnShares,
  floorWithin,
  type Kernel,
  type PolicySnapshot,
  PROPENSITY_ONE,
  type Recommendation,
  TIER_COUNT_MAX,
  type Treated,
} from "@calybris/kernel";
import { rewardOf } from "../router/feedback.ts";
import type { PolicyVersion } from "../state/policy-version.ts";

export interface Alternatives {
  /** 0 for none. */
  readonly baseId: number;
  readonly treated: readonly Treated[];
}

/** The candidate that the kernel selects under a floor; none for a rejection. */
type Selected = Pick<Decision, "selectedId" | "selectedIndex" | "costMicrocents">;

/**
 * @param belief - the entry with the table of the draw; `undefined` if there was no draw: then the decision by the
 *   recommended floor has propensity 1.
 */
export function alternativesOf(
  entry: DecisionEntry & { readonly learning: Recommendation },
  { snapshot, tierFloors }: Pick<PolicyVersion, "snapshot" | "tierFloors">,
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
  const options = (belief?.tiers ?? []).map((tier) => above(tierFloors[tier] ?? 0));
  const shares = belief === undefined ? [] : sharesOf(belief, entry, snapshot, options);
  for (const [position, option] of options.entries()) add(option, shares[position] as number);
  for (const selected of [base, decision]) if (selected.selectedId !== 0) add(selected, 0);
  const treated = [...rows.values()].sort((one, other) => one.candidateId - other.candidateId);
  return { baseId: base.selectedId, treated };
}

/**
 * The share of each of a belief's tiers in a decision, over 2^32.
 *
 * @param options - the kernel's selections by the floor of each tier.
 */
export function sharesOf(
  belief: BeliefEntry,
  { request, learning }: DecisionEntry,
  { policy }: PolicySnapshot,
  options: readonly Selected[],
): Float64Array {
  const shares = new Float64Array(TIER_COUNT_MAX);
  const costShares = options.map(({ selectedIndex, costMicrocents }) => {
    const latencyMs = BigInt(policy.candidates[selectedIndex]?.latencyP95Ms ?? 0);
    return costShare(costMicrocents + latencyMs * policy.latencyPenaltyMicrocentsPerMs, request.valueMicrocents);
  });
  drawnShares(belief, learning?.expected ?? [], costShares, shares);
  return shares;
}

/**
 * Success is the belief of the candidate's tier, or its catalog quality without a belief; cost and latency are those of the
 * kernel.
 */
function predictedBpsOf(
  { selectedId, selectedIndex, costMicrocents }: Selected,
  { request, learning }: DecisionEntry,
  { policy, candidateTiers }: PolicySnapshot,
  belief: BeliefEntry | undefined,
): number {
  const candidate = policy.candidates[selectedIndex];
  if (selectedId === 0 || candidate === undefined) return 0;
  const position = belief?.tiers.indexOf(candidateTiers[selectedIndex] ?? -1) ?? -1;
  const successBps =
    belief === undefined || position === -1
      ? candidate.qualityBps
      : believedBps(belief, position, learning?.expected ?? []);
  const penalty = BigInt(candidate.latencyP95Ms) * policy.latencyPenaltyMicrocentsPerMs;
  return rewardOf(request.valueMicrocents, successBps, costMicrocents, penalty);
}
