import {
  ALL_PROVIDERS,
  bps,
  candidateId,
  costMicrocents,
  DEFAULTED,
  type DecisionEntry,
  entryDataTail,
  FLOOR_SOURCES,
  InvariantViolation,
  I64_MAX,
  I64_MIN,
  mask,
  microcents,
  milliseconds,
  NO_BUDGET_LIMIT,
  PROPENSITY_ONE,
  prescribe,
  REASON_CODES,
  type RequestBounds,
  type Reason,
  samplePolicy,
  sampleRequest,
  sequence,
  tokens,
  U64_MAX,
} from "@calybris/kernel";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decisionTail } from "../../src/journal/decision-tail.ts";
import { EntryTails } from "../../src/journal/entry-tail.ts";

// Goal: the fast writer of decisions writes what the kernel's writes, byte for byte, or leaves the entry to it.
// Method: random entries, each member present or absent, numbers at the edges of their ranges, texts with and without
// characters that JSON escapes.

const EDGES = [
  0n,
  1n,
  9n,
  10n,
  999_999_999n,
  10n ** 9n,
  2n ** 32n - 1n,
  2n ** 32n,
  10n ** 18n,
  2n ** 53n - 1n,
  2n ** 53n,
];
const u64 = fc.oneof(fc.bigInt({ min: 0n, max: U64_MAX }), fc.constantFrom(...EDGES, U64_MAX - 1n, U64_MAX));
const i64 = fc.oneof(fc.bigInt({ min: I64_MIN, max: I64_MAX }), fc.constantFrom(...EDGES, -1n, -(2n ** 53n), I64_MIN));
const u32 = fc.oneof(fc.nat(200_000), fc.nat(0xffff_ffff), fc.constantFrom(0, 9, 10, 0xffff_ffff));
const whole = fc.oneof(u32, fc.maxSafeNat(), fc.maxSafeInteger());
const share = fc.nat(10_000);
const text = fc.oneof(
  { weight: 12, arbitrary: fc.stringMatching(/^[a-zA-Z0-9_:. -]{1,40}$/) },
  { weight: 1, arbitrary: fc.string({ minLength: 1, unit: "grapheme" }) },
  { weight: 1, arbitrary: fc.constantFrom('"', "\\", "\n", "é", "default", "x".repeat(1_024), "x".repeat(1_025)) },
);

const request = fc.record({
  sequence: u64.map(sequence),
  requestedId: u32.map(candidateId),
  inputTokens: u32.map(tokens),
  outputTokens: u32.map(tokens),
  valueMicrocents: i64.map(microcents),
  budgetLimitMicrocents: fc.oneof(fc.constant(costMicrocents(NO_BUDGET_LIMIT)), u64.map(costMicrocents)),
  riskBps: share.map(bps),
  confidenceBps: share.map(bps),
  qualityMinBps: share.map(bps),
  latencyMaxMs: fc.oneof(fc.constant(milliseconds(0)), u32.map(milliseconds)),
  capabilitiesRequired: fc.oneof(fc.constant(mask(0n)), u64.map(mask)),
  providersAllowed: fc.oneof(fc.constant(mask(ALL_PROVIDERS)), u64.map(mask)),
  regionsRequired: fc.oneof(fc.constant(mask(0n)), u64.map(mask)),
});
const learning = fc.record(
  {
    regime: fc.nat(8),
    score: fc.oneof(fc.constant(0), fc.integer()),
    features: fc.oneof(fc.constant([0, 0]), fc.array(whole, { maxLength: 64 })),
    textScore: fc.integer(),
    floorBps: share,
    source: fc.constantFrom(...FLOOR_SOURCES),
    anomalous: fc.boolean(),
    holdout: fc.boolean(),
    belief: fc.oneof(fc.constant(0), fc.maxSafeNat()),
    draw: u32,
    tier: fc.integer({ min: -1, max: 7 }),
    propensity: fc.oneof(fc.constant(PROPENSITY_ONE), u32),
    explored: fc.boolean(),
  },
  {
    requiredKeys: [
      "regime",
      "score",
      "features",
      "floorBps",
      "source",
      "anomalous",
      "holdout",
      "belief",
      "draw",
      "tier",
      "propensity",
      "explored",
    ],
  },
);
const { decision: made } = prescribe(samplePolicy(), sampleRequest());
const decision = fc
  .record({
    action: fc.constantFrom("execute" as const, "substitute" as const, "reject" as const),
    reason: fc.constantFrom(...(Object.keys(REASON_CODES) as Reason[])),
    selectedId: u32.map(candidateId),
    costMicrocents: u64.map(costMicrocents),
  })
  .map((members) => ({ ...made, ...members }));

const entry: fc.Arbitrary<DecisionEntry> = fc
  .record(
    {
      requestId: text,
      actor: fc.oneof(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), fc.constant(7), fc.constant("system:ana")),
      useCase: text,
      defaulted: fc.subarray([...DEFAULTED]),
      tenant: text,
      reservationSeconds: fc.integer({ min: 1, max: 2_678_400 }),
      request,
      learning,
      decision,
      identity: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString("hex")),
    },
    { requiredKeys: ["useCase", "defaulted", "request", "decision", "identity"] },
  )
  .map((members) => ({ kind: "decision", ...members }) as DecisionEntry);

test("a decision's text is that of the kernel, byte for byte, or is left to the kernel", () => {
  let written = 0;
  fc.assert(
    fc.property(entry, fc.maxSafeNat(), (body, at) => {
      const { learning: recommendation } = body;
      // Budget and providers that the policy implies are left out, each in a half of the entries with bounds.
      if (at % 3 === 0)
        (body as { bounds?: RequestBounds }).bounds = {
          budgetLimitMicrocents: at % 2 === 0 ? body.request.budgetLimitMicrocents : costMicrocents(7n),
          providersAllowed: at % 4 < 2 ? body.request.providersAllowed : mask(7n),
        };
      // Features that are the tokens are left out.
      if (recommendation?.features.length === 2 && at % 2 === 0)
        (recommendation.features as number[]).splice(0, 2, body.request.inputTokens, body.request.outputTokens);
      const tail = decisionTail(at, body);
      if (tail === undefined) return;
      written += 1;
      expect(tail).toBe(entryDataTail({ sequence: 1, at, body }));
    }),
    { numRuns: 3_000 },
  );
  expect(written).toBeGreaterThan(500);
});

test("a member that the fast writer does not know leaves the entry to the kernel", () => {
  const body = { kind: "decision", useCase: "default", defaulted: [], request: sampleRequest(), decision: made };
  const plain = { ...body, identity: "0f".repeat(32) } as unknown as DecisionEntry;
  expect(decisionTail(1, plain)).toBe(entryDataTail({ sequence: 1, at: 1, body: plain }));
  expect(decisionTail(1, { ...plain, anything: 1 } as DecisionEntry)).toBeUndefined();
});

test("an entry whose two texts differ is refused before it is ordered", () => {
  const body = { kind: "decision", useCase: "default", defaulted: [], request: sampleRequest(), decision: made };
  const plain = { ...body, identity: "0f".repeat(32) } as unknown as DecisionEntry;
  const tails = new EntryTails((at, each) => decisionTail(at, each)?.replace("riskBps", "confidenceBps"));
  expect(() => tails.of({ sequence: 1, at: 1, body: plain })).toThrow(InvariantViolation);
});
