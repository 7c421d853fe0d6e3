import { SnapshotMembers } from "@calybris/kernel";
import fc from "fast-check";
import { expect, test } from "vitest";
import { BoundaryShare } from "../../src/router/boundary-share.ts";
import { expectFromCatalog } from "../../src/router/expected-success.ts";
import { Offsets } from "../../src/router/offsets.ts";
import { Tables } from "../../src/router/tables.ts";
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

interface Seen {
  readonly mean: number;
  readonly count: number;
}

/** Each mean shrunk to the one that all have in common, and that to 0; in floats. */
function pooled(seen: readonly Seen[], common: number, own: number): readonly number[] {
  const weights = seen.map(({ count }) => (count * own) / (count + own));
  const sum = seen.reduce((so, { mean }, tier) => so + mean * (weights[tier] ?? 0), 0);
  const shared = sum / weights.reduce((so, each) => so + each, common);
  return seen.map(({ mean, count }) => shared + ((mean - shared) * count) / (count + own));
}

/** How many observations a tier's own part is worth, by the pair of tiers furthest beyond chance. */
function strength(seen: readonly Seen[], variances: readonly number[], least: number, chance: number): number {
  const strengths = seen.flatMap((one, at) =>
    seen.slice(0, at).flatMap((other, index) => {
      if (Math.min(one.count, other.count) < 20) return [];
      const [first, second] = [variances[at] ?? 0, variances[index] ?? 0];
      const beyond = (one.mean - other.mean) ** 2 - chance * (first / one.count + second / other.count);
      return beyond > 0 ? [(first + second) / beyond] : [];
    }),
  );
  return Math.max(least, Math.min(1_000, ...strengths));
}

/** The formulas of `offsets.ts` in floats, over the outcomes as they came. */
function model(outcomes: readonly Outcome[], discount: number, regime: number, hasPrior: boolean) {
  const tiers = [0, 1, 2].map((tier) => {
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
    // Of observations it counts whole ones.
    const variance = (squares + 30 * 0.1875) / (30 + Math.floor(count));
    return { all: { mean: sum / Math.max(count, 1e-9), count }, ownCount, ownSum, variance };
  });
  const variances = tiers.map(({ variance }) => variance);
  const everywhere = tiers.map(({ all }) => all);
  const g = hasPrior ? strength(everywhere, variances, 30, 25) : 30;
  const global = pooled(everywhere, 30, g);
  const own = tiers.map(({ ownCount: count, ownSum }, tier) => ({
    mean: count === 0 ? 0 : ownSum / count - (global[tier] ?? 0),
    count,
  }));
  const h = hasPrior ? strength(own, variances, 100, 9) : 100;
  const offsets = pooled(own, 100, h);
  const believed = tiers.map(({ all, ownCount, variance }, tier) => {
    const left = h / (h + ownCount);
    const deviation = Math.sqrt(0.25 * (variance / (h + ownCount) + (left ** 2 * variance) / (g + all.count)));
    return { mean: (global[tier] ?? 0) + (offsets[tier] ?? 0), deviation };
  });
  return { believed, isContradicted: hasPrior && (g < 1_000 || h < 1_000) };
}

test("means and deviations are those of the formula, whatever the outcomes", () => {
  let contradicted = 0;
  fc.assert(
    fc.property(
      fc.array(outcome, { maxLength: 60, size: "max" }),
      fc.constantFrom(1, 1, 4),
      fc.constantFrom(998_000, 999_900, 1_000_000),
      fc.nat(8),
      fc.boolean(),
      fc.constantFrom(0, 12_000),
      (few, times, discountPpm, regime, hasPrior, biasBps) => {
        const biased = few.map((each) => ({
          ...each,
          expected: [biasBps, 0, 0].map((bias, at) => (each.expected[at] ?? 0) + bias),
        }));
        const outcomes = Array.from({ length: times }, () => biased).flat();
        const offsets = new Offsets();
        for (const each of outcomes)
          offsets.observe(each.regime, each.tier, each.successBps, each.expected, discountPpm);
        const belief = offsets.belief(regime, [0, 1, 2], 100, hasPrior);
        if (belief.flat === true) return;
        const { believed, isContradicted } = model(outcomes, discountPpm / 1e6, regime, hasPrior);
        if (isContradicted) contradicted += 1;
        for (const [tier, { mean, deviation }] of believed.entries()) {
          expect(Math.abs((belief.means[tier] ?? 0) / 160_000 - mean)).toBeLessThan(1e-3);
          expect((belief.deviations[tier] ?? 0) / 160_000 / deviation).toBeGreaterThan(0.97);
          expect((belief.deviations[tier] ?? 0) / 160_000 / deviation).toBeLessThan(1.03);
        }
      },
    ),
    { numRuns: 200, seed: 3 },
  );
  expect(contradicted).toBeGreaterThan(0);
});

test("before anything is seen, offsets are 0, known to 4 points of a catalog and to 1 of a prior", () => {
  for (const [hasPrior, points] of [
    [false, 4.5],
    [true, 0.97],
  ] as const) {
    const { means, deviations } = new Offsets().belief(3, [0, 1], 100, hasPrior);
    expect(means).toEqual([0, 0]);
    for (const each of deviations) expect(each / 1_600).toBeCloseTo(points, 1);
  }
});

/** So many outcomes of each tier in regime 2, of which the shares given succeed; 60 % was expected. */
function ran(counts: readonly number[], shares: readonly number[]): Offsets {
  const offsets = new Offsets();
  for (const [tier, count] of counts.entries())
    for (let number = 0; number < count; number++) {
      const isSuccess = Math.floor((number + 1) * (shares[tier] ?? 0)) > Math.floor(number * (shares[tier] ?? 0));
      offsets.observe(2, tier, isSuccess ? 10_000 : 0, [6_000, 6_000], 1_000_000);
    }
  return offsets;
}

test("a fall in success that one tier alone shows is taken to be of both, until the other one shows otherwise", () => {
  const [cheap = 0, premium = 0] = ran([0, 400], [0, 0.4]).belief(2, [0, 1], 100, true).means;
  expect(cheap).toBeLessThan(-0.1 * 160_000);
  expect(Math.abs(cheap - premium)).toBeLessThan(0.09 * 160_000);
  const both = ran([400, 400], [0.6, 0.4]).belief(2, [0, 1], 100, true).means;
  expect((both[0] ?? 0) - (both[1] ?? 0)).toBeGreaterThan(0.15 * 160_000);
});

test("chance does not contradict a prior, and a world that does is believed within 400 outcomes", () => {
  const apart = (of: Offsets): number => {
    const [cheap = 0, premium = 0] = of.belief(5, [0, 1], 100, true).means;
    return (cheap - premium) / 160_000;
  };
  // 10 points apart: 2 deviations. Then 30 points: 6.
  expect(apart(ran([200, 200], [0.65, 0.55]))).toBeLessThan(0.02);
  expect(apart(ran([200, 200], [0.75, 0.45]))).toBeGreaterThan(0.2);
});

test("the regimes of active flat beliefs are listed once each, ascending, until a belief with the prior takes their place", () => {
  const tables = new Tables();
  const belief = (regime: number, tiers: readonly number[], isFlat: boolean) => ({
    ...new Offsets().belief(regime, tiers, 100, true),
    ...(isFlat ? { flat: true as const } : {}),
  });
  tables.set(1, belief(6, [0, 1], true), 0);
  tables.set(2, belief(2, [0, 1], true), 0);
  tables.set(3, belief(2, [0, 1, 2], true), 0);
  tables.set(4, belief(4, [0, 1], false), 0);
  expect(tables.flatRegimes()).toEqual([2, 6]);
  tables.set(5, belief(6, [0, 1], false), 0);
  expect(tables.flatRegimes()).toEqual([2]);
  tables.set(6, belief(2, [0, 1], false), 0);
  expect(tables.flatRegimes()).toEqual([2]);
  tables.clear();
  expect(tables.flatRegimes()).toEqual([]);
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
  expect(live(-1, 3_000).belief(2, [0, 1], 100, true).flat).toBe(true);
  expect(live(-1, 3_000).belief(3, [0, 1], 100, true).flat).toBeUndefined();
  expect(live(1, 3_000).belief(2, [0, 1], 100, true).flat).toBeUndefined();
  expect(live(0.3, 3_000).belief(2, [0, 1], 100, true).flat).toBeUndefined();
  // Fewer than 100 outcomes say nothing.
  expect(live(-1, 90).belief(2, [0, 1], 100, true).flat).toBeUndefined();
  const { means } = live(-1, 3_000).belief(2, [0, 1], 100, true);
  for (const each of means) expect(each / 160_000).toBeCloseTo(0.5, 1);
});

test("what the warm-up or the old regimes held is dealt out and counts once", () => {
  const whole = new Offsets();
  for (let number = 0; number < 800; number++) whole.observe(8, number % 2, 10_000, [4_000, 6_000], 1_000_000);
  const before = whole.belief(8, [0, 1], 100, true);
  whole.inheritWarmUp();
  const after = whole.belief(0, [0, 1], 100, true);
  // An eighth of the count is left in each regime, so each stays nearer to the mean of all, which has not changed.
  expect(after.means[0]).toBeGreaterThan(0.8 * (before.means[0] ?? 0));
  const dealt = JSON.stringify(whole.toJson(2));
  whole.redistribute();
  expect(JSON.stringify(whole.toJson(2))).toBe(dealt);
  whole.forget();
  expect(whole.belief(0, [0, 1], 100, true)).toEqual(new Offsets().belief(0, [0, 1], 100, true));
});

test("a snapshot holds everything, and one of other lengths is refused", () => {
  const offsets = live(0.5, 400);
  const restored = new Offsets();
  const snapshot = offsets.toSnapshot();
  restored.restore(new SnapshotMembers(snapshot));
  expect(restored.toSnapshot()).toEqual(snapshot);
  expect(restored.belief(2, [0, 1], 70, true)).toEqual(offsets.belief(2, [0, 1], 70, true));
  expect(() => new Offsets().restore(new SnapshotMembers({ ...(snapshot as object), counts: [1] } as never))).toThrow(
    "counts has 1 values",
  );
});

test("a million outcomes with nothing forgotten stay within exact integers", () => {
  const offsets = new Offsets();
  for (let number = 0; number < 200_000; number++) offsets.observe(1, 0, 10_000, [-20_000, 20_000], 1_000_000);
  const sums = (offsets.toJson(1) as number[][][]).flat(2);
  expect(Math.max(...sums.map(Math.abs))).toBeLessThan(2 ** 50);
  expect(offsets.belief(1, [0], 100, true).means[0]).toBeGreaterThan(0.98 * 480_000);
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
