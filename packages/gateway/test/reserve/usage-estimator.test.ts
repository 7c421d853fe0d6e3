import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UsageEstimator } from "../../src/reserve/usage-estimator.ts";

const call = fc.record({ size: fc.integer({ min: 1, max: 10_000_000 }), tokens: fc.nat(20_000_000) });

/** The same by sorting. */
function exact(
  calls: readonly { readonly size: number; readonly tokens: number }[],
  size: number,
  missRateBps: number,
): number | undefined {
  const rank = Math.ceil(((calls.length + 1) * (10_000 - missRateBps)) / 10_000);
  const scores = calls.map((each) => each.tokens / each.size).toSorted((a, b) => a - b);
  const score = scores[rank - 1];
  return score === undefined ? undefined : score * size;
}

describe("an estimate", () => {
  test("is the order statistic of the calls that were seen, never below it and at most an octave's sixteenth above", () => {
    fc.assert(
      fc.property(
        fc.array(call, { maxLength: 60 }),
        fc.integer({ min: 1, max: 10_000_000 }),
        fc.constantFrom(1, 100, 1_000, 5_000, 9_999),
        (calls, size, missRateBps) => {
          const estimator = new UsageEstimator(missRateBps);
          for (const each of calls) estimator.note("k", each.size, each.tokens);
          const [estimate, model] = [estimator.tokens("k", size), exact(calls, size, missRateBps)];
          if (model === undefined || model / size > 60_000) return;
          // A score has 16 binary digits behind the point.
          const unit = size / 65_536;
          expect(estimate).toBeGreaterThanOrEqual(Math.floor(model));
          expect(estimate).toBeLessThanOrEqual(model * (1 + 1 / 16) + 2 * unit + 1);
        },
      ),
    );
  });

  test("needs as many calls as its miss rate can be seen in", () => {
    const estimator = new UsageEstimator(100);
    for (let seen = 0; seen < 98; seen += 1) estimator.note("k", 10, 3);
    expect(estimator.tokens("k", 10)).toBeUndefined();
    estimator.note("k", 10, 3);
    expect(estimator.tokens("k", 10)).toBe(4);
    expect(estimator.tokens("another", 10)).toBeUndefined();
  });

  test("is missed no oftener than stated, over calls whose tokens per byte scatter widely", () => {
    const estimator = new UsageEstimator(500);
    // A linear congruential generator: the same calls in every run.
    let state = 12_345;
    const next = (): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 8) / 2 ** 24;
    };
    for (let seen = 0; seen < 20_000; seen += 1) {
      const size = 100 + Math.floor(next() * 50_000);
      estimator.note("k", size, Math.floor((size * (1 + next() ** 4 * 3)) / 4));
    }
    const { compared, missed } = estimator.misses;
    expect(compared).toBeGreaterThan(19_900);
    expect(missed / compared).toBeLessThan(0.05);
    expect(missed / compared).toBeGreaterThan(0.02);
  });

  test("forgets calls of long ago: a new tokenizer is learned within two generations", () => {
    const estimator = new UsageEstimator(100);
    for (let seen = 0; seen < 10_000; seen += 1) estimator.note("k", 1_000, 900);
    for (let seen = 0; seen < 4_097; seen += 1) estimator.note("k", 1_000, 100);
    expect(estimator.tokens("k", 1_000)).toBeLessThan(110);
  });

  test("is the same after the same calls, and takes no memory for kinds without end", () => {
    const estimators = [new UsageEstimator(100), new UsageEstimator(100)];
    for (const estimator of estimators)
      for (let kind = 0; kind < 400; kind += 1)
        for (let seen = 0; seen < 100; seen += 1) estimator.note(`k${kind}`, 7, seen);
    const [first, second] = estimators;
    expect(first?.tokens("k3", 999)).toBe(second?.tokens("k3", 999));
    expect(first?.tokens("k300", 999)).toBeUndefined();
  });

  test("is not made where a score has no bound", () => {
    const estimator = new UsageEstimator(5_000);
    estimator.note("k", 1, 2 ** 32);
    expect(estimator.tokens("k", 1)).toBeUndefined();
  });

  test.each([0, 10_000, 1.5, -1])("with a miss rate of %d is refused", (missRateBps) => {
    expect(() => new UsageEstimator(missRateBps)).toThrow(RangeError);
  });
});
