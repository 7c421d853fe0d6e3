import fc from "fast-check";
import { expect, test } from "vitest";
import { normalTable, Z_MAX } from "../src/normal-table.ts";
import { costShare, DEVIATION_MAX, MEAN_MAX, offsetPropensities } from "../src/offset-propensity.ts";

const ONE = 2 ** 32;

function propensitiesOf(means: readonly number[], deviations: readonly number[], explorationBps: number) {
  const out = new Float64Array(8);
  const isBoundary = offsetPropensities(means, deviations, means.length, explorationBps, out);
  return { shares: [...out.slice(0, means.length)], isBoundary };
}

const arms = (mean: fc.Arbitrary<number>, deviation: fc.Arbitrary<number>, least = 2) =>
  fc.array(fc.tuple(mean, deviation), { minLength: least, maxLength: 8 });
const anyMean = fc.integer({ min: -MEAN_MAX, max: MEAN_MAX });
const anyDeviation = fc.integer({ min: 1, max: DEVIATION_MAX });
/** Success of 40 to 60 %, known to 1 to 5 points. A wider belief beside a narrow one falls between nodes: 4·10⁻⁴ at 7 to 1. */
const usualMean = fc.integer({ min: 64_000, max: 96_000 });
const usualDeviation = fc.integer({ min: 1_600, max: 8_000 });
const exploration = fc.integer({ min: 0, max: 10_000 });

test("propensities are whole, above 0 where anything is explored, and sum to 2^32, of any beliefs", () => {
  fc.assert(
    fc.property(arms(anyMean, anyDeviation, 1), exploration, (of, explorationBps) => {
      const [means, deviations] = [of.map(([mean]) => mean), of.map(([, deviation]) => deviation)];
      const { shares } = propensitiesOf(means, deviations, explorationBps);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBe(ONE);
      for (const share of shares) {
        expect(Number.isSafeInteger(share) && share >= 0).toBe(true);
        if (explorationBps > 0) expect(share).toBeGreaterThan(0);
      }
    }),
    { numRuns: 2_000 },
  );
});

/** The same with unbounded integers, written as the sum that the module describes. */
function exactModel(means: readonly number[], deviations: readonly number[]): readonly number[] {
  const { cumulative, density } = normalTable();
  const nearest = (top: bigint, bottom: bigint): bigint => {
    const twice = 2n * top + bottom;
    return twice >= 0n ? twice / (2n * bottom) : -((-twice + 2n * bottom - 1n) / (2n * bottom));
  };
  const within = (z: bigint): number => Number(z > 6_144n ? 6_144n : z < -6_144n ? -6_144n : z) + Z_MAX;
  const of = (values: readonly number[], at: number): bigint => BigInt(values[at] ?? 0);
  const reached = means
    .map((_, at) => of(means, at) - 5n * of(deviations, at))
    .reduce((most, each) => (each > most ? each : most));
  const wins = means.map((_, tier) => {
    if (of(means, tier) + 5n * of(deviations, tier) < reached) return 0n;
    let sum = 0n;
    for (let u = -5_120n; u <= 5_120n; u += 320n) {
      let product = BigInt(density[Number(u) + Z_MAX] ?? 0);
      for (const other of means.keys()) {
        if (other === tier) continue;
        const ahead = (of(means, tier) - of(means, other)) * 1_024n + of(deviations, tier) * u;
        if (ahead >= 6_144n * of(deviations, other)) continue;
        const share = BigInt(cumulative[within(nearest(ahead, of(deviations, other)))] ?? 0) / 64n;
        product = (product * share) / 2n ** 26n;
      }
      sum += product;
    }
    return sum;
  });
  const total = wins.reduce((sum, each) => sum + each, 0n);
  const shares = wins.map((win) => Number((win * 2n ** 20n) / total) * 2 ** 12);
  const most = wins.findIndex((win) => wins.every((other) => win >= other));
  return shares.map((share, tier) =>
    tier === most ? share + ONE - shares.reduce((sum, each) => sum + each, 0) : share,
  );
}

test("three to eight tiers are the sum over the nodes, as unbounded integers compute it", () => {
  const some = fc.oneof(arms(anyMean, anyDeviation, 3), arms(usualMean, usualDeviation, 3));
  fc.assert(
    fc.property(some, (of) => {
      const [means, deviations] = [of.map(([mean]) => mean), of.map(([, deviation]) => deviation)];
      const model = exactModel(means, deviations);
      // Of 10,000 ten-thousandths beyond the boundary a tenth is explored; at 1 the mixture is all but the model.
      const { shares } = propensitiesOf(means, deviations, 1);
      for (const [tier, share] of shares.entries())
        expect(Math.abs(share - (model[tier] ?? 0))).toBeLessThan(ONE / 9_000);
      const { shares: best } = propensitiesOf(means, deviations, 0);
      const most = model.findIndex((one) => model.every((other) => one >= other));
      expect(best).toEqual(model.map((_, tier) => (tier === most ? ONE : 0)));
    }),
    { numRuns: 300 },
  );
});

/** The density, by a rule that shares no number with the module: the midpoints of 4,001 cells, in floats. */
function realShares(means: readonly number[], deviations: readonly number[]): readonly number[] {
  const { cumulative } = normalTable();
  const below = (z: number): number => {
    const at = Math.min(Math.max(z * 1_024, -Z_MAX), Z_MAX) + Z_MAX;
    const left = Math.floor(at);
    const [one = 0, other = 0] = [cumulative[left], cumulative[Math.min(left + 1, 2 * Z_MAX)]];
    return (one + (at - left) * (other - one)) / ONE;
  };
  const from = Math.min(...means.map((mean, at) => mean - 7 * (deviations[at] ?? 1)));
  const to = Math.max(...means.map((mean, at) => mean + 7 * (deviations[at] ?? 1)));
  const sums = means.map(() => 0);
  for (let cell = 0; cell < 4_001; cell++) {
    const t = from + ((cell + 0.5) * (to - from)) / 4_001;
    const belows = means.map((mean, at) => below((t - mean) / (deviations[at] ?? 1)));
    for (const [tier, mean] of means.entries()) {
      const deviation = deviations[tier] ?? 1;
      const height = Math.exp(-(((t - mean) / deviation) ** 2) / 2) / deviation;
      sums[tier] =
        (sums[tier] ?? 0) + belows.reduce((product, each, at) => (at === tier ? product : product * each), height);
    }
  }
  const total = sums.reduce((sum, each) => sum + each, 0);
  return sums.map((each) => each / total);
}

test("of usual beliefs, the probability is within 3·10⁻⁴ of the real one before anything is explored", () => {
  fc.assert(
    fc.property(arms(usualMean, usualDeviation), (of) => {
      const [means, deviations] = [of.map(([mean]) => mean), of.map(([, deviation]) => deviation)];
      const real = realShares(means, deviations);
      const { shares } = propensitiesOf(means, deviations, 1);
      for (const [tier, share] of shares.entries())
        expect(Math.abs(share / ONE - (real[tier] ?? 0))).toBeLessThan(3e-4 + 1e-4);
    }),
    { numRuns: 60 },
  );
});

test("two tiers: every distance of a small space is the entry of the table, and the tiers can be exchanged", () => {
  const { cumulative } = normalTable();
  for (let difference = -900; difference <= 900; difference += 7) {
    for (const [one, other] of [
      [3, 4],
      [30, 40],
      [120, 160],
    ] as const) {
      const z = Math.min(Math.max(Math.round((difference * 1_024) / Math.hypot(one, other)), -Z_MAX), Z_MAX);
      const second = cumulative[z + Z_MAX] ?? 0;
      // At an exploration of 0 only the order is left; at 1, what is mixed in is known.
      const { shares, isBoundary } = propensitiesOf([0, difference], [one, other], 1);
      const parts = isBoundary ? 10 : 1;
      const even = Math.floor((ONE * parts) / 200_000);
      const mixed = [ONE - second, second].map((share) => Math.floor((share * (100_000 - parts)) / 100_000) + even);
      for (const [tier, share] of shares.entries()) expect(share - (mixed[tier] ?? 0)).toBeLessThanOrEqual(3);
      for (const [tier, share] of shares.entries()) expect(share - (mixed[tier] ?? 0)).toBeGreaterThanOrEqual(0);
      expect(isBoundary).toBe(Math.abs(z) < 5 * 1_024);
    }
  }
});

test("exploration is spread evenly: in the boundary zone its whole share, beyond a tenth of it", () => {
  const { shares: near, isBoundary } = propensitiesOf([1_600, 1_600 - 400], [100, 10], 400);
  expect(isBoundary).toBe(true);
  expect((near[1] as number) / ONE).toBeCloseTo(0.02, 3);
  const far = propensitiesOf([100_000, 0], [100, 100], 400);
  expect(far.isBoundary).toBe(false);
  expect((far.shares[1] as number) / ONE).toBeCloseTo(0.002, 5);
});

test("a better mean is never less likely", () => {
  const step = fc.integer({ min: 0, max: 20_000 });
  fc.assert(
    fc.property(arms(usualMean, usualDeviation), fc.nat(7), step, exploration, (of, which, more, explorationBps) => {
      const [means, deviations] = [of.map(([mean]) => mean), of.map(([, deviation]) => deviation)];
      const at = which % means.length;
      const before = propensitiesOf(means, deviations, 1).shares[at] ?? 0;
      const better = means.map((mean, tier) => (tier === at ? mean + more : mean));
      // Rounding of 33 nodes, and the boundary zone that may be left on the way.
      expect((propensitiesOf(better, deviations, 1).shares[at] ?? 0) - before).toBeGreaterThan(-ONE / 2_000);
      expect(explorationBps).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 300 },
  );
});

test("a cost is a share of the value in sixteenths of a basis point, at most four times the value", () => {
  expect(costShare(0n, 100n)).toBe(0);
  expect(costShare(-5n, 100n)).toBe(0);
  expect(costShare(1n, 3n)).toBe(53_333);
  expect(costShare(4n, 1n)).toBe(640_000);
  expect(costShare(2n ** 62n, 2n ** 62n)).toBe(160_000);
  expect(costShare(1n, 0n)).toBe(640_000);
  expect(costShare(1n, -1n)).toBe(640_000);
});
