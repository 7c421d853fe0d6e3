import { type Decided, RecordedDecision, layRecord, RecordShelf } from "@calybris/engine/internal";
import {
  bps,
  candidateId,
  cost,
  costMicrocents,
  DEFAULTED,
  type DecisionEntry,
  exactCost,
  FLOOR_SOURCES,
  mask,
  microcents,
  milliseconds,
  NO_INDEX,
  type PolicySnapshot,
  REASON_CODES,
  type Reason,
  sampleRequest,
  samplePolicy,
  sequence,
  tokens,
  U64_MAX,
} from "@calybris/kernel";
import fc from "fast-check";
import { expect, test } from "vitest";
import { answerTexts, decisionText } from "../../src/decisions/decision-text.ts";
import { answerBytes, answerBytesMax, putAnswer } from "../../src/decisions/record-answer.ts";

// Goal: the answer that is written from a record is the answer that is written from the same decision as objects, byte for
// byte, or is left to that writer.
// Method: random decisions, laid as records, under policies with and without names that JSON escapes.

const u64 = fc.oneof(
  fc.bigInt({ min: 0n, max: U64_MAX }),
  fc.bigInt({ min: 0n, max: 10n ** 12n }),
  fc.constant(U64_MAX),
);
const i64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const u32 = fc.oneof(fc.nat(10_000), fc.nat(0xffff_ffff));
const text = fc.oneof(
  { weight: 8, arbitrary: fc.stringMatching(/^[a-zA-Z0-9_:. -]{1,40}$/) },
  { weight: 1, arbitrary: fc.constantFrom('a"b', "back\\slash", "é", "€uro", "tilde~") },
);

const policy = samplePolicy();
const ids = policy.candidates.map(({ id }) => id);

function snapshotOf(names: readonly string[], floorBps: number): PolicySnapshot {
  const { candidates } = policy;
  return {
    policy,
    candidateNames: candidates.map((_, index) => names[index % names.length] as string),
    useCases: { default: { qualityMinBps: floorBps }, other: {} },
  } as unknown as PolicySnapshot;
}

const decided = fc
  .record({
    request: fc.record({
      sequence: u64.map(sequence),
      requestedId: fc.constantFrom(candidateId(0), ...ids),
      inputTokens: u32.map(tokens),
      outputTokens: u32.map(tokens),
      qualityMinBps: fc.nat(10_000).map(bps),
    }),
    index: fc.nat(ids.length - 1),
    action: fc.constantFrom("execute" as const, "substitute" as const, "reject" as const),
    reason: fc.constantFrom(...(Object.keys(REASON_CODES) as Reason[])),
    costMicrocents: u64.map(costMicrocents),
    utilityMicrocents: i64.map(microcents),
    counterfactualId: fc.constantFrom(candidateId(0), ...ids),
    counterfactualUtilityMicrocents: i64.map(microcents),
    evaluatedCount: fc.nat(64),
    eligibleCount: fc.nat(64),
    requestId: fc.option(text, { nil: undefined }),
    tenant: fc.option(text, { nil: undefined }),
    useCase: fc.constantFrom("default", "other", "unknown", "épreuve"),
    defaulted: fc.subarray([...DEFAULTED]),
    headroomMicrocents: fc.option(i64.map(microcents), { nil: undefined }),
    askedBudget: fc.option(u64.map(costMicrocents), { nil: undefined }),
    source: fc.option(fc.constantFrom(...FLOOR_SOURCES), { nil: undefined }),
  })
  .map((drawn): Decided => {
    const { action } = drawn;
    const {
      request: asked,
      index,
      reason,
      requestId,
      tenant,
      useCase,
      defaulted,
      headroomMicrocents,
      askedBudget,
    } = drawn;
    const request = { ...sampleRequest(), ...asked, latencyMaxMs: milliseconds(0), regionsRequired: mask(0n) };
    const decision = {
      sequence: request.sequence,
      action,
      reason,
      selectedId: action === "reject" ? candidateId(0) : (ids[index] as never),
      selectedIndex: action === "reject" ? NO_INDEX : index,
      costMicrocents: drawn.costMicrocents,
      utilityMicrocents: drawn.utilityMicrocents,
      counterfactualId: drawn.counterfactualId,
      counterfactualUtilityMicrocents: drawn.counterfactualUtilityMicrocents,
      evaluatedCount: drawn.evaluatedCount,
      eligibleCount: drawn.eligibleCount,
      policyEpoch: policy.policyEpoch,
      catalogEpoch: policy.catalogEpoch,
    };
    const learning =
      drawn.source === undefined
        ? undefined
        : {
            ...{
              regime: 1,
              score: 0,
              features: [],
              floorBps: 1,
              source: drawn.source,
              anomalous: false,
              holdout: false,
            },
            ...{ belief: 0, draw: 1, tier: 0, propensity: 1, explored: false, arms: [], baseId: 0 },
          };
    const entry = {
      ...{ kind: "decision", useCase, defaulted, request, decision, identity: "" },
      ...(requestId === undefined ? {} : { requestId }),
      ...(tenant === undefined ? {} : { tenant }),
      ...(headroomMicrocents === undefined ? {} : { headroomMicrocents }),
      ...(askedBudget === undefined ? {} : { asked: { budgetMicrocents: askedBudget } }),
      ...(learning === undefined ? {} : { learning }),
    } as unknown as DecisionEntry;
    const laid = { entry, decision, learning, policyId: 7, policyDigest: new Uint8Array(32).fill(0x5a) };
    return new RecordedDecision(layRecord(new RecordShelf(8_192), laid), index === 0);
  });

test("an answer from a record is the answer from the same decision as objects, or is left to that writer", () => {
  let written = 0;
  const names = fc.constantFrom<readonly string[]>(["gpt", "mini"], ['qu"ote', "plain"], ["né"]);
  const remaining = fc.option(i64, { nil: undefined });
  fc.assert(
    fc.property(decided, names, fc.nat(10_000), remaining, (each, candidateNames, floorBps, headroom) => {
      const snapshot = snapshotOf(candidateNames, floorBps);
      const record = RecordedDecision.recordOf(each);
      if (record === undefined) throw new Error("a decision has a record");
      const out = Buffer.alloc(answerBytesMax(record) + 3);
      const texts = answerBytes(snapshot);
      const context = { texts, remainingMicrocents: headroom, repeated: each.repeated, useCase: () => each.useCase };
      const end = putAnswer(record, context, out, 3);
      if (end < 0) return;
      written += 1;
      expect(out.toString("utf8", 3, end)).toBe(decisionText(each, answerTexts(snapshot), headroom));
    }),
    { numRuns: 4_000 },
  );
  expect(written).toBeGreaterThan(300);
});

test("a cost in exact numbers is the cost, wherever it claims to be one", () => {
  const price = fc.oneof(fc.nat(2 ** 31 - 1), fc.maxSafeNat());
  let claimed = 0;
  fc.assert(
    fc.property(u32, u32, price, price, (input, output, inputPrice, outputPrice) => {
      const exact = exactCost(input, output, inputPrice, outputPrice);
      if (exact < 0) return;
      claimed += 1;
      const request = { ...sampleRequest(), inputTokens: tokens(input), outputTokens: tokens(output) };
      const candidate = {
        ...(policy.candidates[0] as (typeof policy.candidates)[number]),
        inputPriceMicrocents: BigInt(inputPrice) as never,
        outputPriceMicrocents: BigInt(outputPrice) as never,
      };
      expect(BigInt(exact)).toBe(cost(request, candidate));
    }),
    { numRuns: 20_000 },
  );
  expect(claimed).toBeGreaterThan(1_000);
});
