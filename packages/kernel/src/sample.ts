/**
 * A sample policy and request for examples and tests: the first labelled case of the published vectors
 * (`conformance/vectors/caly_proof_v1.json`).
 * @module
 */
import type { Policy } from "./policy.ts";
import { ALL_PROVIDERS, type Request } from "./request.ts";
import {
  bps,
  candidateId,
  costMicrocents,
  mask,
  microcents,
  milliseconds,
  priceMicrocents,
  providerId,
  sequence,
  tokens,
  U64_MAX,
} from "./units.ts";

/** Two candidates: one better and more expensive, one faster and cheaper. */
export function samplePolicy(): Policy {
  return {
    policyEpoch: sequence(7n),
    catalogEpoch: sequence(42n),
    riskHardLimitBps: bps(9_600),
    confidenceMinBps: bps(5_500),
    riskPenaltyMultiplierBps: bps(3_500),
    latencyPenaltyMicrocentsPerMs: priceMicrocents(2n),
    candidates: [
      {
        id: candidateId(1),
        providerId: providerId(0),
        qualityBps: bps(9_000),
        riskCeilingBps: bps(9_500),
        enabled: 1,
        latencyP95Ms: milliseconds(200),
        capabilities: mask(5n),
        regions: mask(U64_MAX),
        inputPriceMicrocents: priceMicrocents(250n),
        outputPriceMicrocents: priceMicrocents(1_000n),
      },
      {
        id: candidateId(2),
        providerId: providerId(1),
        qualityBps: bps(7_500),
        riskCeilingBps: bps(9_500),
        enabled: 1,
        latencyP95Ms: milliseconds(90),
        capabilities: mask(1n),
        regions: mask(U64_MAX),
        inputPriceMicrocents: priceMicrocents(25n),
        outputPriceMicrocents: priceMicrocents(125n),
      },
    ],
  };
}

export function sampleRequest(): Request {
  return {
    sequence: sequence(1n),
    requestedId: candidateId(1),
    inputTokens: tokens(1_000),
    outputTokens: tokens(500),
    valueMicrocents: microcents(100_000n),
    budgetLimitMicrocents: costMicrocents(50_000_000n),
    riskBps: bps(1_000),
    confidenceBps: bps(9_000),
    qualityMinBps: bps(5_000),
    latencyMaxMs: milliseconds(1_000),
    capabilitiesRequired: mask(1n),
    providersAllowed: ALL_PROVIDERS,
    regionsRequired: mask(0n),
  };
}
