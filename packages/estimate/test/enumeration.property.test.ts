/**
 * Every estimator over all the logs that a tiny world can give, each with its probability, held to its expectation in closed form: what
 * capping, switching and shrinking cost is exactly what their formulas say.
 */
import { EstimatorFold, type Estimates, type LoggedRow } from "@calybris/estimate";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const share = fc.integer({ min: 0, max: 20 }).map((n) => n / 20);

/** Shares that sum to 1; of three arms, one may be rare, so that weights pass every cap. */
function shares(arms: number, least: number): fc.Arbitrary<readonly number[]> {
  return fc
    .array(fc.oneof(fc.integer({ min: least, max: 5 }), fc.constantFrom(least, 400)), {
      minLength: arms,
      maxLength: arms,
    })
    .filter((parts) => parts.some((part) => part > 0))
    .map((parts) => parts.map((part) => part / parts.reduce((sum, one) => sum + one, 0)));
}

const WORLD = fc.integer({ min: 1, max: 3 }).chain((arms) =>
  fc.record({
    logged: shares(arms, 1),
    target: shares(arms, 0),
    predicted: fc.array(share, { minLength: arms, maxLength: arms }),
    /** How often each arm earns 1. */
    means: fc.array(share, { minLength: arms, maxLength: arms }),
    weightCap: fc.constantFrom(0.5, 1, 5, 20),
    switchAbove: fc.constantFrom(0, 1, 10),
    shrinkage: fc.constantFrom(0, 1, 100),
  }),
);
type World = typeof WORLD extends fc.Arbitrary<infer T> ? T : never;

/** Every row with its probability. */
function rowsOf({ logged, target, predicted, means }: World): readonly (readonly [number, LoggedRow])[] {
  return logged.flatMap((chance, chosen) =>
    [0, 1].map((reward) => {
      const mean = means[chosen] as number;
      return [chance * (reward === 1 ? mean : 1 - mean), { logged, target, predicted, chosen, reward }] as const;
    }),
  );
}

/** Over every log of two rows. */
function expectation(world: World, of: (estimates: Estimates) => number): number {
  let sum = 0;
  for (const [first, one] of rowsOf(world))
    for (const [second, other] of rowsOf(world)) {
      if (first * second === 0) continue;
      const fold = new EstimatorFold(world);
      fold.add(one);
      fold.add(other);
      sum += first * second * of(fold.estimates());
    }
  return sum;
}

/** Σ_a π q̂ + Σ_a h·weight(a)·(mean − q̂): a doubly robust estimator whose weights were changed; without predictions, importance weighting. */
function inClosedForm(world: World, weight: (w: number) => number, isModelled: boolean): number {
  const { logged, target, predicted, means } = world;
  return logged.reduce((sum, chance, arm) => {
    const [pi, mean] = [target[arm] as number, means[arm] as number];
    const model = isModelled ? (predicted[arm] as number) : 0;
    return sum + pi * model + chance * weight(pi / chance) * (mean - model);
  }, 0);
}

describe("over all logs of two rows, the mean of each estimator is the one in closed form", () => {
  test.each<readonly [string, (estimates: Estimates) => number, (world: World) => (w: number) => number, boolean]>([
    ["ips", ({ ips }) => ips.value, () => (w) => w, false],
    [
      "ips, capped",
      ({ ipsClipped }) => ipsClipped.value,
      ({ weightCap }) =>
        (w) =>
          Math.min(w, weightCap),
      false,
    ],
    ["model alone", ({ dm }) => dm.value, () => () => 0, true],
    ["doubly robust", ({ dr }) => dr.value, () => (w) => w, true],
    [
      "doubly robust, capped",
      ({ drClipped }) => drClipped.value,
      ({ weightCap }) =>
        (w) =>
          Math.min(w, weightCap),
      true,
    ],
    [
      "switch",
      ({ switchDr }) => switchDr.value,
      ({ switchAbove }) =>
        (w) =>
          w <= switchAbove ? w : 0,
      true,
    ],
    [
      "shrinkage",
      ({ drShrunk }) => drShrunk.value,
      ({ shrinkage }) =>
        (w) =>
          w === 0 ? 0 : (shrinkage * w) / (w * w + shrinkage),
      true,
    ],
  ])("%s", (_name, of, weightOf, isModelled) => {
    fc.assert(
      fc.property(WORLD, (world) => {
        expect(expectation(world, of)).toBeCloseTo(inClosedForm(world, weightOf(world), isModelled), 9);
      }),
    );
  });

  test("a cap costs the bias that its formula states: −Σ π (1 − min(1, c·h/π)) (mean − q̂)", () => {
    fc.assert(
      fc.property(WORLD, (world) => {
        const { logged, target, predicted, means, weightCap } = world;
        const value = target.reduce((sum, pi, arm) => sum + pi * (means[arm] as number), 0);
        const bias = target.reduce((sum, pi, arm) => {
          const kept = pi === 0 ? 1 : Math.min(1, (weightCap * (logged[arm] as number)) / pi);
          return sum - pi * (1 - kept) * ((means[arm] as number) - (predicted[arm] as number));
        }, 0);
        expect(expectation(world, ({ drClipped }) => drClipped.value)).toBeCloseTo(value + bias, 9);
      }),
    );
  });
});

test("self-normalised estimators are the weighted means of every log, log by log", () => {
  fc.assert(
    fc.property(WORLD, (world) => {
      for (const [, one] of rowsOf(world))
        for (const [, other] of rowsOf(world)) {
          const weights = [one, other].map(
            ({ target, logged, chosen }) => (target[chosen] as number) / (logged[chosen] as number),
          );
          const total = (weights[0] as number) + (weights[1] as number);
          const fold = new EstimatorFold(world);
          fold.add(one);
          fold.add(other);
          const { snips, sndr, dm } = fold.estimates();
          if (total === 0) {
            expect([snips.value, sndr]).toEqual([Number.NaN, Number.NaN]);
            continue;
          }
          const weighted = (of: (row: LoggedRow) => number): number =>
            ((weights[0] as number) * of(one) + (weights[1] as number) * of(other)) / total;
          expect(snips.value).toBeCloseTo(
            weighted(({ reward }) => reward ?? 0),
            9,
          );
          const rest = weighted(({ reward = 0, predicted, chosen }) => reward - (predicted[chosen] as number));
          expect(sndr).toBeCloseTo(dm.value + rest, 9);
        }
    }),
  );
});
