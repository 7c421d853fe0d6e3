/**
 * SLOPE over every log that a tiny world can give: the constant that is chosen, for Switch-DR and for shrinkage, is the one of a model
 * that knows nothing of folds, and its error is within the factor that the source proves.
 */
import { EstimatorFold, type LoggedRow, type TunedEstimate } from "@calybris/estimate";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const QUANTILE = 1.959963984540054;
/** Of Tucker and Lee 2021: the error is at most this many times the best sum of bias and width. */
const FACTOR = Math.sqrt(6) + 3;
const ROWS = 4;

interface World {
  readonly logged: readonly [number, number];
  readonly target: readonly [number, number];
  readonly predicted: readonly [number, number];
  /** How often each arm earns 1. */
  readonly means: readonly [number, number];
}

const share = fc.integer({ min: 0, max: 20 }).map((n) => n / 20);
const WORLD: fc.Arbitrary<World> = fc.record({
  logged: fc.constantFrom(0.002, 0.01, 0.05, 0.2, 0.5, 0.9).map((one): [number, number] => [one, 1 - one]),
  target: share.map((one): [number, number] => [one, 1 - one]),
  predicted: fc.tuple(share, share),
  means: fc.tuple(share, share),
});

/** The kinds of estimator that SLOPE tunes: what a weight counts as for each constant, the least biased first. */
const KINDS: Readonly<
  Record<
    "switchDr" | "drShrunk",
    { readonly constants: readonly number[]; readonly weight: (weight: number, constant: number) => number }
  >
> = {
  switchDr: {
    constants: [Number.POSITIVE_INFINITY, 1_000, 500, 200, 100, 50, 20, 10, 5, 2, 1, 0],
    weight: (weight, above) => (weight <= above ? weight : 0),
  },
  drShrunk: {
    constants: [Number.POSITIVE_INFINITY, 1e6, 1e5, 1e4, 1_000, 100, 10, 1, 0.1, 0],
    weight: (weight, lambda) =>
      lambda === Number.POSITIVE_INFINITY || weight === 0 ? weight : (lambda * weight) / (weight ** 2 + lambda),
  },
};

interface Log {
  readonly chance: number;
  readonly rows: readonly LoggedRow[];
}

/** Every log of {@link ROWS} rows that can be, with its probability. */
function logsOf(world: World): readonly Log[] {
  const { logged, target, predicted, means } = world;
  const one = [0, 1].flatMap((chosen) =>
    [0, 1].map((reward) => {
      const mean = means[chosen] as number;
      const chance = (logged[chosen] as number) * (reward === 1 ? mean : 1 - mean);
      return { chance, row: { logged, target, predicted, chosen, reward } };
    }),
  );
  let logs: readonly Log[] = [{ chance: 1, rows: [] }];
  for (let row = 0; row < ROWS; row += 1)
    logs = logs.flatMap((log) =>
      one.map(({ chance, row }) => ({ chance: log.chance * chance, rows: [...log.rows, row] })),
    );
  return logs.filter(({ chance }) => chance > 0);
}

interface Candidate {
  readonly value: number;
  readonly margin: number;
  /** Over all logs. */
  readonly expected: number;
}

/** The estimate of each constant on a log, by plain sums. */
function candidatesOf(world: World, { rows }: Log, kind: (typeof KINDS)["switchDr"]): readonly Candidate[] {
  const { logged, target, predicted, means } = world;
  const weights = [0, 1].map((arm) => (target[arm] as number) / (logged[arm] as number));
  const byModel = [0, 1].reduce((sum, arm) => sum + (target[arm] as number) * (predicted[arm] as number), 0);
  return kind.constants.map((constant) => {
    const counted = weights.map((weight) => kind.weight(weight, constant));
    const values = rows.map(
      ({ chosen, reward = 0 }) => byModel + (counted[chosen] as number) * (reward - (predicted[chosen] as number)),
    );
    const value = values.reduce((sum, one) => sum + one, 0) / ROWS;
    const variance = values.reduce((sum, one) => sum + (one - value) ** 2, 0) / (ROWS - 1);
    const expected = [0, 1].reduce(
      (sum, arm) =>
        sum +
        (logged[arm] as number) * (counted[arm] as number) * ((means[arm] as number) - (predicted[arm] as number)),
      byModel,
    );
    return { value, margin: QUANTILE * Math.sqrt(variance / ROWS), expected };
  });
}

/** The longest list from the first on in which every two agree; its last is chosen. `undefined` where a rounding decides. */
function chosenOf(candidates: readonly Candidate[]): number | undefined {
  const slack = candidates.map((one, at) =>
    Math.min(
      ...candidates
        .slice(0, at)
        .map((other) => one.margin + (Math.sqrt(6) - 1) * other.margin - Math.abs(one.value - other.value)),
    ),
  );
  const refused = slack.findIndex((least) => least < 0);
  const end = refused === -1 ? candidates.length : refused;
  const isClear = slack.slice(0, end + 1).every((least) => Math.abs(least) > 1e-12);
  return isClear ? end - 1 : undefined;
}

const tunedOf = (rows: readonly LoggedRow[], kind: keyof typeof KINDS): TunedEstimate => {
  const fold = new EstimatorFold({ isTuned: true });
  for (const row of rows) fold.add(row);
  const { tuned } = fold.estimates();
  if (tuned === undefined) throw new Error("it was asked for");
  return tuned[kind];
};

describe.each(["switchDr", "drShrunk"] as const)("SLOPE for %s, over every log of a tiny world", (name) => {
  const kind = KINDS[name];

  test("chooses the constant of the independent model, and has its value", () => {
    let compared = 0;
    const chosenAt = new Set<number>();
    fc.assert(
      fc.property(WORLD, (world) => {
        for (const log of logsOf(world)) {
          const candidates = candidatesOf(world, log, kind);
          const chosen = chosenOf(candidates);
          if (chosen === undefined) continue;
          compared += 1;
          chosenAt.add(chosen);
          const tuned = tunedOf(log.rows, name);
          expect(tuned.constant).toBe(kind.constants[chosen]);
          expect(tuned.value).toBeCloseTo(candidates[chosen]?.value ?? Number.NaN, 10);
        }
      }),
      { numRuns: 40 },
    );
    expect(compared).toBeGreaterThan(500);
    expect(chosenAt.size).toBeGreaterThan(3);
  });

  test("has an error of at most √6 + 3 times the best sum of bias and width, wherever the widths hold and fall", () => {
    let held = 0;
    fc.assert(
      fc.property(WORLD, (world) => {
        const truth = [0, 1].reduce(
          (sum, arm) => sum + (world.target[arm] as number) * (world.means[arm] as number),
          0,
        );
        for (const log of logsOf(world)) {
          const candidates = candidatesOf(world, log, kind);
          const isHeld = candidates.every(({ value, margin, expected }) => Math.abs(value - expected) <= margin);
          const isFalling = candidates.every(
            ({ margin }, at) => at === 0 || margin <= (candidates[at - 1]?.margin ?? 0),
          );
          if (!isHeld || !isFalling) continue;
          held += 1;
          let bias = 0;
          const best = Math.min(
            ...candidates.map(({ expected, margin }) => {
              bias = Math.max(bias, Math.abs(expected - truth));
              return bias + margin;
            }),
          );
          expect(Math.abs(tunedOf(log.rows, name).value - truth)).toBeLessThanOrEqual(FACTOR * best + 1e-9);
        }
      }),
      { numRuns: 60 },
    );
    expect(held).toBeGreaterThan(100);
  });
});
