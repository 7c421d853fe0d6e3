import { PROPENSITY_ONE, REGIME_COUNT, WARM_UP_REGIME } from "@calybris/kernel";
import fc from "fast-check";
import { expect, test } from "vitest";
import { nodeSha256Into } from "../../src/journal/chain-hash.ts";
import { LEARNING_DEFAULTS } from "../../src/flows/learning-defaults.ts";
import { Beliefs, COUNT_ONE } from "../../src/router/beliefs.ts";
import { Draws } from "../../src/router/draws.ts";
import { isContradicted, rewardOf, successOf } from "../../src/router/feedback.ts";
import { type FloorOut, Floors } from "../../src/router/floors.ts";
import { quantiles, regimeOf, standardisedScore } from "../../src/router/regimes.ts";
import { type Advice, Router } from "../../src/router/router.ts";
import { Statistics } from "../../src/router/statistics.ts";
import { armAt, probabilitiesOfBest, quantised, samplingTable } from "../../src/router/thompson.ts";

/** ln Γ of a whole number. */
function lnGamma(whole: number): number {
  let sum = 0;
  for (let factor = 2; factor < whole; factor++) sum += Math.log(factor);
  return sum;
}
const lnBeta = (a: number, b: number): number => lnGamma(a) + lnGamma(b) - lnGamma(a + b);

/** P(B > A) for whole Beta counts, in closed form (E. Miller, "Formulas for Bayesian A/B testing", 2014). */
function probabilityBBeatsA(alphaA: number, betaA: number, alphaB: number, betaB: number): number {
  let sum = 0;
  for (let index = 0; index < alphaB; index++) {
    sum += Math.exp(
      lnBeta(alphaA + index, betaA + betaB) -
        Math.log(betaB + index) -
        lnBeta(1 + index, betaB) -
        lnBeta(alphaA, betaA),
    );
  }
  return sum;
}

test("two arms: the probability on the grid is that of the closed form, within 2e-4", () => {
  const isClose = (alphaA: number, betaA: number, alphaB: number, betaB: number): void => {
    const [, probability] = probabilitiesOfBest(
      [alphaA * COUNT_ONE, alphaB * COUNT_ONE],
      [betaA * COUNT_ONE, betaB * COUNT_ONE],
    );
    expect(Math.abs((probability as number) - probabilityBBeatsA(alphaA, betaA, alphaB, betaB))).toBeLessThan(2e-4);
  };
  // The grid is worst where one belief is steep at an end and the other is broad: every pair of such.
  const ends = [1, 2, 8, 13, 300];
  for (const alphaA of ends)
    for (const betaA of ends)
      for (const alphaB of ends) for (const betaB of ends) isClose(alphaA, betaA, alphaB, betaB);
  const counts = fc.integer({ min: 1, max: 300 });
  fc.assert(fc.property(counts, counts, counts, counts, isClose), { numRuns: 100 });
});

test("a table sums to 2^32 whatever the beliefs, and exploration leaves every arm its share", () => {
  const count = fc.integer({ min: COUNT_ONE, max: 2_000_000_000 });
  const arms = fc.array(fc.tuple(count, count), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(arms, fc.integer({ min: 0, max: 10_000 }), (beliefs, explorationBps) => {
      const table = samplingTable(
        beliefs.map(([alpha]) => alpha),
        beliefs.map(([, beta]) => beta),
        explorationBps,
      );
      expect(table.reduce((sum, value) => sum + value, 0)).toBe(PROPENSITY_ONE);
      const least = Math.floor((PROPENSITY_ONE * explorationBps) / 10_000 / beliefs.length);
      for (const value of table) expect(value).toBeGreaterThanOrEqual(least - 2);
    }),
    { numRuns: 200 },
  );
});

test("quantised probabilities lose nothing, however they were rounded", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 8 }), (weights) => {
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      fc.pre(total > 0);
      const table = quantised(weights.map((weight) => weight / total));
      expect(table.reduce((sum, value) => sum + value, 0)).toBe(PROPENSITY_ONE);
      for (const value of table) expect(value).toBeGreaterThanOrEqual(0);
    }),
  );
});

/** P(χ² ≥ x) with an even number of degrees of freedom, in closed form: e^(−x/2) · Σ (x/2)^i / i!. */
function chiSquareTail(x: number, degrees: number): number {
  let [term, sum] = [1, 1];
  for (let i = 1; i < degrees / 2; i++) {
    term *= x / 2 / i;
    sum += term;
  }
  return Math.exp(-x / 2) * sum;
}

test.each([
  [3, 500],
  [7, 1_000],
])("χ²: a million draws fall as the table says (p > .01), over %i arms", (arms, explorationBps) => {
  expect(chiSquareTail(9.210_340_371_976, 2)).toBeCloseTo(0.01, 12);
  expect(chiSquareTail(16.811_893_829_77, 6)).toBeCloseTo(0.01, 12);
  const counts = (first: number, step: number): readonly number[] =>
    Array.from({ length: arms }, (_, arm) => (first + ((arm * step) % 29)) * COUNT_ONE);
  const table = samplingTable(counts(30, 20), counts(20, 5), explorationBps);
  const draws = new Draws(new Uint8Array(32).fill(5), nodeSha256Into);
  const seen = table.map(() => 0);
  const count = 1_000_000;
  for (let decision = 1; decision <= count; decision++) {
    const arm = armAt(table, draws.tier(decision));
    seen[arm] = (seen[arm] as number) + 1;
  }
  const chiSquare = table.reduce((sum, propensity, arm) => {
    const expected = (propensity / PROPENSITY_ONE) * count;
    return sum + ((seen[arm] as number) - expected) ** 2 / expected;
  }, 0);
  const p = chiSquareTail(chiSquare, arms - 1);
  console.info(`${arms} arms, ${count} draws: χ² = ${chiSquare.toFixed(2)}, p = ${p.toFixed(3)}`);
  expect(p).toBeGreaterThan(0.01);
});

test("draws depend on seed and number alone, and in no order", () => {
  const one = new Draws(new Uint8Array(32).fill(1), nodeSha256Into);
  const again = new Draws(new Uint8Array(32).fill(1), nodeSha256Into);
  const other = new Draws(new Uint8Array(32).fill(2), nodeSha256Into);
  const numbers = [1, 2, 3, 4, 5, 1_000_000, 3, 1];
  expect(numbers.map((number) => one.tier(number))).toEqual(numbers.map((number) => again.tier(number)));
  expect(one.tier(7)).not.toBe(other.tier(7));
  expect(one.tier(7)).not.toBe(one.holdout(7));
});

test("discounted statistics follow the mean and the spread, forget a world that switched, and stay whole", () => {
  const statistics = new Statistics(1, 1);
  let state = 12_345;
  const noise = (): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state % 2_001) - 1_000;
  };
  for (let number = 0; number < 5_000; number++) statistics.add(0, [500_000 + noise()]);
  expect(Math.abs(statistics.mean(0, 0) / 8 - 500_000)).toBeLessThan(100);
  expect(Math.abs(statistics.deviation(0, 0) / 8 - 577)).toBeLessThan(40);
  for (let number = 0; number < 5_000; number++) statistics.add(0, [-20_000 + noise()]);
  expect(Math.abs(statistics.mean(0, 0) / 8 + 20_000)).toBeLessThan(6_000);
  expect(Number.isInteger(statistics.mean(0, 0)) && Number.isInteger(statistics.deviation(0, 0))).toBe(true);
});

test("statistics hold on any input, extremes and constants included", () => {
  const value = fc.oneof(
    fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    fc.constantFrom(0, 2 ** 31 - 1, -(2 ** 31)),
  );
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 200 }), (values) => {
      const statistics = new Statistics(1, 1);
      for (const each of values) statistics.add(0, [each]);
      expect(Number.isSafeInteger(statistics.mean(0, 0))).toBe(true);
      expect(statistics.deviation(0, 0)).toBeGreaterThanOrEqual(0);
      expect(typeof statistics.isAnomalous(0, [0])).toBe("boolean");
    }),
  );
});

test("regimes: eight buckets of a score; equal scores share one, and no score is without", () => {
  const boundaries = quantiles(Array.from({ length: 1_000 }, (_, score) => score));
  expect(boundaries).toEqual([125, 250, 375, 500, 625, 750, 875]);
  expect([-5, 124, 125, 999].map((score) => regimeOf(boundaries, score))).toEqual([0, 0, 1, 7]);
  expect(regimeOf(quantiles([3, 3, 3]), 3)).toBe(REGIME_COUNT - 1);
  expect(regimeOf(undefined, 3)).toBe(WARM_UP_REGIME);
  expect(standardisedScore({ means: [80, 0], deviations: [0, 16] }, [99, 100])).toBe(3_000);
});

test("the tracker settles at its target: at a third by default, at its target otherwise", () => {
  const rate = (targetFailureBps: number | undefined): number => {
    const floors = new Floors();
    const out: FloorOut = { floorBps: 0, source: "tracker" };
    const learning = { ...LEARNING_DEFAULTS, ...(targetFailureBps === undefined ? {} : { targetFailureBps }) };
    let failures = 0;
    let state = 99;
    const rounds = 20_000;
    for (let round = 0; round < rounds; round++) {
      floors.effective("default", 5_000, 0, [0], 0, out);
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      const failed = state / 2 ** 32 > out.floorBps / 10_000;
      if (failed && round >= rounds / 2) failures += 1;
      floors.observe("default", 5_000, 0, 0, failed ? 0 : 10_000, false, learning);
    }
    return failures / (rounds / 2);
  };
  expect(rate(undefined)).toBeCloseTo(1 / 3, 1);
  expect(rate(1_000)).toBeCloseTo(0.1, 1);
});

test("from 50 observations on a tier that is too bad lifts the floor above it; forgotten, it is tried again", () => {
  const floors = new Floors();
  const out: FloorOut = { floorBps: 0, source: "tracker" };
  for (let round = 0; round < 49; round++) floors.observe("default", 7_000, 2, 0, 3_000, true, LEARNING_DEFAULTS);
  expect(floors.quality("default", 2, 0)).toMatchObject({ confidence: "none" });
  for (let round = 0; round < 30; round++) floors.observe("default", 7_000, 2, 0, 0, false, LEARNING_DEFAULTS);
  floors.effective("default", 7_000, 2, [6_000, 9_900], 0, out);
  expect(out).toEqual({ floorBps: 9_900, source: "quality" });
  expect(floors.quality("default", 2, 0).confidence).toBe("low");
  for (let round = 0; round < 1_000; round++) floors.observe("default", 7_000, 2, 1, 10_000, false, LEARNING_DEFAULTS);
  floors.effective("default", 7_000, 2, [6_000, 9_900], 0, out);
  expect(out.source).toBe("tracker");
});

test("evidence that contradicts itself never lowers a floor", () => {
  const floors = new Floors();
  const out: FloorOut = { floorBps: 0, source: "tracker" };
  for (let round = 0; round < 100; round++) floors.observe("default", 7_000, 0, 0, 10_000, true, LEARNING_DEFAULTS);
  floors.effective("default", 7_000, 0, [0], 0, out);
  expect(out.floorBps).toBeGreaterThanOrEqual(7_000);
  expect(isContradicted(true, ["error"])).toBe(true);
  expect(isContradicted(true, ["slow"])).toBe(false);
});

test("success from signs, reward from success, cost and latency: whole basis points in range", () => {
  expect(successOf(undefined, [])).toBe(10_000);
  expect(successOf(undefined, ["slow", "retried"])).toBe(2_800);
  expect(successOf(false, [])).toBe(0);
  const amount = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
  fc.assert(
    fc.property(amount, fc.integer({ min: 0, max: 10_000 }), amount, amount, (value, successBps, cost, penalty) => {
      const reward = rewardOf(value, successBps, cost, penalty);
      expect(Number.isInteger(reward) && reward >= 0 && reward <= 10_000).toBe(true);
    }),
  );
  expect(rewardOf(1_000n, 10_000, 100n, 50n)).toBe(8_500);
});

test("beliefs: every outcome forgets a little everywhere in its regime, and only there", () => {
  const beliefs = new Beliefs();
  for (let round = 0; round < 3_000; round++) beliefs.observe(1, 0, 10_000, 999_000);
  expect(beliefs.alpha(1, 0)).toBeGreaterThan(900 * COUNT_ONE);
  expect(beliefs.alpha(1, 0)).toBeLessThan(1_001 * COUNT_ONE);
  expect(beliefs.alpha(2, 0)).toBe(COUNT_ONE);
  for (let round = 0; round < 3_000; round++) beliefs.observe(1, 1, 0, 999_000);
  expect(beliefs.alpha(1, 0)).toBeLessThan(60 * COUNT_ONE);
  const never = new Beliefs();
  for (let round = 0; round < 5_000; round++) never.observe(0, 0, 5_000, 1_000_000);
  expect(never.alpha(0, 0)).toBe(COUNT_ONE + 5_000 * 5_000);
});

test("a flood of anomalies lifts at most its share of any 1,000 requests", () => {
  const router = new Router();
  router.configure({ learning: LEARNING_DEFAULTS, featureCount: 1, tierFloors: [5_000, 9_000] });
  const advice: Advice = { regime: 0, score: 0, floorBps: 0, source: "tracker", anomalous: false, expected: [] };
  let lifted = 0;
  for (let number = 0; number < 5_000; number++) {
    const features = [number < 1_000 ? number % 10 : number * 1_000 * (number % 2 === 0 ? 1 : -1)];
    router.advise("default", 6_000, features, undefined, advice);
    if (advice.anomalous) lifted += 1;
    router.apply(number + 1, {
      kind: "decision",
      learning: { regime: advice.regime, features, anomalous: advice.anomalous },
    } as unknown as Parameters<Router["apply"]>[1]);
    expect(router.anomalyRaisedShareBps).toBeLessThanOrEqual(LEARNING_DEFAULTS.anomalyShareBps);
  }
  expect(lifted).toBeGreaterThan(0);
});
