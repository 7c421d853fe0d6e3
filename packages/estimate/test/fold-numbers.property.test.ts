/**
 * A fold that is carried over, however early, goes on as if it had never stopped: random rows, cut anywhere, and every number of both
 * folds at the end compared bit by bit.
 */
import { type OutcomeEntry, PROPENSITY_ONE } from "@calybris/kernel";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  BernsteinBound,
  BettingBound,
  CalibrationFold,
  type Carried,
  carryOptional,
  carryWhole,
  DifferenceTest,
  DriftingBound,
  EstimatorFold,
  type FoldNumbers,
  type LoggedRow,
  RegretFold,
  RunningMean,
  ValueInterval,
  WatchedValue,
} from "../src/index.ts";

class Written implements FoldNumbers {
  readonly numbers: number[] = [];

  number(value: number): number {
    this.numbers.push(value);
    return value;
  }
}

class Read implements FoldNumbers {
  readonly #numbers: readonly number[];
  at = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  number(): number {
    if (this.at >= this.#numbers.length) throw new RangeError("no number is left");
    return this.#numbers[this.at++] as number;
  }
}

function numbersOf(fold: Carried): readonly number[] {
  const written = new Written();
  fold.carry(written);
  return written.numbers;
}

const outcomes = fc
  .record({
    base: fc.integer({ min: 1, max: 3 }),
    ran: fc.integer({ min: 0, max: 2 }),
    cuts: fc.tuple(fc.integer({ min: 1, max: 63 }), fc.integer({ min: 1, max: 63 })),
    rewardBps: fc.integer({ min: 0, max: 10_000 }),
    predicted: fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 3, maxLength: 3 }),
    regime: fc.option(fc.integer({ min: 0, max: 8 }), { nil: undefined }),
    isLearned: fc.boolean(),
  })
  .map(({ base, ran, cuts, rewardBps, predicted, regime, isLearned }) => {
    const [low, high] = [Math.min(...cuts), Math.max(...cuts)];
    const shares = [low, high - low, 64 - high].map((share) => (share * PROPENSITY_ONE) / 64);
    const treated = shares
      .map((propensity, at) => ({ candidateId: at + 1, propensity, predictedBps: predicted[at] ?? 0 }))
      .filter(({ propensity }) => propensity > 0);
    const one = treated[ran % treated.length] as (typeof treated)[number];
    const outcome = {
      ...{ kind: "outcome", of: 2, disposition: "applied", successBps: 0, rewardBps, useCase: "default" },
      ...{ warmStartBps: 0, tier: one.candidateId, candidate: one.candidateId, base, learned: true, observedAt: 0 },
      ...{ digest: "0".repeat(64), actor: "system:test", ...(regime === undefined ? {} : { regime }) },
      ...(isLearned ? { treated, propensity: one.propensity } : {}),
    };
    return outcome as OutcomeEntry;
  });

function rowOf({ treated = [], candidate, rewardBps }: OutcomeEntry): LoggedRow & { readonly incumbent: number[] } {
  const arms = treated.length === 0 ? [{ candidateId: candidate, propensity: PROPENSITY_ONE }] : treated;
  return {
    logged: arms.map(({ propensity }) => propensity / PROPENSITY_ONE),
    target: arms.map(() => 1 / arms.length),
    incumbent: arms.map((_, at) => (at === 0 ? 1 : 0)),
    predicted: arms.map(() => 0.3),
    chosen: arms.findIndex(({ candidateId }) => candidateId === candidate),
    reward: rewardBps / 10_000,
  };
}

interface Kind<Fold extends Carried> {
  readonly make: () => Fold;
  readonly add: (fold: Fold, outcome: OutcomeEntry) => void;
  /** What it is asked for: a number that is not carried is not among {@link numbersOf} either. */
  readonly see: (fold: Fold) => unknown;
}

function kind<Fold extends Carried>(
  make: Kind<Fold>["make"],
  add: Kind<Fold>["add"],
  see: Kind<Fold>["see"],
): Kind<Carried> {
  return { make, add: (fold, outcome) => add(fold as Fold, outcome), see: (fold) => see(fold as Fold) };
}

const value = ({ rewardBps }: OutcomeEntry): number => rewardBps / 5_000 - 0.5;
const KINDS: Readonly<Record<string, Kind<Carried>>> = {
  "running mean": kind(
    () => new RunningMean(),
    (fold, outcome) => fold.add(value(outcome)),
    (fold) => [fold.mean, fold.standardError],
  ),
  "drifting bound": kind(
    () => new DriftingBound(1, 0.025),
    (fold, outcome) => fold.add(value(outcome)),
    (fold) => fold.bound,
  ),
  "Bernstein bound": kind(
    () => new BernsteinBound(1, 0.025),
    (fold, outcome) => fold.add(value(outcome)),
    (fold) => fold.bound,
  ),
  "betting bound": kind(
    () => new BettingBound(1, 0.025),
    (fold, outcome) => fold.add(value(outcome)),
    (fold) => [fold.now, fold.running],
  ),
  "value interval": kind(
    () => new ValueInterval({ k: 1 }),
    (fold, outcome) => fold.add(rowOf(outcome)),
    (fold) => fold.now(),
  ),
  estimators: kind(
    () => new EstimatorFold({ isTuned: true }),
    (fold, outcome) => fold.add(rowOf(outcome)),
    (fold) => fold.estimates(),
  ),
  "watched value": kind(
    () => new WatchedValue({ alpha: 0.99, pilotRows: 3, isTuned: true, method: "drifting" }),
    (fold, outcome) => fold.add(rowOf(outcome)),
    (fold) => fold.watched(),
  ),
  "difference test": kind(
    () => new DifferenceTest({ k: 10, margin: -0.3, alpha: 0.9 }),
    (fold, outcome) => fold.add(rowOf(outcome)),
    (fold) => [fold.rows, fold.difference, fold.logWealth, fold.passedAt],
  ),
  calibration: kind(
    () => new CalibrationFold(),
    (fold, outcome) => fold.add(outcome),
    (fold) => fold.cells(),
  ),
  regret: kind(
    () => new RegretFold(),
    (fold, outcome) => (outcome.regime === 8 ? fold.addUnusable() : fold.add(outcome, 2_000)),
    (fold) => fold.regret(),
  ),
};

describe("carried over after any row, a fold ends with the same numbers as one that never stopped:", () => {
  test.each(Object.entries(KINDS))("%s", (_name, { make, add, see }) => {
    const few = fc.array(outcomes, { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(few, fc.nat(40), fc.nat(3), (rows, after, repeats) => {
        const all = Array.from({ length: repeats + 1 }, () => rows).flat();
        const cut = after % (all.length + 1);
        const [whole, before, behind] = [make(), make(), make()];
        for (const [at, row] of all.entries()) {
          add(whole, row);
          if (at < cut) add(before, row);
        }
        const kept = numbersOf(before);
        const read = new Read(kept);
        behind.carry(read);
        expect(read.at).toBe(kept.length);
        for (const row of all.slice(cut)) add(behind, row);
        expect(numbersOf(behind)).toEqual(numbersOf(whole));
        expect(see(behind)).toEqual(see(whole));
      }),
      { numRuns: 30 },
    );
  });
});

test("numbers that are cut, or are no counts, are refused", () => {
  const fold = new RegretFold();
  const kept = numbersOf(fold);
  expect(() => new RegretFold().carry(new Read(kept.slice(0, -1)))).toThrow(RangeError);
  for (const count of [-1, 0.5, Number.NaN, 65]) expect(() => carryWhole(new Read([count]), 0, 64)).toThrow(RangeError);
  expect(carryWhole(new Read([64]), 0, 64)).toBe(64);
  expect([carryOptional(new Read([0]), 7), carryOptional(new Read([1, -0]), 7)]).toEqual([undefined, -0]);
});

test("a fold with a target policy is not carried over", () => {
  expect(() => new RegretFold({ hasTarget: true }).carry(new Written())).toThrow("target policy");
});
