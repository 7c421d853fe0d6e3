/**
 * The arithmetic of a decision, exact at any magnitude (DESIGN: units are microcents and basis points). This is the
 * definition in BigInt; the Wasm kernel computes the same numbers in 64 and 128 bits.
 *
 *     cost    = ceil(inputTokens · inputPrice / 10^6) + ceil(outputTokens · outputPrice / 10^6), at most 2^64−1
 *     quality = floor(value · confidence · candidate quality / 10^8)
 *     risk    = floor(value · risk · penalty multiplier / 10^8)
 *     latency = p95 · penalty per millisecond
 *     utility = quality − risk − cost − latency, clamped to 64 signed bits
 *
 * Each part of a cost is rounded up and value is rounded down, so rounding never understates spending.
 * @module
 */
import type { Candidate, Policy } from "./policy.ts";
import type { Request } from "./request.ts";
import {
  BPS_MAX,
  type CostMicrocents,
  costMicrocents,
  I64_MAX,
  I64_MIN,
  type Microcents,
  microcents,
  U64_MAX,
} from "./units.ts";

const UNITS_PER_PRICE = 1_000_000n;
const BPS_SQUARED = BigInt(BPS_MAX) ** 2n;

/** The terms of a utility, in microcents. Unclamped terms may need more than 64 bits. */
export interface UtilityTerms {
  readonly qualityMicrocents: bigint;
  readonly riskMicrocents: bigint;
  readonly costMicrocents: CostMicrocents;
  readonly latencyMicrocents: bigint;
  readonly utilityMicrocents: Microcents;
}

/** Cost of the request with this candidate at maximum output, in microcents. Saturates at 2^64−1. */
export function cost(request: Request, candidate: Candidate): CostMicrocents {
  const input = ceilDivide(BigInt(request.inputTokens) * candidate.inputPriceMicrocents, UNITS_PER_PRICE);
  const output = ceilDivide(BigInt(request.outputTokens) * candidate.outputPriceMicrocents, UNITS_PER_PRICE);
  const total = input + output;
  return costMicrocents(total > U64_MAX ? U64_MAX : total);
}

/**
 * Like {@link cost}, in exact `number` arithmetic; −1 if a product could be inexact. For the path of every decision.
 *
 * A product below 2^52, divided by 10^6, is below 2^33, where doubles are 2^-20 apart. A fractional quotient differs from an
 * integer by at least 10^-6, which is more, so rounding up is correct.
 */
export function exactCost(
  inputTokens: number,
  outputTokens: number,
  inputPriceMicrocents: number,
  outputPriceMicrocents: number,
): number {
  const input = inputTokens * inputPriceMicrocents;
  const output = outputTokens * outputPriceMicrocents;
  if (!(input < EXACT_PRODUCT_MAX && output < EXACT_PRODUCT_MAX)) return -1;
  return Math.ceil(input / UNITS_PER_PRICE_NUMBER) + Math.ceil(output / UNITS_PER_PRICE_NUMBER);
}

const EXACT_PRODUCT_MAX = 2 ** 52;
const UNITS_PER_PRICE_NUMBER = 1_000_000;

/** Utility of the candidate for the request, term by term, in microcents. */
export function utility(policy: Policy, request: Request, candidate: Candidate): UtilityTerms {
  const value = request.valueMicrocents > 0n ? request.valueMicrocents : 0n;
  const qualityMicrocents = (value * BigInt(request.confidenceBps) * BigInt(candidate.qualityBps)) / BPS_SQUARED;
  const riskMicrocents = (value * BigInt(request.riskBps) * BigInt(policy.riskPenaltyMultiplierBps)) / BPS_SQUARED;
  const latencyMicrocents = BigInt(candidate.latencyP95Ms) * policy.latencyPenaltyMicrocentsPerMs;
  const costs = cost(request, candidate);
  const exact = qualityMicrocents - riskMicrocents - costs - latencyMicrocents;
  const utilityMicrocents = microcents(exact > I64_MAX ? I64_MAX : exact < I64_MIN ? I64_MIN : exact);
  return { qualityMicrocents, riskMicrocents, costMicrocents: costs, latencyMicrocents, utilityMicrocents };
}

function ceilDivide(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}
