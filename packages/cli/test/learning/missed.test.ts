import type { DriftFigures, PriorFigures } from "@calybris/learning";
import { expect, test } from "vitest";
import { missedGoals } from "../../src/benchmark/missed.ts";
import type { BenchmarkResult } from "../../src/benchmark/run.ts";

// Goal: a report names every missed goal of its tracks with the figure, and no goal that is met or was not run.

const over = (mean: number) => ({ mean, low: mean - 0.01, high: mean + 0.01 });

function prior(set: string, mean: number): PriorFigures {
  return {
    set,
    rows: 100,
    foldSeeds: 5,
    gapRecovered: over(mean),
    byCategory: over(0.5),
    heads: [{ kind: "ridge", folds: 25 }],
  };
}

function world(name: string, mean: number, decisionsToRecover: number | null): DriftFigures {
  const fixed = over(-5);
  return {
    set: "made",
    world: name,
    decisions: 20_000,
    foldSeeds: 5,
    fixed,
    regimes: fixed,
    offsets: over(mean),
    decisionsToRecover,
  };
}

function missed(result: Partial<BenchmarkResult>): readonly string[] {
  return missedGoals(result as BenchmarkResult);
}

test("a prior below its goal is named with its figure, one at its goal or without one is not", () => {
  const priors = [prior("routerbench", 0.568), prior("routellm-gsm8k", 0.645), prior("another", 0.1)];
  expect(missed({ priors })).toEqual([
    "routerbench: the default prior recovers 0.568 (0.558 to 0.578) of the quality gap, and the category alone 0.500 (0.490 to 0.510); the goal is ≥ 0.58",
  ]);
});

test("worlds are named by their points, and the slowest recovery by its decisions", () => {
  expect(missed({ drift: [world("nothing happens", -0.2, null), world("premium fails", -1.73, 1_900)] })).toEqual([
    "premium fails: −1.73 (−1.74 to −1.72) points; the goal is ≥ −1",
    "a world that moves: 1,900 decisions until it is followed; the goal is ≤ 500 decisions",
  ]);
  expect(missed({ drift: [world("premium fails", -0.4, 480)] })).toEqual([]);
});

test("tracks that were not run miss nothing", () => {
  expect(missed({})).toEqual([]);
  expect(missed({ priors: [], drift: [], regret: [] })).toEqual([]);
});
