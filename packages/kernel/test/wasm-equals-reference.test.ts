import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Policy, type Request, U32_MAX, U64_MAX } from "../src/index.ts";
import { checkEquality, compare } from "./equality.ts";
import { worstShares } from "./worst-shares.ts";

const CASES = Number(process.env["CALYBRIS_CASES"] ?? 40_000);
const PROPERTY_RUNS = 300;

const bps = fc.oneof(fc.integer({ min: 0, max: 65_535 }), fc.integer({ min: 5_000, max: 10_000 }));
const u32 = fc.oneof(fc.integer({ min: 0, max: U32_MAX }), fc.integer({ min: 0, max: 5_000 }));
const u64 = fc.oneof(fc.bigInt({ min: 0n, max: U64_MAX }), fc.bigInt({ min: 0n, max: 10_000_000n }));
const bits = fc.oneof(fc.constantFrom(0n, 1n, U64_MAX), u64);

const candidate = fc.record({
  id: u32,
  providerId: fc.oneof(fc.integer({ min: 0, max: 70 }), bps),
  qualityBps: bps,
  riskCeilingBps: bps,
  enabled: fc.constantFrom(1, 1, 1, 0, 255),
  latencyP95Ms: u32,
  capabilities: bits,
  regions: bits,
  inputPriceMicrocents: u64,
  outputPriceMicrocents: u64,
});

const policy = fc.record({
  policyEpoch: u64,
  catalogEpoch: u64,
  riskHardLimitBps: fc.oneof(fc.constant(65_535), bps),
  confidenceMinBps: fc.oneof(fc.constant(0), bps),
  riskPenaltyMultiplierBps: bps,
  latencyPenaltyMicrocentsPerMs: fc.oneof(fc.constant(0n), u64),
  candidates: fc.array(candidate, { maxLength: 70 }),
});

const request = fc.record({
  sequence: u64,
  requestedId: u32,
  inputTokens: u32,
  outputTokens: u32,
  valueMicrocents: fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.bigInt({ min: 0n, max: 10n ** 10n }),
  ),
  budgetLimitMicrocents: fc.oneof(fc.constant(U64_MAX), u64),
  riskBps: fc.oneof(fc.constant(0), bps),
  confidenceBps: bps,
  qualityMinBps: fc.oneof(fc.constant(0), bps),
  latencyMaxMs: fc.oneof(fc.constant(0), u32),
  capabilitiesRequired: bits,
  providersAllowed: bits,
  regionsRequired: bits,
});

test("the Wasm kernel equals the reference on any policy and requests of the right widths", () => {
  const anything = fc.property(policy, fc.array(request, { minLength: 1, maxLength: 20 }), (drawn, requests) => {
    compare(drawn as unknown as Policy, requests as unknown as Request[]);
  });
  fc.assert(anything, { numRuns: PROPERTY_RUNS, seed: 20_260_101 });
});

test("the Wasm kernel equals the reference on seeded cases that meet the edges", { timeout: 600_000 }, () => {
  expect(checkEquality({ cases: CASES, seed: 1 })).toEqual({ cases: CASES });
});

test("the share of quality is exact where it is nearest to being wrong", () => {
  let eligible = 0;
  for (const { policy, requests, expected } of worstShares()) {
    compare(policy, requests);
    for (const { eligibleCount } of expected) eligible += eligibleCount;
  }
  expect(eligible).toBeGreaterThan(1_000);
});
