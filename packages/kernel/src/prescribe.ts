/**
 * The decision, as a pure function of a policy and a request. This is the definition; the Wasm kernel is the fast
 * implementation, and one contract suite checks that both agree. Total: every field may have any value of its width.
 * @module
 */
import { utility } from "./arithmetic.ts";
import { type Decision, type Kernel, NO_INDEX, type Reason } from "./decision.ts";
import { dominantReason, GATES, type GateName, noRefusals, type RefusalCounts } from "./gates.ts";
import type { Candidate, Policy } from "./policy.ts";
import type { Request } from "./request.ts";
import {
  type CandidateId,
  type CostMicrocents,
  candidateId,
  costMicrocents,
  type Microcents,
  microcents,
} from "./units.ts";

/** An eligible candidate and the values that rank it. */
export interface Scored {
  readonly candidate: Candidate;
  readonly index: number;
  readonly costMicrocents: CostMicrocents;
  readonly utilityMicrocents: Microcents;
}

/** A decision, and the number of candidates that each gate refused. */
export interface Prescription {
  readonly decision: Decision;
  readonly refusals: RefusalCounts;
}

/** The reference kernel for a policy. */
export function referenceKernel(policy: Policy): Kernel {
  return { prescribe: (request) => prescribe(policy, request).decision };
}

/**
 * Decides one request.
 *
 * Hard limits come first: a request that exceeds one is rejected without evaluating candidates. Then every candidate that
 * passes all gates is eligible, and the one with the highest utility is selected.
 *
 * @example
 * ```ts
 * import { prescribe, samplePolicy, sampleRequest } from "@calybris/kernel";
 * const { decision } = prescribe(samplePolicy(), sampleRequest());
 * decision.action; // "execute"
 * decision.utilityMicrocents; // 77098n
 * ```
 */
export function prescribe(policy: Policy, request: Request): Prescription {
  const refusals = noRefusals();
  if (request.riskBps >= policy.riskHardLimitBps)
    return { decision: rejection(policy, request, "risk_hard_limit", 0), refusals };
  if (request.confidenceBps < policy.confidenceMinBps)
    return { decision: rejection(policy, request, "confidence_hard_limit", 0), refusals };

  const eligible: Scored[] = [];
  for (const [index, candidate] of policy.candidates.entries()) {
    const refusal = firstRefusal(policy, request, candidate);
    if (refusal !== undefined) refusals[refusal] += 1;
    else eligible.push({ candidate, index, ...utility(policy, request, candidate) });
  }
  eligible.sort(byPreference);

  const [best, runnerUp] = eligible;
  if (best === undefined)
    return { decision: rejection(policy, request, dominantReason(refusals), policy.candidates.length), refusals };
  return { decision: selection(policy, request, best, runnerUp, eligible.length), refusals };
}

/** The first gate that refuses the candidate; `undefined` if it is eligible. */
export function firstRefusal(policy: Policy, request: Request, candidate: Candidate): GateName | undefined {
  return GATES.find((gate) => !gate.admits(policy, request, candidate))?.name;
}

/**
 * A total order: higher utility, then lower cost, then higher quality, then lower id. Catalog order decides only between
 * candidates with one id, which no validated policy holds (the sort is stable).
 */
export function byPreference(a: Scored, b: Scored): number {
  if (a.utilityMicrocents !== b.utilityMicrocents) return a.utilityMicrocents > b.utilityMicrocents ? -1 : 1;
  if (a.costMicrocents !== b.costMicrocents) return a.costMicrocents < b.costMicrocents ? -1 : 1;
  return b.candidate.qualityBps - a.candidate.qualityBps || a.candidate.id - b.candidate.id;
}

function selection(
  policy: Policy,
  request: Request,
  best: Scored,
  runnerUp: Scored | undefined,
  eligibleCount: number,
): Decision {
  const requested = best.candidate.id === request.requestedId;
  return {
    sequence: request.sequence,
    action: requested ? "execute" : "substitute",
    reason: requested ? "requested_maximizes_utility" : "alternative_maximizes_utility",
    selectedId: best.candidate.id,
    selectedIndex: best.index,
    costMicrocents: best.costMicrocents,
    utilityMicrocents: best.utilityMicrocents,
    counterfactualId: runnerUp?.candidate.id ?? NONE,
    counterfactualUtilityMicrocents: runnerUp?.utilityMicrocents ?? microcents(0n),
    evaluatedCount: policy.candidates.length,
    eligibleCount,
    policyEpoch: policy.policyEpoch,
    catalogEpoch: policy.catalogEpoch,
  };
}

const NONE: CandidateId = candidateId(0);

/** A decision to run nothing. */
export function rejection(policy: Policy, request: Request, reason: Reason, evaluatedCount: number): Decision {
  return {
    sequence: request.sequence,
    action: "reject",
    reason,
    selectedId: NONE,
    selectedIndex: NO_INDEX,
    costMicrocents: costMicrocents(0n),
    utilityMicrocents: microcents(0n),
    counterfactualId: NONE,
    counterfactualUtilityMicrocents: microcents(0n),
    evaluatedCount,
    eligibleCount: 0,
    policyEpoch: policy.policyEpoch,
    catalogEpoch: policy.catalogEpoch,
  };
}
