import { SnapshotMembers } from "@calybris/kernel";
import fc from "fast-check";
import { expect, test } from "vitest";
import { BoundaryShare } from "../../src/router/boundary-share.ts";
import { expectFromCatalog } from "../../src/router/expected-success.ts";
import { Offsets } from "../../src/router/offsets.ts";
import { seededChance } from "../support/seeded-chance.ts";

interface Outcome {
  readonly regime: number;
  readonly tier: number;
  readonly successBps: number;
  readonly expected: readonly number[];
}

const outcome: fc.Arbitrary<Outcome> = fc.record({
  regime: fc.nat(8),
  tier: fc.nat(2),
  successBps: fc.oneof(fc.constantFrom(0, 10_000), fc.integer({ min: 0, max: 10_000 })),
  expected: fc.tuple(...[0, 1, 2].map(() => fc.integer({ min: -5_000, max: 15_000 }))),
});

/** LEARNING.md, section 8, in floats, over the outcomes as they came. */
function model(outcomes: readonly Outcome[], discount: number, regime: number, tier: number) {
  let [ownCount, ownSum, count, sum, squares] = [0, 0, 0, 0, 0];
  for (const [index, each] of outcomes.entries()) {
    if (each.tier !== tier) continue;
    const later = outcomes.slice(index + 1).filter((other) => other.regime === each.regime).length;
    const weight = discount ** later;
    const residual = (each.successBps - (each.expected[tier] ?? 0)) / 10_000;
    count += weight;
    sum += weight * residual;
    squares += weight * residual ** 2;
    if (each.regime === regime) [ownCount, ownSum] = [ownCount + weight, ownSum + weight * residual];
  }
  const global = sum / (30 + count);
  const variance = (squares + 30 * 0.1875) / (30 + count);
  const left = 300 / (300 + ownCount);
  return {
    mean: global + (ownSum - ownCount * global) / (300 + ownCount),
    deviation: Math.sqrt(0.25 * (variance / (300 + ownCount) + (left ** 2 * variance) / (30 + count))),
  };
}

test("means and deviations are those of the formula, whatever the outcomes", () => {
  fc.assert(
    fc.property(
      fc.array(outcome, { maxLength: 60 }),
      fc.constantFrom(998_000, 900_000, 1_000_000),
      fc.nat(8),
      (outcomes, discountPpm, regime) => {
        const offsets = new Offsets();
        for (const each of outcomes)
          offsets.observe(each.regime, each.tier, each.successBps, each.expected, discountPpm);
        const belief = offsets.belief(regime, [0, 1, 2], 100);
        if (belief.flat === true) return;
        for (const tier of [0, 1, 2]) {
          const { mean, deviation } = model(outcomes, discountPpm / 1e6, regime, tier);
          expect(Math.abs((belief.means[tier] ?? 0) / 160_000 - mean)).toBeLessThan(3e-5);
          // Of observations the variance counts whole ones.
          expect((belief.deviations[tier] ?? 0) / 160_000 / deviation).toBeGreaterThan(0.98);
          expect((belief.deviations[tier] ?? 0) / 160_000 / deviation).toBeLessThan(1.02);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test("before anything is seen, offsets are 0 and known to 4 points", () => {
  const { means, deviations } = new Offsets().belief(3, [0, 1], 100);
  expect(means).toEqual([0, 0]);
  for (const each of deviations) expect(each / 1_600).toBeCloseTo(4.15, 1);
});

/** Outcomes of a world in which the true gain is `slope` times what is expected. */
function live(slope: number, count: number): Offsets {
  const offsets = new Offsets();
  const chance = seededChance(7);
  for (let number = 0; number < count; number++) {
    const gainBps = chance(4_001) - 2_000;
    const expected = [5_000 - Math.trunc(gainBps / 2), 5_000 - Math.trunc(gainBps / 2) + gainBps];
    const tier = chance(2);
    const trueBps = 5_000 + ((tier === 0 ? -1 : 1) * slope * gainBps) / 2;
    offsets.observe(2, tier, chance(10_000) < trueBps ? 10_000 : 0, expected, 999_900);
  }
  return offsets;
}

test("a regime in which success falls with the expected advantage believes in success itself, and only that one", () => {
  expect(live(-1, 3_000).belief(2, [0, 1], 100).flat).toBe(true);
  expect(live(-1, 3_000).belief(3, [0, 1], 100).flat).toBeUndefined();
  expect(live(1, 3_000).belief(2, [0, 1], 100).flat).toBeUndefined();
  expect(live(0.3, 3_000).belief(2, [0, 1], 100).flat).toBeUndefined();
  // Fewer than 100 outcomes say nothing.
  expect(live(-1, 90).belief(2, [0, 1], 100).flat).toBeUndefined();
  const { means } = live(-1, 3_000).belief(2, [0, 1], 100);
  for (const each of means) expect(each / 160_000).toBeCloseTo(0.5, 1);
});

test("what the warm-up or the old regimes held is dealt out and counts once", () => {
  const whole = new Offsets();
  for (let number = 0; number < 800; number++) whole.observe(8, number % 2, 10_000, [4_000, 6_000], 1_000_000);
  const before = whole.belief(8, [0, 1], 100);
  whole.inheritWarmUp();
  const after = whole.belief(0, [0, 1], 100);
  // An eighth of the count is left in each regime, so each stays nearer to the mean of all, which has not changed.
  expect(after.means[0]).toBeGreaterThan(0.8 * (before.means[0] ?? 0));
  const dealt = JSON.stringify(whole.toJson(2));
  whole.redistribute();
  expect(JSON.stringify(whole.toJson(2))).toBe(dealt);
  whole.forget();
  expect(whole.belief(0, [0, 1], 100)).toEqual(new Offsets().belief(0, [0, 1], 100));
});

test("a snapshot holds everything, and one of other lengths is refused", () => {
  const offsets = live(0.5, 400);
  const restored = new Offsets();
  const snapshot = offsets.toSnapshot();
  restored.restore(new SnapshotMembers(snapshot));
  expect(restored.toSnapshot()).toEqual(snapshot);
  expect(restored.belief(2, [0, 1], 70)).toEqual(offsets.belief(2, [0, 1], 70));
  expect(() => new Offsets().restore(new SnapshotMembers({ ...(snapshot as object), counts: [1] } as never))).toThrow(
    "counts has 1 values",
  );
});

test("a million outcomes with nothing forgotten stay within exact integers", () => {
  const offsets = new Offsets();
  for (let number = 0; number < 200_000; number++) offsets.observe(1, 0, 10_000, [-20_000, 20_000], 1_000_000);
  const sums = (offsets.toJson(1) as number[][][]).flat(2);
  expect(Math.max(...sums.map(Math.abs))).toBeLessThan(2 ** 50);
  expect(offsets.belief(1, [0], 100).means[0]).toBeGreaterThan(0.98 * 480_000);
});

test("exploration averages what the policy asks for, whatever share of choices is uncertain", () => {
  for (const uncertain of [0, 1, 5, 9, 10]) {
    const boundary = new BoundaryShare();
    let explored = 0;
    for (let number = 0; number < 40_000; number++) {
      const within = boundary.explorationBps(100);
      const isBoundary = number % 10 < uncertain;
      if (number >= 20_000) explored += isBoundary ? within : within / 10;
      boundary.add(isBoundary);
    }
    expect(explored / 20_000).toBeGreaterThan(96);
    expect(explored / 20_000).toBeLessThanOrEqual(101);
  }
  expect(new BoundaryShare().explorationBps(10_000)).toBe(10_000);
  expect(new BoundaryShare().explorationBps(0)).toBe(0);
});

test("what is expected differs by the gain exactly, around the middle of the catalog's qualities", () => {
  const floors = fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 2, maxLength: 8 });
  fc.assert(
    fc.property(floors, fc.integer({ min: -10_000, max: 10_000 }), (tierFloors, gainBps) => {
      const out: number[] = [];
      expectFromCatalog(tierFloors, gainBps, out);
      const [first = 0, last = 0] = [out[0], out.at(-1)];
      expect(last - first).toBe(gainBps);
      expect(Math.abs(first + last - (tierFloors[0] ?? 0) - (tierFloors.at(-1) ?? 0))).toBeLessThanOrEqual(2);
      const steps = out.slice(1).map((each, at) => (each - (out[at] ?? 0)) * Math.sign(gainBps));
      for (const step of steps) expect(step).toBeGreaterThanOrEqual(0);
      expectFromCatalog(tierFloors, undefined, out);
      expect(out).toEqual(tierFloors);
    }),
  );
});
