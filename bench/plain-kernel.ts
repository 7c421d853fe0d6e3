/**
 * A loop over candidates with plain numbers, the straightforward implementation in JavaScript. Only a contestant of the
 * benchmark: products beyond 2^53 are rounded, and masks beyond 31 bits are lost, so it is correct only for usual
 * magnitudes.
 * @module
 */
import { type Candidate, type Policy, type Request, U64_MAX } from "../packages/kernel/src/index.ts";

interface PlainCandidate {
  readonly id: number;
  readonly enabled: boolean;
  readonly qualityBps: number;
  readonly latencyP95Ms: number;
  readonly capabilities: number;
  readonly providerBit: number;
  readonly regions: number;
  readonly riskCeilingBps: number;
  readonly inputPrice: number;
  readonly outputPrice: number;
}

export interface PlainRequest {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly value: number;
  readonly budget: number;
  readonly riskBps: number;
  readonly confidenceBps: number;
  readonly qualityMinBps: number;
  readonly latencyMaxMs: number;
  readonly capabilities: number;
  readonly providers: number;
  readonly regions: number;
}

/** The part of a decision that is compared. */
export interface PlainDecision {
  readonly selectedId: number;
  readonly cost: number;
  readonly utility: number;
  readonly counterfactualId: number;
  readonly eligibleCount: number;
}

const NOTHING: PlainDecision = { selectedId: 0, cost: 0, utility: 0, counterfactualId: 0, eligibleCount: 0 };

export function plainRequest(request: Request): PlainRequest {
  const { budgetLimitMicrocents: budget } = request;
  return {
    inputTokens: request.inputTokens,
    outputTokens: request.outputTokens,
    value: Math.max(Number(request.valueMicrocents), 0),
    budget: budget === U64_MAX ? Number.POSITIVE_INFINITY : Number(budget),
    riskBps: request.riskBps,
    confidenceBps: request.confidenceBps,
    qualityMinBps: request.qualityMinBps,
    latencyMaxMs: request.latencyMaxMs || Number.POSITIVE_INFINITY,
    capabilities: smallMask(request.capabilitiesRequired),
    providers: smallMask(request.providersAllowed),
    regions: smallMask(request.regionsRequired),
  };
}

export function plainKernel(policy: Policy): (request: PlainRequest) => PlainDecision {
  const candidates = policy.candidates.map(plainCandidate);
  const { riskHardLimitBps, confidenceMinBps, riskPenaltyMultiplierBps } = policy;
  const penalty = Number(policy.latencyPenaltyMicrocentsPerMs);
  return (request) => {
    if (request.riskBps >= riskHardLimitBps || request.confidenceBps < confidenceMinBps) return NOTHING;
    const weight = request.value * request.confidenceBps;
    const risk = Math.floor((request.value * request.riskBps * riskPenaltyMultiplierBps) / 1e8);
    let best: PlainCandidate | undefined;
    let second: PlainCandidate | undefined;
    let bestUtility = 0;
    let bestCost = 0;
    let secondUtility = 0;
    let secondCost = 0;
    let eligibleCount = 0;
    for (const candidate of candidates) {
      if (!passes(candidate, request)) continue;
      const cost =
        Math.ceil((request.inputTokens * candidate.inputPrice) / 1e6) +
        Math.ceil((request.outputTokens * candidate.outputPrice) / 1e6);
      if (cost > request.budget) continue;
      const utility =
        Math.floor((weight * candidate.qualityBps) / 1e8) - risk - cost - candidate.latencyP95Ms * penalty;
      if (utility <= 0) continue;
      eligibleCount++;
      if (best === undefined || precedes(candidate, utility, cost, best, bestUtility, bestCost)) {
        second = best;
        secondUtility = bestUtility;
        secondCost = bestCost;
        best = candidate;
        bestUtility = utility;
        bestCost = cost;
      } else if (second === undefined || precedes(candidate, utility, cost, second, secondUtility, secondCost)) {
        second = candidate;
        secondUtility = utility;
        secondCost = cost;
      }
    }
    if (best === undefined) return NOTHING;
    return {
      selectedId: best.id,
      cost: bestCost,
      utility: bestUtility,
      counterfactualId: second?.id ?? 0,
      eligibleCount,
    };
  };
}

function passes(candidate: PlainCandidate, request: PlainRequest): boolean {
  return (
    candidate.enabled &&
    candidate.qualityBps >= request.qualityMinBps &&
    candidate.latencyP95Ms <= request.latencyMaxMs &&
    (candidate.capabilities & request.capabilities) === request.capabilities &&
    (candidate.providerBit & request.providers) !== 0 &&
    (request.regions === 0 || (candidate.regions & request.regions) !== 0) &&
    request.riskBps <= candidate.riskCeilingBps
  );
}

function precedes(
  a: PlainCandidate,
  aUtility: number,
  aCost: number,
  b: PlainCandidate,
  bUtility: number,
  bCost: number,
): boolean {
  if (aUtility !== bUtility) return aUtility > bUtility;
  if (aCost !== bCost) return aCost < bCost;
  return a.qualityBps !== b.qualityBps ? a.qualityBps > b.qualityBps : a.id < b.id;
}

function plainCandidate(candidate: Candidate): PlainCandidate {
  return {
    id: candidate.id,
    enabled: candidate.enabled !== 0,
    qualityBps: candidate.qualityBps,
    latencyP95Ms: candidate.latencyP95Ms,
    capabilities: smallMask(candidate.capabilities),
    providerBit: 1 << candidate.providerId,
    regions: smallMask(candidate.regions),
    riskCeilingBps: candidate.riskCeilingBps,
    inputPrice: Number(candidate.inputPriceMicrocents),
    outputPrice: Number(candidate.outputPriceMicrocents),
  };
}

function smallMask(bits: bigint): number {
  return Number(BigInt.asIntN(32, bits));
}
