/**
 * Policies and requests to ask a kernel about, each named by its peculiarity. Fields may leave what an engine
 * would accept, within their widths: the kernel is total.
 * @module
 */
import { type Candidate, type Policy, type Request, samplePolicy, sampleRequest, U64_MAX } from "../src/index.ts";

export type Fields<Of> = { readonly [Field in keyof Of]?: number | bigint };

/** A candidate that passes every gate of {@link requestWith}, at no cost. */
export function candidateWith(fields: Fields<Candidate> = {}): Candidate {
  const free = { id: 1, providerId: 0, qualityBps: 8_000, riskCeilingBps: 9_000, enabled: 1, latencyP95Ms: 100 };
  const open = { capabilities: U64_MAX, regions: U64_MAX, inputPriceMicrocents: 0n, outputPriceMicrocents: 0n };
  return { ...free, ...open, ...fields } as unknown as Candidate;
}

/** A policy that charges nothing for latency. */
export function policyWith(candidates: readonly Candidate[], fields: Fields<Policy> = {}): Policy {
  return { ...samplePolicy(), latencyPenaltyMicrocentsPerMs: 0n, ...fields, candidates } as unknown as Policy;
}

/** Asks for candidate 1; 1,000 tokens in, 500 out, worth 100,000 microcents. */
export function requestWith(fields: Fields<Request> = {}): Request {
  return { ...sampleRequest(), ...fields } as unknown as Request;
}
