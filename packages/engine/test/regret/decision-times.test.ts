import fc from "fast-check";
import { expect, test } from "vitest";
import { DecisionTimes } from "../../src/regret/decision-times.ts";

/** Steps of the sequence, at least 1, and of the time, which falls where the clock was corrected. */
const STEPS = fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: -5, max: 50 })), {
  minLength: 1,
  maxLength: 4_000,
});

test("the time of each of the newest decisions is the one that was given, and other sequences have none", () => {
  fc.assert(
    fc.property(STEPS, (steps) => {
      const [times, model] = [new DecisionTimes(), new Map<number, number>()];
      let [sequence, at] = [0, 1_000];
      for (const [forward, later] of steps) {
        sequence += forward;
        at += later;
        times.add(sequence, at);
        model.set(sequence, at);
      }
      for (let one = 0; one <= sequence + 2; one += 1)
        expect(times.of(one)).toBe(model.get(one) ?? Number.POSITIVE_INFINITY);
    }),
    { numRuns: 40 },
  );
});

test("of decisions that lie far back, none seems later than it was, nor much earlier", () => {
  const times = new DecisionTimes();
  const count = 400_000;
  for (let sequence = 1; sequence <= count; sequence += 1) times.add(sequence, sequence * 10);
  for (const sequence of [1, 2, 1_024, 1_025, 77_777, 130_000]) {
    expect(times.of(sequence)).toBeLessThanOrEqual(sequence * 10);
    expect(times.of(sequence)).toBeGreaterThan((sequence - 1_024) * 10);
  }
  for (const sequence of [140_000, 399_999, count]) expect(times.of(sequence)).toBe(sequence * 10);
});
