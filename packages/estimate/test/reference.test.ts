import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  BernsteinBound,
  type ComparedRow,
  DifferenceTest,
  DriftingBound,
  EstimatorFold,
  exactBettingBound,
  type LoggedRow,
  pseudoReward,
  ValueInterval,
} from "@calybris/estimate";
import { describe, expect, test } from "vitest";

/** Values computed by another program (numpy, scipy), which data sets lie beside. */
const FILE = join(process.env["CALYBRIS_DATA"] ?? "../shared/data", "../reference/off-policy.json");
const DIGITS = 6;
const ALPHA = 0.05;

interface ReferenceRow {
  readonly h: readonly number[];
  readonly pi: readonly number[];
  readonly q: readonly number[];
  readonly a: number;
  readonly r: number;
}
type Pair = readonly [number, number];
interface Intervals {
  readonly mean_phi_lower: number;
  readonly mean_phi_upper: number;
  readonly min_phi_lower: number;
  readonly betting: Pair;
  readonly betting_running: Pair;
  readonly empirical_bernstein: Pair;
  readonly drifting: Pair;
}
interface Reference {
  readonly logs: readonly {
    readonly name: string;
    readonly rows: readonly ReferenceRow[];
    readonly expected: {
      readonly estimators: Readonly<Record<string, number>>;
      readonly intervals: Readonly<Record<string, Intervals>>;
    };
  }[];
  readonly differences: readonly {
    readonly name: string;
    readonly k: number;
    readonly margin: number;
    readonly alpha: number;
    readonly rows: readonly (Omit<ReferenceRow, "pi"> & {
      readonly candidate: readonly number[];
      readonly incumbent: readonly number[];
    })[];
    readonly expected: {
      readonly mean_D: number;
      readonly log_wealth_at: readonly number[];
      readonly promoted_at: number | null;
    };
  }[];
}

const isThere = existsSync(FILE);
const reference: Reference = isThere ? JSON.parse(readFileSync(FILE, "utf8")) : { logs: [], differences: [] };

/** To so many significant digits. */
function expectClose(found: number, expected: number): void {
  const tolerance = Math.max(Math.abs(expected), 1e-3) * 0.5 * 10 ** -(DIGITS - 1);
  expect(Math.abs(found - expected)).toBeLessThanOrEqual(tolerance);
}

const rowOf = ({ h, pi, q, a, r }: ReferenceRow): LoggedRow => ({
  logged: h,
  target: pi,
  predicted: q,
  chosen: a,
  reward: r,
});

// Skipped where the reference file is absent: it lies beside the data sets, outside the repository.
describe.skipIf(!isThere)(`reference values (skipped where ${FILE} is absent)`, () => {
  test("there are some", () => {
    expect(reference.logs.length).toBeGreaterThanOrEqual(4);
  });

  test.each(reference.logs.map((log) => [log.name, log] as const))("estimators: %s", (_name, { rows, expected }) => {
    const fold = new EstimatorFold();
    for (const row of rows) fold.add(rowOf(row));
    const { support, ...found } = fold.estimates();
    const named: Record<string, number> = {
      n: found.rows,
      ips: found.ips.value,
      snips: found.snips.value,
      dm: found.dm.value,
      dr: found.dr.value,
      sndr: found.sndr,
      switch_dr: found.switchDr.value,
      dr_shrunk: found.drShrunk.value,
      ips_clip20: found.ipsClipped.value,
      dr_clip20: found.drClipped.value,
      mean_weight: support.meanWeight,
      max_weight: support.maxWeight,
      ess: support.effectiveRows,
      rows_clipped: support.rowsClipped,
      weight_mass_clipped: support.weightMassClipped,
      target_mass_unlogged: support.targetMassUnlogged,
      target_mass_clipped: support.targetMassClipped,
      se_ips: found.ips.standardError,
      se_dr: found.dr.standardError,
    };
    expect(Object.keys(named).sort()).toEqual(Object.keys(expected.estimators).sort());
    for (const [name, value] of Object.entries(expected.estimators)) expectClose(named[name] ?? Number.NaN, value);
  });

  const cases = reference.logs.flatMap((log) =>
    Object.entries(log.expected.intervals).map(
      ([k, expected]) => [log.name, Number(k.slice(2)), log, expected] as const,
    ),
  );
  test.each(cases)("intervals: %s, k = %d", (_name, k, { rows }, expected) => {
    const lower = rows.map((row) => pseudoReward(rowOf(row), k, "lower"));
    const upper = rows.map((row) => pseudoReward(rowOf(row), k, "upper"));
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    expectClose(mean(lower), expected.mean_phi_lower);
    expectClose(mean(upper), expected.mean_phi_upper);
    expectClose(Math.min(...lower), expected.min_phi_lower);
    for (const [when, pair] of [
      ["now", expected.betting],
      ["running", expected.betting_running],
    ] as const) {
      expectClose(exactBettingBound(lower, k, ALPHA / 2, when), pair[0]);
      expectClose(1 - exactBettingBound(upper, k, ALPHA / 2, when), pair[1]);
    }
    for (const [Bound, pair] of [
      [BernsteinBound, expected.empirical_bernstein],
      [DriftingBound, expected.drifting],
    ] as const) {
      const sides = [lower, upper].map((values) => {
        const bound = new Bound(k, ALPHA / 2);
        for (const value of values) bound.add(value);
        return bound.now;
      });
      expectClose(sides[0] ?? Number.NaN, pair[0]);
      expectClose(Math.max(1 - (sides[1] ?? Number.NaN), 0), pair[1]);
    }
    const grid = new ValueInterval({ k });
    for (const row of rows) grid.add(rowOf(row));
    const { lower: low, upper: high } = grid.now();
    expect(low).toBeLessThanOrEqual(expected.betting_running[0] + 1e-9);
    expect(low).toBeGreaterThanOrEqual(expected.betting_running[0] - 1.001e-3);
    expect(high).toBeGreaterThanOrEqual(expected.betting_running[1] - 1e-9);
    expect(high).toBeLessThanOrEqual(expected.betting_running[1] + 1.001e-3);
  });

  test.each(reference.differences.map((one) => [one.name, one] as const))("difference: %s", (_name, one) => {
    const fold = new DifferenceTest(one);
    const wealth = one.rows.map(({ h, candidate, incumbent, q, a, r }) => {
      const row: ComparedRow = { logged: h, target: candidate, incumbent, predicted: q, chosen: a, reward: r };
      fold.add(row);
      return fold.logWealth;
    });
    expectClose(fold.difference, one.expected.mean_D);
    const quarters = one.expected.log_wealth_at.length;
    one.expected.log_wealth_at.forEach((expected, index) => {
      expectClose(wealth[Math.floor((one.rows.length * (index + 1)) / quarters) - 1] ?? Number.NaN, expected);
    });
    expect(fold.passedAt ?? null).toBe(one.expected.promoted_at);
  });
});
