/**
 * Wasm = reference, on as many random cases as asked for. A fast seeded generator: magnitudes are drawn by edge, so that
 * bounds, saturation, clamps and ties are met often, and everyday values often too.
 * @module
 */
import assert from "node:assert/strict";
import { type Candidate, type Policy, prescribe, type Request, U32_MAX, U64_MAX, WasmKernel } from "../src/index.ts";

export interface EqualityOptions {
  readonly cases: number;
  readonly seed: number;
}

const REQUESTS_PER_POLICY = 250;

/** Decides random requests with both kernels, masks and walk; throws at the first difference, with the case. */
export function checkEquality({ cases, seed }: EqualityOptions): { cases: number } {
  const random = new CaseRandom(seed);
  for (let done = 0; done < cases; ) {
    const policy = random.policy();
    const count = Math.min(policy.candidates.length > 70 ? 40 : REQUESTS_PER_POLICY, cases - done);
    const requests = Array.from({ length: count }, () => random.request(policy));
    compare(policy, requests, seed);
    done += count;
  }
  return { cases };
}

/** Batch, walk and single call against the reference. */
export function compare(policy: Policy, requests: readonly Request[], seed?: number): void {
  const kernel = new WasmKernel(policy, Math.max(requests.length, 1));
  for (const [index, request] of requests.entries()) kernel.writeRequest(index, request);
  kernel.decideBatch(requests.length);
  const decisions = requests.map((_request, index) => kernel.readDecision(index));
  kernel.walkBatch(requests.length);
  for (const [index, request] of requests.entries()) {
    const expected = prescribe(policy, request).decision;
    const message = (): string => `seed ${seed}: ${show({ policy, request })}`;
    same(decisions[index], expected, message);
    same(kernel.readDecision(index), expected, message);
  }
  const [first] = requests;
  if (first !== undefined)
    same(kernel.prescribe(first), prescribe(policy, first).decision, () => show({ policy, first }));
}

function same(actual: unknown, expected: object, message: () => string): void {
  const found = actual as Record<string, unknown>;
  for (const [field, value] of Object.entries(expected)) {
    if (found[field] !== value) assert.fail(`${field} is ${found[field]}, expected ${value}; ${message()}`);
  }
}

function show(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) => (typeof field === "bigint" ? `${field}n` : field));
}

/** mulberry32, and what is drawn from it. */
class CaseRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  policy(): Policy {
    const everyday = this.#chance(0.6);
    const count = this.#chance(0.01) ? 200 : this.#chance(0.2) ? 60 + this.#below(11) : this.#below(26);
    const candidates: Candidate[] = [];
    for (let index = 0; index < count; index++) {
      const twin = candidates[this.#below(count)];
      if (twin !== undefined && this.#chance(0.15))
        candidates.push({ ...twin, id: this.#chance(0.5) ? twin.id : this.#u32() } as Candidate);
      else candidates.push(this.#candidate(everyday, index));
    }
    return {
      policyEpoch: this.#u64(),
      catalogEpoch: this.#u64(),
      riskHardLimitBps: everyday ? 9_600 : this.#bps(),
      confidenceMinBps: everyday ? 5_500 : this.#chance(0.8) ? this.#below(3) : this.#bps(),
      riskPenaltyMultiplierBps: everyday ? this.#below(5_000) : this.#bps(),
      latencyPenaltyMicrocentsPerMs: everyday ? BigInt(this.#below(100)) : this.#u64(),
      candidates,
    } as unknown as Policy;
  }

  request(policy: Policy): Request {
    const everyday = this.#chance(0.7);
    const some = policy.candidates[this.#below(Math.max(policy.candidates.length, 1))];
    const near = (value: number | undefined, max: number): number =>
      Math.min(Math.max((value ?? 0) + this.#below(3) - 1, 0), max);
    const lax = this.#chance(0.5);
    return {
      sequence: this.#u64(),
      requestedId: this.#chance(0.5) ? (some?.id ?? 0) : this.#u32(),
      inputTokens: everyday ? this.#below(20_000) : this.#u32(),
      outputTokens: everyday ? this.#below(4_000) : this.#u32(),
      valueMicrocents: everyday
        ? BigInt(this.#below(2 ** (10 + this.#below(22))))
        : BigInt.asIntN(64, this.#u64()) >> BigInt(this.#below(2) * this.#below(40)),
      budgetLimitMicrocents: this.#chance(0.4) ? U64_MAX : everyday ? BigInt(this.#below(2 ** 24)) : this.#u64(),
      riskBps: everyday ? this.#below(this.#chance(0.1) ? 10_000 : 3_000) : this.#bps(),
      confidenceBps: everyday ? 5_400 + this.#below(4_601) : this.#bps(),
      qualityMinBps: lax ? 0 : this.#chance(0.5) ? near(some?.qualityBps, 65_535) : this.#bps(),
      latencyMaxMs: lax ? 0 : this.#chance(0.5) ? near(some?.latencyP95Ms, U32_MAX) : this.#u32(),
      capabilitiesRequired: lax ? 0n : this.#chance(0.6) ? BigInt(this.#below(4)) : this.#mask(),
      providersAllowed: lax || this.#chance(0.5) ? U64_MAX : this.#mask() | this.#mask(),
      regionsRequired: lax || this.#chance(0.5) ? 0n : this.#mask(),
    } as unknown as Request;
  }

  #candidate(everyday: boolean, index: number): Candidate {
    return {
      id: this.#chance(0.9) ? index + 1 : this.#u32(),
      providerId: everyday || this.#chance(0.7) ? this.#below(8) : this.#chance(0.5) ? this.#below(66) : this.#bps(),
      qualityBps: everyday ? 3_000 + this.#below(7_001) : this.#bps(),
      riskCeilingBps: everyday ? 2_000 + this.#below(8_001) : this.#bps(),
      enabled: this.#chance(0.85) ? 1 : this.#chance(0.8) ? 0 : this.#below(256),
      latencyP95Ms: everyday ? this.#below(3_000) : this.#u32(),
      capabilities: this.#chance(0.5) ? U64_MAX : this.#mask() | this.#mask(),
      regions: this.#chance(0.5) ? U64_MAX : this.#mask(),
      inputPriceMicrocents: everyday ? this.#price() : this.#u64(),
      outputPriceMicrocents: everyday ? this.#price() : this.#u64(),
    } as unknown as Candidate;
  }

  #price(): bigint {
    return BigInt(this.#chance(0.1) ? this.#below(3) : this.#below(2 ** (8 + this.#below(23))));
  }

  #bps(): number {
    return this.#chance(0.3) ? (EDGE_BPS[this.#below(EDGE_BPS.length)] ?? 0) : this.#below(65_536);
  }

  #mask(): bigint {
    return this.#chance(0.3) ? 1n << BigInt(this.#below(64)) : this.#u64();
  }

  #u32(): number {
    return Math.min(Math.max(2 ** this.#below(33) + this.#below(5) - 2, 0), U32_MAX);
  }

  /** A power of two and its neighbours, or any bits. */
  #u64(): bigint {
    if (this.#chance(0.3)) return (BigInt(this.#next()) << 32n) | BigInt(this.#next());
    const edge = (1n << BigInt(this.#below(65))) + BigInt(this.#below(5) - 2);
    return edge < 0n ? 0n : edge > U64_MAX ? U64_MAX : edge;
  }

  #chance(probability: number): boolean {
    return this.#next() < probability * 2 ** 32;
  }

  #below(limit: number): number {
    return Math.floor((this.#next() / 2 ** 32) * limit);
  }

  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }
}

const EDGE_BPS: readonly number[] = [0, 1, 5_499, 5_500, 9_599, 9_600, 10_000, 32_767, 32_768, 65_534, 65_535];
