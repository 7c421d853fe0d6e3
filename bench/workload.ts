/**
 * The workload of the kernel's benchmark: everyday magnitudes, every gate meeting some requests, no two requests alike,
 * so that the branch predictor cannot learn them.
 * @module
 */
import { type Policy, type Request, U64_MAX } from "../packages/kernel/src/index.ts";
import { seededBelow } from "./harness.ts";

export function workloadPolicy(candidateCount: number, seed: number): Policy {
  const below = seededBelow(seed);
  const candidates = Array.from({ length: candidateCount }, (_, index) => ({
    id: index + 1,
    providerId: below(6),
    qualityBps: 5_500 + below(4_400),
    riskCeilingBps: 4_000 + below(6_000),
    enabled: below(20) === 0 ? 0 : 1,
    latencyP95Ms: 100 + below(2_900),
    capabilities: BigInt(below(256) | below(256) | 1),
    regions: BigInt(1 + below(15)),
    // $0.05 to $3 a million tokens in, four times that out.
    inputPriceMicrocents: BigInt(5_000_000 + below(295_000_000)),
    outputPriceMicrocents: BigInt(20_000_000 + below(1_180_000_000)),
  }));
  return {
    policyEpoch: 1n,
    catalogEpoch: 1n,
    riskHardLimitBps: 9_600,
    confidenceMinBps: 5_500,
    riskPenaltyMultiplierBps: 3_500,
    latencyPenaltyMicrocentsPerMs: 20n,
    candidates,
  } as unknown as Policy;
}

export function* workloadRequests(count: number, candidateCount: number, seed: number): Generator<Request> {
  const below = seededBelow(seed ^ 0x5bd1e995);
  for (let index = 0; index < count; index++) {
    yield {
      sequence: BigInt(index + 1),
      requestedId: 1 + below(candidateCount),
      inputTokens: 50 + below(6_000),
      outputTokens: 20 + below(1_500),
      valueMicrocents: BigInt(100_000 + below(40_000_000)),
      budgetLimitMicrocents: below(3) === 0 ? BigInt(100_000 + below(2_000_000)) : U64_MAX,
      riskBps: below(50) === 0 ? 9_600 : below(6_000),
      confidenceBps: below(50) === 0 ? 5_000 : 5_500 + below(4_500),
      qualityMinBps: below(2) === 0 ? 0 : 5_000 + below(4_000),
      latencyMaxMs: below(2) === 0 ? 0 : 300 + below(3_000),
      capabilitiesRequired: below(2) === 0 ? 0n : 1n << BigInt(below(8)),
      providersAllowed: below(2) === 0 ? U64_MAX : BigInt(1 + below(63)),
      regionsRequired: below(2) === 0 ? 0n : 1n << BigInt(below(4)),
    } as unknown as Request;
  }
}
