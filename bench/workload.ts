/**
 * Workloads of the kernel's benchmark. All requests of a workload differ, so that the branch predictor cannot learn them:
 * repeating a small set would hide half of a decision's time.
 * @module
 */
import { type Policy, type Request, U32_MAX, U64_MAX } from "../packages/kernel/src/index.ts";
import { seededBelow } from "./harness.ts";

/** A policy with a number of candidates, and a number of requests; deterministic for a seed. */
export interface Workload {
  readonly title: string;
  readonly policyOf: (candidateCount: number, seed: number) => Policy;
  readonly requestsOf: (count: number, candidateCount: number, seed: number) => Generator<Request>;
}

const TERMS = {
  policyEpoch: 1n,
  catalogEpoch: 1n,
  riskHardLimitBps: 9_600,
  confidenceMinBps: 5_500,
  riskPenaltyMultiplierBps: 3_500,
  latencyPenaltyMicrocentsPerMs: 20n,
};

/** Usual magnitudes; every gate refuses some requests. */
const mixedGates: Workload = {
  title: "mixed gates",
  policyOf: (candidateCount, seed) => {
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
      // $0.05 to $3 per million input tokens, four times that for output.
      inputPriceMicrocents: BigInt(5_000_000 + below(295_000_000)),
      outputPriceMicrocents: BigInt(20_000_000 + below(1_180_000_000)),
    }));
    return { ...TERMS, candidates } as unknown as Policy;
  },
  requestsOf: function* (count, candidateCount, seed) {
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
  },
};

/** The ranges of the published core's own benchmark: almost only the floor refuses, and fields increase together. */
const publishedRanges: Workload = {
  title: "the published core's ranges",
  policyOf: (candidateCount) => {
    const candidates = Array.from({ length: candidateCount }, (_, index) => ({
      id: index + 1,
      providerId: index % 6,
      qualityBps: 3_000 + Math.floor((6_600 * index) / candidateCount),
      riskCeilingBps: 9_500,
      enabled: 1,
      latencyP95Ms: 100 + index * 50,
      capabilities: 0n,
      regions: U64_MAX,
      inputPriceMicrocents: BigInt(10 + index * 50),
      outputPriceMicrocents: BigInt(40 + index * 200),
    }));
    return { ...TERMS, latencyPenaltyMicrocentsPerMs: 0n, candidates } as unknown as Policy;
  },
  requestsOf: function* (count, candidateCount) {
    for (let index = 0; index < count; index++) {
      yield {
        sequence: BigInt(index),
        requestedId: 1 + (index % candidateCount),
        inputTokens: 500 + (index % 10_000),
        outputTokens: 200 + (index % 5_000),
        valueMicrocents: 50_000n,
        budgetLimitMicrocents: 10_000_000n,
        riskBps: index % 8_000,
        confidenceBps: 6_000 + (index % 4_000),
        qualityMinBps: 3_000 + (index % 5_000),
        latencyMaxMs: 0,
        capabilitiesRequired: 0n,
        providersAllowed: U64_MAX,
        regionsRequired: 0n,
      } as unknown as Request;
    }
  },
};

/** Mixed gates at magnitudes that need 128 bits. */
const extremeMagnitudes: Workload = {
  title: "extreme magnitudes",
  policyOf: (candidateCount, seed) => {
    const policy = mixedGates.policyOf(candidateCount, seed);
    const candidates = policy.candidates.map((candidate) => ({
      ...candidate,
      inputPriceMicrocents: candidate.inputPriceMicrocents << 26n,
      outputPriceMicrocents: candidate.outputPriceMicrocents << 26n,
    }));
    return { ...policy, candidates } as unknown as Policy;
  },
  requestsOf: function* (count, candidateCount, seed) {
    for (const request of mixedGates.requestsOf(count, candidateCount, seed)) {
      yield {
        ...request,
        inputTokens: Math.min(request.inputTokens * 2 ** 12, U32_MAX),
        outputTokens: Math.min(request.outputTokens * 2 ** 12, U32_MAX),
        valueMicrocents: request.valueMicrocents << 36n,
        budgetLimitMicrocents: U64_MAX,
      } as unknown as Request;
    }
  },
};

export const WORKLOADS: Readonly<Record<"mixedGates" | "publishedRanges" | "extremeMagnitudes", Workload>> = {
  mixedGates,
  publishedRanges,
  extremeMagnitudes,
};
