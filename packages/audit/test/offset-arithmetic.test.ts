import { type OutcomeEntry, SnapshotMembers } from "@calybris/kernel";
import fc from "fast-check";
import { expect, test } from "vitest";
import { BoundaryShare } from "../../engine/src/router/boundary-share.ts";
import { Offsets } from "../../engine/src/router/offsets.ts";
import { OffsetTrust } from "../src/learning/offset-trust.ts";

// Goal: engine and audit come to the same sums and beliefs. Method: both folds, written apart, over random outcomes and
// changes of regimes, with extremes; one in doubles, one in unbounded integers.

const bps = fc.oneof(fc.constantFrom(-20_000, -1, 0, 1, 10_000, 20_000), fc.integer({ min: -20_000, max: 20_000 }));
const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      does: fc.constant("observe" as const),
      regime: fc.constantFrom(0, 1, 1, 1, 7, 8),
      tier: fc.nat(3),
      successBps: fc.oneof(fc.constantFrom(0, 10_000), fc.integer({ min: 0, max: 10_000 })),
      expected: fc.array(bps, { minLength: 1, maxLength: 4 }),
      times: fc.constantFrom(1, 1, 7, 60, 150),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constantFrom("inherit", "redistribute", "forget", "restore") }) },
);
const discount = fc.constantFrom(1, 500_000, 998_000, 999_999, 1_000_000);

test("engine and audit hold the same sums and believe the same, whatever happened", () => {
  let [flat, doubted] = [0, 0];
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), discount, fc.nat(10_000), (steps, discountPpm, averageBps) => {
      const [engine, audit] = [new Offsets(), new OffsetTrust()];
      for (const each of steps) {
        if (each.does === "observe") {
          const { regime, tier, successBps, expected } = each as Extract<typeof each, { does: "observe" }>;
          for (let time = 0; time < (each as { times: number }).times; time++) {
            engine.observe(regime, tier, successBps, expected, discountPpm);
            audit.take({ tier, successBps, expected } as unknown as OutcomeEntry, regime, discountPpm);
          }
        } else if (each.does === "inherit") {
          engine.inheritWarmUp();
          audit.inherit();
        } else if (each.does === "redistribute") {
          engine.redistribute();
          audit.redistribute();
        } else if (each.does === "forget") {
          engine.forget();
          audit.forget();
        } else audit.restore(new SnapshotMembers(engine.toSnapshot()));
      }
      expect(audit.toJson(8)).toEqual(engine.toJson(8));
      expect(audit.shift.toJson(8)).toEqual(engine.shifts.toJson(8));
      expect(audit.toSnapshot()).toEqual(engine.toSnapshot());
      if (engine.shifts.isDoubted) doubted += 1;
      const explorationBps = new BoundaryShare().explorationBps(averageBps);
      for (const [regime, hasPrior] of [
        [0, true],
        [1, true],
        [1, false],
        [8, false],
      ] as const) {
        const { means, deviations, flat: isFlat } = engine.belief(regime, [0, 2, 3], explorationBps, hasPrior);
        const own = { means, deviations, explorationBps, ...(isFlat === true ? { flat: true } : {}) };
        if (isFlat === true) flat += 1;
        expect(audit.belief(regime, [0, 2, 3], averageBps, hasPrior)).toEqual(own);
      }
    }),
    { numRuns: 250, seed: 5 },
  );
  expect(flat).toBeGreaterThan(0);
  expect(doubted).toBeGreaterThan(0);
});

test("both follow the share of uncertain choices alike", () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 400 }), fc.nat(10_000), (choices, averageBps) => {
      const [engine, audit] = [new BoundaryShare(), new OffsetTrust()];
      for (const isBoundary of choices) {
        engine.add(isBoundary);
        audit.drawn(isBoundary);
      }
      expect(audit.boundaryPpm).toBe(engine.ppm);
      expect(audit.belief(0, [0], averageBps, true).explorationBps).toBe(engine.explorationBps(averageBps));
    }),
    { numRuns: 50 },
  );
});
