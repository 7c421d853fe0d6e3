/**
 * Bounds, tests, SLOPE and diagnostics held to their definitions, each written out over the whole list of numbers: sums instead of folds,
 * no running state. The definitions are those of arXiv 2210.10768 (bounds) and of Su et al. 2020 (SLOPE).
 */
import {
  BernsteinBound,
  BettingBound,
  DifferenceTest,
  DriftingBound,
  EstimatorFold,
  exactBettingBound,
  kOfLargestWeight,
  type LoggedRow,
  pseudoReward,
  slope,
  ValueInterval,
  WatchedValue,
} from "@calybris/estimate";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const LEVEL = 0.025;
const K = fc.constantFrom(0, 1, 3, 30);

/** Numbers that are at least −k, as pseudo-rewards are; of some logs most lie above 1. */
const VALUES = K.chain((k) =>
  fc.record({
    k: fc.constant(k),
    values: fc.tuple(fc.constantFrom(0, 10, 30), fc.constantFrom(20, 40)).chain(([min, max]) =>
      fc.array(
        fc.integer({ min: Math.min(min, max), max: Math.max(min, max) }).map((part) => -k + ((2 + 3 * k) * part) / 40),
        { minLength: 1, maxLength: 120, size: "max" },
      ),
    ),
  }),
);
const sum = (values: readonly number[]): number => values.reduce((so, one) => so + one, 0);

/** The variance that the bet before number `i` (from 0) is sized by: numbers around the means up to each of them. */
function variance(values: readonly number[], i: number, around: (at: number) => number): number {
  return (0.25 + sum(values.slice(0, i).map((value, at) => (value - around(at)) ** 2))) / (i + 1);
}

function betSize(s2: number, i: number, level: number): number {
  return Math.sqrt((2 * Math.log(1 / level)) / (s2 * (i + 1) * Math.log(2 + i)));
}

/** The bet is sized with means that hold the number itself, and half a number of 1/2. */
function plainBets(values: readonly number[], level: number): number[] {
  const mean = (at: number): number => (0.5 + sum(values.slice(0, at + 1))) / (at + 2);
  return values.map((_, i) => betSize(variance(values, i, mean), i, level));
}

function logWealth(values: readonly number[], bets: readonly number[], k: number, against: number): number {
  return sum(values.map((value, i) => Math.log1p(Math.min(bets[i] ?? 0, 0.5 / (k + against)) * (value - against))));
}

const psi = (bet: number): number => -Math.log(1 - bet) - bet;

/** ξ and its prediction from the numbers before, never above 1/(1+k). */
function scaledOf(values: readonly number[], k: number): { readonly xi: number[]; readonly predicted: number[] } {
  const xi = values.map((value) => value / (1 + k));
  const predicted = xi.map((_, i) => Math.min((0.5 / (1 + k) + sum(xi.slice(0, i))) / (i + 1), 1 / (1 + k)));
  return { xi, predicted };
}

describe("bounds are those of their definitions", () => {
  test("betting: the largest value of the grid whose wealth reaches the level, now and at any time", () => {
    const grid = Array.from({ length: 41 }, (_, cell) => cell / 40);
    fc.assert(
      fc.property(VALUES, ({ k, values }) => {
        const bound = new BettingBound(k, LEVEL, grid);
        let running: number | undefined;
        for (let count = 1; count <= values.length; count++) {
          bound.add(values[count - 1] as number);
          const seen = values.slice(0, count);
          const bets = plainBets(seen, LEVEL);
          const wealths = grid.map((against) => logWealth(seen, bets, k, against) - Math.log(1 / LEVEL));
          // A wealth on the very edge may fall on either side by rounding.
          if (wealths.some((excess) => Math.abs(excess) < 1e-9)) return;
          const now = grid.findLast((_, cell) => (wealths[cell] as number) >= 0);
          if (now !== undefined && now > (running ?? -1)) running = now;
          expect(bound.now).toBe(now);
          expect(bound.running).toBe(running);
        }
      }),
      { numRuns: 25 },
    );
  });

  test("betting: a wealth below every number of the machine is not forgotten", () => {
    const bound = new BettingBound(0, LEVEL, [0.25, 0.5, 0.75]);
    const values = [...Array.from({ length: 502 }, () => 0), ...Array.from({ length: 200 }, () => 1)];
    for (const value of values) bound.add(value);
    const excess = logWealth(values, plainBets(values, LEVEL), 0, 0.5) - Math.log(1 / LEVEL);
    expect(excess).toBeLessThan(-100);
    expect(bound.running).toBeUndefined();
  });

  test("the grid of a bound holds every thousandth, and values near 0 and 1 much closer together", () => {
    const always = new BettingBound(0, LEVEL);
    for (let row = 0; row < 4_000; row++) always.add(1);
    expect(always.now).toBeGreaterThan(0.997);
    const rare = new BettingBound(0, LEVEL);
    for (let row = 0; row < 20_000; row++) rare.add(row % 2_000 === 1_999 ? 1 : 0);
    const half = Array.from({ length: 3_000 }, (_, row) => (row % 2 === 0 ? 0.489 : 0.52));
    const near = new BettingBound(0, LEVEL);
    for (const value of half) near.add(value);
    const exact = exactBettingBound(half, 0, LEVEL, "now");
    expect(near.now).toBeLessThanOrEqual(exact + 1e-9);
    expect(near.now).toBeGreaterThan(exact - 0.001);
    // 10 of 20,000: below the first thousandth, and above 0.
    expect(rare.now).toBeGreaterThan(0.000_01);
    expect(rare.now).toBeLessThan(0.000_5);
  });

  test("empirical Bernstein", () => {
    fc.assert(
      fc.property(VALUES, ({ k, values }) => {
        const { xi, predicted } = scaledOf(values, k);
        const bets = xi.map((_, i) =>
          Math.min(
            0.5,
            betSize(
              variance(xi, i, (at) => predicted[at] ?? 0),
              i,
              LEVEL,
            ),
          ),
        );
        const gained = sum(xi.map((one, i) => (bets[i] ?? 0) * one));
        const paid = sum(xi.map((one, i) => psi(bets[i] ?? 0) * (one - (predicted[i] ?? 0)) ** 2));
        const expected = (gained - Math.log(1 / LEVEL) - paid) / sum(bets.map((bet) => bet / (1 + k)));
        const bound = new BernsteinBound(k, LEVEL);
        for (const value of values) bound.add(value);
        expect(bound.now).toBeCloseTo(Math.max(0, expected), 8);
      }),
    );
  });

  test("drifting: the value at which the mixture of forty bets reaches the level", () => {
    fc.assert(
      fc.property(VALUES, ({ k, values }) => {
        const { xi, predicted } = scaledOf(values, k);
        const errors = sum(xi.map((one, i) => (one - (predicted[i] ?? 0)) ** 2));
        const mixture = (against: number): number => {
          const above = sum(xi) - (values.length * against) / (1 + k);
          const bets = Array.from({ length: 40 }, (_, j) => 0.9 * 0.8 ** j);
          return sum(bets.map((bet) => Math.exp(bet * above - psi(bet) * errors))) / bets.length;
        };
        const bound = new DriftingBound(k, LEVEL);
        for (const value of values) bound.add(value);
        const { now } = bound;
        if (now === 0) expect(mixture(1e-9)).toBeLessThanOrEqual((1 / LEVEL) * (1 + 1e-9));
        else if (now === 1) expect(mixture(1)).toBeGreaterThanOrEqual((1 / LEVEL) * (1 - 1e-9));
        else expect(Math.log(mixture(now))).toBeCloseTo(Math.log(1 / LEVEL), 6);
      }),
    );
  });

  test("a comparison passes at the first row whose wealth reaches 1/α, with bets of at most .5/(k + 1 + margin)", () => {
    const rows = fc.array(fc.record({ chosen: fc.nat(1), reward: fc.constantFrom(0, 1, 1) }), {
      minLength: 1,
      maxLength: 80,
      size: "max",
    });
    fc.assert(
      fc.property(rows, fc.constantFrom(-0.3, -0.01, 0, 0.05), fc.constantFrom(0.5, 1, 4), (drawn, margin, k) => {
        const alpha = 0.2;
        const fold = new DifferenceTest({ k, margin, alpha });
        const values: number[] = [];
        let passedAt: number | undefined;
        for (const { chosen, reward } of drawn) {
          // w is 1.2 or −1.2; the prediction of an arm is cut at k/1.2, or raised to 1 − k/1.2.
          const [gained, lost] = [Math.min(0.5, k / 1.2), Math.max(0.5, 1 - k / 1.2)];
          const corrected = chosen === 0 ? 1.2 * (reward - gained) : -1.2 * (reward - lost);
          values.push(corrected + 0.6 * gained - 0.6 * lost);
          fold.add({
            logged: [0.5, 0.5],
            target: [0.8, 0.2],
            incumbent: [0.2, 0.8],
            predicted: [0.5, 0.5],
            chosen,
            reward,
          });
          const mean = (at: number): number => sum(values.slice(0, at + 1)) / (at + 2);
          const scale = (i: number): number => betSize(variance(values, i, mean), i, alpha);
          const wealth = sum(
            values.map((value, i) => Math.log1p(Math.min(scale(i), 0.5 / (k + 1 + margin)) * (value - margin))),
          );
          expect(fold.logWealth).toBeCloseTo(wealth, 8);
          if (Math.abs(wealth - Math.log(1 / alpha)) < 1e-9) return;
          if (wealth >= Math.log(1 / alpha)) passedAt ??= values.length;
          expect(fold.passedAt).toBe(passedAt);
        }
      }),
    );
  });
});

test("the upper side of an interval is the lower side of the turned rewards and predictions", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ chosen: fc.nat(1), reward: fc.constantFrom(0, 0.5, 1) }), { minLength: 1, maxLength: 60 }),
      fc.constantFrom("betting", "bernstein", "drifting"),
      fc.constantFrom(0.25, 1, 5),
      (drawn, method, k) => {
        const [straight, turned] = [new ValueInterval({ k, method }), new ValueInterval({ k, method })];
        for (const { chosen, reward } of drawn) {
          const row = { logged: [0.25, 0.75], target: [0.5, 0.5], chosen };
          straight.add({ ...row, predicted: [0.125, 0.75], reward });
          turned.add({ ...row, predicted: [0.875, 0.25], reward: 1 - reward });
        }
        expect(straight.now().upper).toBeCloseTo(1 - turned.now().lower, 9);
        expect(straight.now().lower).toBeCloseTo(1 - turned.now().upper, 9);
      },
    ),
  );
});

test("each side of an interval spends half of alpha", () => {
  const row = { logged: [0.5, 0.5], target: [1, 0], predicted: [0.5, 0.5] };
  const interval = new ValueInterval({ k: 1, alpha: 0.1, method: "bernstein" });
  const [lower, upper] = [new BernsteinBound(1, 0.05), new BernsteinBound(1, 0.05)];
  for (let at = 0; at < 200; at++) {
    const one: LoggedRow = { ...row, chosen: at % 2, reward: at % 3 === 0 ? 0 : 1 };
    interval.add(one);
    lower.add(pseudoReward(one, 1, "lower"));
    upper.add(pseudoReward(one, 1, "upper"));
  }
  expect(interval.now()).toMatchObject({ lower: lower.now, upper: 1 - upper.now });
  expect(lower.now).toBeGreaterThan(0);
});

test("SLOPE takes the last estimate whose interval meets those of all before, theirs widened by √6 − 1", () => {
  const estimate = fc.record({
    value: fc.integer({ min: 0, max: 20 }).map((n) => n / 20),
    standardError: fc.integer({ min: 0, max: 10 }).map((n) => n / 40),
  });
  fc.assert(
    fc.property(fc.array(estimate, { minLength: 1, maxLength: 8 }), (candidates) => {
      const reach = 1.959963984540054;
      const agrees = (at: number): boolean =>
        candidates.slice(0, at).every(({ value, standardError }) => {
          const own = candidates[at] as (typeof candidates)[number];
          return Math.abs(own.value - value) <= reach * (own.standardError + (Math.sqrt(6) - 1) * standardError);
        });
      const first = candidates.findIndex((_, at) => !agrees(at));
      expect(slope(candidates)).toBe(first === -1 ? candidates.length - 1 : first - 1);
    }),
  );
});

const LOG = fc.array(
  fc.record({
    logged: fc.constantFrom([0.5, 0.5, 0], [0.02, 0.98, 0], [0.9, 0.1, 0], [0.1, 0.2, 0.7]),
    target: fc.constantFrom([1, 0, 0], [0.3, 0.7, 0], [0.25, 0.5, 0.25], [0, 0, 1]),
    draw: fc.nat(1),
    reward: fc.constantFrom(0, 1, undefined),
  }),
  { minLength: 1, maxLength: 30 },
);

function rowsOf(log: typeof LOG extends fc.Arbitrary<infer T> ? T : never): LoggedRow[] {
  return log.map(({ logged, target, draw, reward }) => ({
    logged,
    target,
    predicted: [0, 0, 0],
    chosen: draw,
    reward,
  }));
}

test("diagnostics are those of their formulas over the whole log, rows without an outcome counted apart", () => {
  fc.assert(
    fc.property(LOG, fc.constantFrom(0.5, 2, 20), (log, weightCap) => {
      const rows = rowsOf(log);
      const known = rows.filter(({ reward }) => reward !== undefined);
      const fold = new EstimatorFold({ weightCap });
      for (const row of rows) fold.add(row);
      const weight = ({ target, logged, chosen }: LoggedRow): number =>
        (target[chosen] as number) / (logged[chosen] as number);
      const weights = known.map(weight);
      const squares = sum(weights.map((w) => w * w));
      const mean = (of: (row: LoggedRow) => number): number => sum(rows.map(of)) / rows.length;
      const { support } = fold.estimates();
      expect(support.rows).toBe(rows.length);
      expect(support.missing).toBe(rows.length - known.length);
      expect(support.effectiveRows).toBeCloseTo(squares === 0 ? 0 : sum(weights) ** 2 / squares, 8);
      expect(support.maxWeight).toBe(Math.max(0, ...weights));
      expect(support.rowsClipped).toBe(weights.filter((w) => w > weightCap).length);
      const cut = sum(weights.map((w) => Math.max(0, w - weightCap)));
      expect(support.weightMassClipped).toBeCloseTo(sum(weights) === 0 ? 0 : cut / sum(weights), 8);
      expect(support.targetMassUnlogged).toBeCloseTo(
        mean(({ target, logged }) => sum(target.filter((_, arm) => logged[arm] === 0))),
        8,
      );
      expect(support.targetMassClipped).toBeCloseTo(
        mean(({ target, logged }) =>
          sum(
            target.map((share, arm) => {
              const chance = logged[arm] as number;
              return chance === 0 || share === 0 ? 0 : share * (1 - Math.min(1, (weightCap * chance) / share));
            }),
          ),
        ),
        8,
      );
    }),
  );
});

test("the default cap is 20, Switch-DR gives up above 10, and shrinkage has a λ of 100", () => {
  const settings = { weightCap: 20, switchAbove: 10, shrinkage: 100 };
  const [byDefault, stated] = [new EstimatorFold(), new EstimatorFold(settings)];
  for (const logged of [0.2, 0.099, 0.06, 0.04, 0.01])
    for (const fold of [byDefault, stated])
      fold.add({ logged: [logged, 1 - logged], target: [1, 0], predicted: [0.25, 0.25], chosen: 0, reward: 1 });
  expect(byDefault.estimates()).toEqual(stated.estimates());
  const other = new EstimatorFold({ weightCap: 21, switchAbove: 11, shrinkage: 101 });
  other.add({ logged: [0.04, 0.96], target: [1, 0], predicted: [0.25, 0.25], chosen: 0, reward: 1 });
  expect(other.estimates().ipsClipped.value).toBe(21);
});

test("the first hundred rows fix k at half of the largest weight any arm could have had; the interval covers the rest", () => {
  const value = new WatchedValue();
  const row = { target: [0.5, 0.5], predicted: [0.5, 0.5], chosen: 1, reward: 1 };
  for (let at = 0; at < 100; at++) {
    value.add({ ...row, logged: at === 50 ? [0.02, 0.98] : [0.5, 0.5] });
    expect(value.interval).toBeUndefined();
  }
  for (let at = 0; at < 7; at++) value.add({ ...row, logged: [0.01, 0.99] });
  expect(value.interval).toMatchObject({ rows: 7, k: kOfLargestWeight(25) });
  expect(kOfLargestWeight(25)).toBe(12.5);
});
