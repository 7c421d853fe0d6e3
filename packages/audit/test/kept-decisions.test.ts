import {
  createPolicy,
  type DecisionEntry,
  prescribe,
  samplePolicy,
  sampleRequest,
  type PolicySnapshot,
  toHex,
} from "@calybris/kernel";
import fc from "fast-check";
import { expect, test } from "vitest";
import { KeptDecisions } from "../src/learning/kept-decisions.ts";

// Goal: columns, growth, rows that are used again and the place of the oldest change nothing about what is remembered.
// Method: beside the simplest model that could be right, an array of the latest, without those whose outcome was reported.

const { decision } = prescribe(samplePolicy(), sampleRequest());
const snapshots = [1n, 2n].map((epoch) => ({
  policy: createPolicy({ ...samplePolicy(), policyEpoch: epoch as never }),
})) as unknown as readonly PolicySnapshot[];

interface Modelled {
  readonly sequence: number;
  readonly at: number;
  readonly entry: DecisionEntry;
  readonly snapshot: PolicySnapshot;
  readonly learning: object | undefined;
  readonly alternatives: string | undefined;
  hasOutcome: boolean;
}

const step = fc.record({
  gap: fc.integer({ min: 1, max: 3 }),
  at: fc.nat(),
  useCase: fc.constantFrom("default", "a use case with a long name", "support"),
  snapshot: fc.constantFrom(...snapshots),
  learning: fc.option(
    fc.record(
      {
        regime: fc.nat(8),
        propensity: fc.oneof(fc.nat(), fc.constant(2 ** 32)),
        explored: fc.boolean(),
        holdout: fc.boolean(),
        expected: fc.array(fc.oneof(fc.integer({ min: -20_000, max: 20_000 }), fc.integer()), { maxLength: 10 }),
      },
      { requiredKeys: ["regime", "propensity", "explored", "holdout"] },
    ),
    { nil: undefined },
  ),
  alternatives: fc.option(fc.string(), { nil: undefined }),
  cost: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  identity: fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex),
  asks: fc.array(fc.nat(12), { maxLength: 3 }),
  tells: fc.option(fc.nat(12), { nil: undefined }),
});

test("what is remembered of the latest decisions is what they said, whatever was forgotten before", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.array(step, { maxLength: 40 }), (keptMax, steps) => {
      const kept = new KeptDecisions(keptMax);
      let model: Modelled[] = [];
      let sequence = 0;
      let forgotten = 0;
      for (const { gap, at, useCase, snapshot, learning, alternatives, ...given } of steps) {
        const { cost, value, identity, asks, tells } = given;
        sequence += gap;
        const entry = {
          kind: "decision",
          policyId: 1,
          useCase,
          defaulted: [],
          ...(learning && { learning: { ...learning, score: 7, features: [1] } }),
          request: { ...sampleRequest(), valueMicrocents: value },
          decision: { ...decision, costMicrocents: cost },
          identity,
        } as unknown as DecisionEntry;
        kept.keep(sequence, at, entry, snapshot, alternatives);
        model.push({ sequence, at, entry, snapshot, learning, alternatives, hasOutcome: false });
        if (model.length > keptMax) forgotten = model[model.length - keptMax - 1]?.sequence ?? 0;
        model = model.slice(-keptMax);
        expect(kept.forgotten).toBe(forgotten);

        for (const back of asks) {
          const known = model.find((one) => one.sequence === sequence - back);
          const found = kept.get(sequence - back);
          expect(kept.isReported(sequence - back)).toBe(known?.hasOutcome === true);
          expect(found === undefined).toBe(known === undefined || known.hasOutcome);
          if (found === undefined || known === undefined) continue;
          expect(found).toEqual({
            identity: Uint8Array.from(Buffer.from(known.entry.identity, "hex")),
            useCase: known.entry.useCase,
            learning: known.learning,
            alternatives: known.alternatives,
            snapshot: known.snapshot,
            at: known.at,
            selectedId: decision.selectedId,
            selectedIndex: decision.selectedIndex,
            costMicrocents: known.entry.decision.costMicrocents,
            valueMicrocents: known.entry.request.valueMicrocents,
            qualityMinBps: sampleRequest().qualityMinBps,
          });
        }
        if (tells === undefined) continue;
        const reported = model.find((one) => one.sequence === sequence - tells);
        kept.report(sequence - tells);
        if (reported !== undefined) reported.hasOutcome = true;
      }
    }),
    { numRuns: 500 },
  );
});

test("as it grows, and after it has forgotten, every decision is found where it belongs", () => {
  const kept = new KeptDecisions(2_500);
  const snapshot = snapshots[0] as PolicySnapshot;
  const entryOf = (at: number): DecisionEntry =>
    ({
      useCase: "default",
      request: sampleRequest(),
      decision,
      identity: "0".repeat(64),
      at,
    }) as unknown as DecisionEntry;
  for (let sequence = 1; sequence <= 4_000; sequence++) {
    kept.keep(sequence * 2, sequence, entryOf(sequence), snapshot);
    if (sequence % 500 !== 0) continue;
    for (let before = 1; before <= sequence; before++)
      expect(kept.get(before * 2)?.at).toBe(before > sequence - 2_500 ? before : undefined);
    expect(kept.get(sequence * 2 + 1)).toBeUndefined();
  }
});

test("decisions whose outcome is known take no memory, however many there were", () => {
  const kept = new KeptDecisions();
  const [snapshot] = snapshots as [PolicySnapshot];
  const entry = { useCase: "default", request: sampleRequest(), decision, identity: "0".repeat(64) };
  const live = (from: number, count: number): void => {
    for (let sequence = from; sequence < from + count; sequence++) {
      kept.keep(sequence, 0, entry as unknown as DecisionEntry, snapshot, `of ${sequence}`);
      // Two hundred await theirs at any time.
      kept.report(sequence - 200);
    }
  };
  live(1, 140_000);
  const before = process.memoryUsage().arrayBuffers;
  live(140_001, 20_000);
  expect(kept.get(160_000)?.alternatives).toBe("of 160000");
  expect(kept.get(159_800)).toBeUndefined();
  // A row takes 109 bytes, and 20,000 more would take two megabytes.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(500_000);
});
