import { type ComparedRow, DifferenceTest, EstimatorFold, type LoggedRow, pseudoReward } from "@calybris/estimate";
import fc from "fast-check";
import { expect, test } from "vitest";

/** Shares that sum to 1, as their whole parts of a hundred. */
function shares(arms: number, least: number): fc.Arbitrary<readonly number[]> {
  return fc
    .array(fc.integer({ min: least, max: 50 }), { minLength: arms, maxLength: arms })
    .filter((parts) => parts.some((part) => part > 0))
    .map((parts) => parts.map((part) => part / parts.reduce((sum, one) => sum + one, 0)));
}

/** A world of one context: every arm has one reward, and rows differ only in the arm that the log chose. */
const WORLD = fc.integer({ min: 1, max: 4 }).chain((arms) =>
  fc.record({
    logged: shares(arms, 1),
    target: shares(arms, 0),
    incumbent: shares(arms, 0),
    predicted: fc.array(
      fc.integer({ min: 0, max: 20 }).map((n) => n / 20),
      { minLength: arms, maxLength: arms },
    ),
    rewards: fc.array(
      fc.integer({ min: 0, max: 20 }).map((n) => n / 20),
      { minLength: arms, maxLength: arms },
    ),
    k: fc.constantFrom(0, 0.5, 1, 3, 30),
  }),
);

type World = typeof WORLD extends fc.Arbitrary<infer T> ? T : never;

const rowOf = ({ logged, target, predicted, rewards }: World, chosen: number): LoggedRow => ({
  logged,
  target,
  predicted,
  chosen,
  reward: rewards[chosen],
});

/** Over everything that the log could have chosen. */
function expectation(world: World, of: (chosen: number) => number): number {
  return world.logged.reduce((sum, share, arm) => sum + share * of(arm), 0);
}

function policyValue(world: World, policy: readonly number[]): number {
  return policy.reduce((sum, share, arm) => sum + share * (world.rewards[arm] ?? 0), 0);
}

test("over every log of one row, ips and dr average to the value of the target", () => {
  fc.assert(
    fc.property(WORLD, (world) => {
      const estimate = (name: "ips" | "dr") =>
        expectation(world, (chosen) => {
          const fold = new EstimatorFold();
          fold.add(rowOf(world, chosen));
          return fold.estimates()[name].value;
        });
      expect(estimate("ips")).toBeCloseTo(policyValue(world, world.target), 9);
      expect(estimate("dr")).toBeCloseTo(policyValue(world, world.target), 9);
    }),
  );
});

test("pseudo-rewards average to the value, on both sides, and are never below -k", () => {
  fc.assert(
    fc.property(WORLD, (world) => {
      const value = policyValue(world, world.target);
      expect(expectation(world, (arm) => pseudoReward(rowOf(world, arm), world.k, "lower"))).toBeCloseTo(value, 9);
      expect(expectation(world, (arm) => pseudoReward(rowOf(world, arm), world.k, "upper"))).toBeCloseTo(1 - value, 9);
      for (const [arm] of world.logged.entries())
        for (const side of ["lower", "upper"] as const)
          expect(pseudoReward(rowOf(world, arm), world.k, side)).toBeGreaterThanOrEqual(-world.k - 1e-9);
    }),
  );
});

test("the numbers of a comparison average to the difference of the values, and are never below -k - 1", () => {
  fc.assert(
    fc.property(WORLD, (world) => {
      const difference = (chosen: number) => {
        const fold = new DifferenceTest({ k: world.k, margin: 0, alpha: 0.05 });
        const row: ComparedRow = { ...rowOf(world, chosen), incumbent: world.incumbent };
        fold.add(row);
        expect(fold.difference).toBeGreaterThanOrEqual(-world.k - 1 - 1e-9);
        return fold.difference;
      };
      const expected = policyValue(world, world.target) - policyValue(world, world.incumbent);
      expect(expectation(world, difference)).toBeCloseTo(expected, 9);
    }),
  );
});

test("without a missing outcome the bounds for missing ones are dr; with some they contain it whatever those were", () => {
  fc.assert(
    fc.property(WORLD, fc.array(fc.tuple(fc.nat(3), fc.boolean()), { minLength: 1, maxLength: 12 }), (world, draws) => {
      const [whole, holed] = [new EstimatorFold(), new EstimatorFold()];
      for (const [draw, isMissing] of draws) {
        const row = rowOf(world, draw % world.logged.length);
        whole.add(row);
        holed.add(isMissing ? { ...row, reward: undefined } : row);
      }
      const { dr, drIfMissing } = whole.estimates();
      expect(drIfMissing[0]).toBeCloseTo(dr.value, 9);
      expect(drIfMissing[1]).toBeCloseTo(dr.value, 9);
      const [low, high] = holed.estimates().drIfMissing;
      expect(low).toBeLessThanOrEqual(dr.value + 1e-9);
      expect(high).toBeGreaterThanOrEqual(dr.value - 1e-9);
    }),
  );
});
