import fc from "fast-check";
import { expect, test } from "vitest";
import { normalTable, Z_MAX } from "../src/normal-table.ts";
import { costShare, DEVIATION_MAX, MEAN_MAX, offsetPropensities } from "../src/offset-propensity.ts";

// Goal: engine and audit share the propensities of a draw and the share that a cost is of a value, so both are held, word for word,
// to a slow model that shares no code with them but the normal table, which a series of its own is held to (normal-table.test.ts).
// Method: exact fractions of unbounded integers, each quotient rounded where the module says so; thousands of random beliefs.

const ONE = 2n ** 32n;
const STEPS = 1_024n;
const LAST = BigInt(Z_MAX);

interface Fraction {
  readonly top: bigint;
  /** Above 0. */
  readonly bottom: bigint;
}

function floorOf({ top, bottom }: Fraction): bigint {
  const quotient = top / bottom;
  return top < 0n && quotient * bottom !== top ? quotient - 1n : quotient;
}

/** To the nearest, of two equally near the greater. */
function nearestOf({ top, bottom }: Fraction): bigint {
  return floorOf({ top: 2n * top + bottom, bottom: 2n * bottom });
}

function rootOf(square: bigint): bigint {
  let root = 0n;
  for (let bit = 1n << 40n; bit > 0n; bit >>= 1n) if ((root + bit) ** 2n <= square) root += bit;
  return root;
}

function within(z: bigint): bigint {
  return z > LAST ? LAST : z < -LAST ? -LAST : z;
}

interface Arm {
  readonly mean: bigint;
  readonly deviation: bigint;
}

function cumulativeAt(z: bigint): bigint {
  return BigInt(normalTable().cumulative[Number(within(z) + LAST)] ?? 0);
}

/** z of the difference of two arms in their common deviations. */
function apart(one: Arm, other: Arm): bigint {
  const bottom = rootOf(one.deviation ** 2n + other.deviation ** 2n);
  return within(nearestOf({ top: (one.mean - other.mean) * STEPS, bottom }));
}

function firstGreatest(values: readonly bigint[]): number {
  return values.findIndex((value) => values.every((other) => value >= other));
}

/** The rest goes to one of them. */
function withRest(shares: readonly bigint[], to: number): readonly bigint[] {
  const rest = ONE - shares.reduce((sum, share) => sum + share, 0n);
  return shares.map((share, at) => (at === to ? share + rest : share));
}

function winsOf(arms: readonly Arm[]): readonly bigint[] {
  const lowest = arms.map(({ mean, deviation }) => mean - 5n * deviation);
  const reached = lowest[firstGreatest(lowest)] ?? 0n;
  return arms.map((own, tier) => {
    if (own.mean + 5n * own.deviation < reached) return 0n;
    let sum = 0n;
    for (let u = -5n * STEPS; u <= 5n * STEPS; u += 320n) {
      let product = BigInt(normalTable().density[Number(u + LAST)] ?? 0);
      for (const [at, other] of arms.entries()) {
        if (at === tier) continue;
        const ahead = { top: (own.mean - other.mean) * STEPS + own.deviation * u, bottom: other.deviation };
        if (ahead.top >= LAST * ahead.bottom) continue;
        product = (product * (cumulativeAt(nearestOf(ahead)) / 64n)) / 2n ** 26n;
      }
      sum += product;
    }
    return sum;
  });
}

function model(arms: readonly Arm[], explorationBps: bigint): { shares: readonly bigint[]; isBoundary: boolean } {
  const [only, second] = arms;
  if (only === undefined || second === undefined) return { shares: [ONE], isBoundary: false };
  let shares: readonly bigint[];
  if (arms.length === 2) {
    const share = cumulativeAt(apart(second, only));
    shares = [ONE - share, share];
  } else {
    const wins = winsOf(arms);
    const total = wins.reduce((sum, win) => sum + win, 0n);
    const parts = wins.map((win) => ((win * 2n ** 20n) / total) * 2n ** 12n);
    shares = withRest(parts, firstGreatest(wins));
  }
  const byMean = arms
    .map((arm, at) => ({ ...arm, at }))
    .sort((a, b) => (a.mean === b.mean ? a.at - b.at : a.mean > b.mean ? -1 : 1));
  const [best, next] = byMean as unknown as readonly [Arm, Arm];
  const isBoundary = apart(best, next) < 5n * STEPS;
  const most = firstGreatest(shares);
  if (explorationBps === 0n) return { shares: shares.map((_, at) => (at === most ? ONE : 0n)), isBoundary };
  // Of 100,000 parts the exploration is ten for each ten-thousandth, and one beyond the boundary.
  const explored = explorationBps * (isBoundary ? 10n : 1n);
  const even = (ONE * explored) / (100_000n * BigInt(arms.length));
  return {
    shares: withRest(
      shares.map((share) => (share * (100_000n - explored)) / 100_000n + even),
      most,
    ),
    isBoundary,
  };
}

const anyArm = fc.record({
  mean: fc.bigInt({ min: BigInt(-MEAN_MAX), max: BigInt(MEAN_MAX) }),
  deviation: fc.bigInt({ min: 1n, max: BigInt(DEVIATION_MAX) }),
});
/** Success of 40 to 60 %, known to 1 to 5 points, and often the same of two tiers. */
const usualArm = fc.record({
  mean: fc.oneof(fc.bigInt({ min: 64_000n, max: 96_000n }), fc.constantFrom(80_000n, 80_001n)),
  deviation: fc.oneof(fc.bigInt({ min: 1_600n, max: 8_000n }), fc.constantFrom(1n, 2n, 3_200n)),
});
const beliefs = (least: number, most: number) => {
  const length = { minLength: least, maxLength: most };
  return fc.oneof(fc.array(anyArm, length), fc.array(usualArm, length));
};
const exploration = fc.oneof(fc.constantFrom(0, 1, 10_000), fc.integer({ min: 0, max: 10_000 }));

test.each([
  ["one or two tiers", 1, 2, 4_000],
  ["three to eight tiers", 3, 8, 1_000],
])("the propensities of %s are those of exact fractions, to the last of 2^32 parts", (_, least, most, numRuns) => {
  fc.assert(
    fc.property(beliefs(least, most), exploration, (arms, explorationBps) => {
      const out = new Float64Array(8);
      const [means, deviations] = [
        arms.map(({ mean }) => Number(mean)),
        arms.map(({ deviation }) => Number(deviation)),
      ];
      const isBoundary = offsetPropensities(means, deviations, arms.length, explorationBps, out);
      const shares = [...out.subarray(0, arms.length)].map(BigInt);
      expect({ shares, isBoundary }).toEqual(model(arms, BigInt(explorationBps)));
    }),
    { numRuns },
  );
});

test("a cost is, rounded down, the fraction that it is of the value, within 0 and four times the value", () => {
  const amount = fc.oneof(fc.bigInt({ min: -3n, max: 3n }), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }));
  fc.assert(
    fc.property(amount, amount, (spent, value) => {
      const most = 640_000n;
      const share = value <= 0n ? most : floorOf({ top: spent * 160_000n, bottom: value });
      const expected = spent <= 0n ? 0n : share > most ? most : share;
      expect(BigInt(costShare(spent, value))).toBe(expected);
    }),
    { numRuns: 5_000 },
  );
});
