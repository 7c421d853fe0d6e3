import {
  ALL_PROVIDERS,
  bps,
  candidateId,
  costMicrocents,
  DEFAULTED,
  decisionDigests,
  type DecisionEntry,
  entryDataTail,
  FEATURE_MISSING,
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
  type Reason,
  samplePolicy,
  sampleRequest,
  sequence,
  shortfallOf,
  toHex,
  WasmKernel,
  tokens,
  U64_MAX,
} from "@calybris/kernel";
import fc from "fast-check";
import { expect, test } from "vitest";
import { caseCount } from "../../../../test/share.ts";
import { plainDecided, RecordedDecision } from "../../src/flows/decided.ts";
import { AT } from "../../src/journal/decision-record.ts";
import { EntryTails, recordText } from "../../src/journal/entry-tail.ts";
import { type LaidDecision, layRecord } from "../../src/journal/lay-record.ts";
import { proveDecision } from "../../src/journal/record-proof.ts";
import { RecordShelf } from "../../src/journal/record-shelf.ts";

// Goal: what is written from the record of a decision (text, digests, answer) is what the kernel makes of the same decision
// as objects.
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
      onBehalfOf: text,
      headroomMicrocents: i64.map(microcents),
      asked: fc.record(
        { budgetMicrocents: u64.map(costMicrocents), providers: u64.map(mask), qualityMinBps: share.map(bps) },
        { requiredKeys: [] },
      ),
      tags: fc.dictionary(fc.stringMatching(/^[a-z0-9]{1,8}$/), text, { minKeys: 1, maxKeys: 4 }),
      session: text,
      promptDigest: fc.constant("A".repeat(43)),
      learning,
      decision,
    },
    { requiredKeys: ["useCase", "defaulted", "request", "decision"] },
  )
  .map((members) => ({ kind: "decision", ...members, identity: "" }) as DecisionEntry);

/** What is laid of an entry: the rest of its decision is made up. */
function laidOf(body: DecisionEntry): LaidDecision {
  const learning =
    body.learning === undefined
      ? undefined
      : { ...body.learning, arms: [{ tier: 1, candidateId: 7, propensity: 2 ** 31 }], baseId: 9 };
  return { entry: body, decision: { ...made, ...body.decision }, learning, policyId: 3, policyDigest: DIGEST };
}

const DIGEST = new Uint8Array(32).fill(0xa5);

/** Budget and providers that the policy implies are left out, each in a half of the entries with bounds. */
function withBounds(body: DecisionEntry, chance: number): DecisionEntry {
  if (chance % 3 !== 0) return body;
  const bounds = {
    budgetLimitMicrocents: chance % 2 === 0 ? body.request.budgetLimitMicrocents : costMicrocents(7n),
    providersAllowed: chance % 4 < 2 ? body.request.providersAllowed : mask(7n),
  };
  return { ...body, bounds };
}

/** Features that are the tokens are left out. */
function withTokens(body: DecisionEntry, chance: number): DecisionEntry {
  if (body.learning?.features.length !== 2 || chance % 2 !== 0) return body;
  const output = chance % 4 === 0 ? FEATURE_MISSING : body.request.outputTokens;
  return { ...body, learning: { ...body.learning, features: [body.request.inputTokens, output] } };
}

test("a decision's text from its record is that of the kernel from its entry, byte for byte", () => {
  const shelf = new RecordShelf();
  fc.assert(
    fc.property(entry, fc.maxSafeNat(), (drawn, at) => {
      const body = withTokens(withBounds(drawn, at), at);
      const record = layRecord(shelf, laidOf(body));
      record.pages.f64[(record.at + AT.time) >>> 3] = at;
      const { text: written, identity } = recordText(record);
      expect(written).toBe(entryDataTail({ sequence: 1, at, body: { ...body, identity } }));
    }),
    { numRuns: caseCount(3_000) },
  );
});

test("the digests of a record are those of the kernel, and an answer reads back what was laid", () => {
  const shelf = new RecordShelf();
  fc.assert(
    fc.property(entry, fc.nat(), (drawn, chance) => {
      const body = withTokens(withBounds(drawn, chance), chance);
      const laid = laidOf(body);
      const record = layRecord(shelf, laid);
      const digests = decisionDigests(DIGEST, body.request, laid.decision);
      expect(recordText(record).identity).toBe(toHex(digests.identity));
      const { pages, at } = record;
      proveDecision(pages, at, pages.buffer, at + AT.requestDigest);
      const decided = plainDecided(new RecordedDecision(record, false));
      const { requestId, tenant, useCase, defaulted, headroomMicrocents } = body;
      expect(decided).toEqual({
        ...(requestId === undefined ? {} : { requestId }),
        ...(tenant === undefined ? {} : { tenant }),
        ...(laid.learning === undefined ? {} : { learning: laid.learning }),
        ...(headroomMicrocents === undefined ? {} : { shortfall: shortfallOf(body) }),
        request: body.request,
        decision: laid.decision,
        digests,
        identity: toHex(digests.identity),
        policyId: 3,
        useCase,
        defaulted,
        sequence: decided.sequence,
        decisionId: decided.decisionId,
        entryHash: decided.entryHash,
        repeated: false,
      });
    }),
    { numRuns: caseCount(1_000) },
  );
});

test("a record's request and decision are the kernel's own", () => {
  const kernel = new WasmKernel(samplePolicy());
  const asked = sampleRequest();
  const prescribed = kernel.prescribe(asked);
  const body = { kind: "decision", useCase: "default", defaulted: [], request: asked, decision: prescribed };
  const record = layRecord(new RecordShelf(), {
    ...laidOf({ ...body, identity: "" } as unknown as DecisionEntry),
    decision: prescribed,
  });
  const { u32 } = record.pages;
  const words = (at: number, count: number): number[] => [...u32.subarray((record.at + at) >>> 2).subarray(0, count)];
  expect(words(AT.request, 20)).toEqual([...kernel.requestWords()]);
  expect(words(AT.decision, 12)).toEqual([...kernel.decisionWords()]);
});

test("an entry whose two texts differ is refused before it is ordered", () => {
  const body = { kind: "decision", useCase: "default", defaulted: [], request: sampleRequest(), decision: made };
  const plain = { ...body, identity: "" } as unknown as DecisionEntry;
  const record = layRecord(new RecordShelf(), laidOf(plain));
  const tails = new EntryTails((each) => {
    const { text: written, identity } = recordText(each);
    return { text: written.replace("riskBps", "confidenceBps"), identity };
  });
  expect(new EntryTails().of(1, 1, plain, record)).toBe(record);
  expect(() => tails.of(1, 1, plain, record)).toThrow(InvariantViolation);
});
