/**
 * What a recommended decision might have been: what the floor of its use case alone leads to, and the distribution that the
 * learner drew from, with the net reward that was predicted of each candidate. An outcome repeats it, so that an estimator
 * needs the outcomes alone.
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
 * @param options - what the kernel selects by the floor of each of them.
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
 * Success is what was believed of the candidate's tier, or its catalog quality where nothing was; cost and latency are those
 * that the kernel counts with.
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
