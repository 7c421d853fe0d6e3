/**
 * The interval of a difference, in worlds where the difference is known: how often it misses at any time, with an incumbent that
 * learns and rates that drift; what it says where the log has no answer.
 */
import { describe, expect, test } from "vitest";
import { type ComparedRow, DifferenceInterval, DifferenceTest } from "../src/index.ts";

/** A seeded generator (mulberry32). */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const PREDICTED = [0.5, 0.5];

/** A world: the incumbent's probability of the first arm, and what each arm earns, at a row. */
interface World {
  readonly first: (row: number) => number;
  readonly rates: (row: number) => readonly [number, number];
}

function rowOf(world: World, at: number, target: readonly number[], random: () => number): ComparedRow {
  const first = world.first(at);
  const chosen = random() < first ? 0 : 1;
  const reward = random() < (world.rates(at)[chosen] ?? 0) ? 1 : 0;
  const logged = [first, 1 - first];
  return { logged, incumbent: logged, target, predicted: PREDICTED, chosen, reward };
}

function truthOf(world: World, at: number, target: readonly number[]): number {
  const [one, other] = world.rates(at);
  const first = world.first(at);
  return ((target[0] ?? 0) - first) * one + ((target[1] ?? 0) - (1 - first)) * other;
}

const WORLDS: Readonly<Record<string, World>> = {
  "nothing changes": { first: () => 0.5, rates: () => [0.8, 0.6] },
  "the incumbent learns": { first: (row) => 0.05 + 0.9 * (row / (row + 100)), rates: () => [0.9, 0.4] },
  "an arm becomes worse": { first: () => 0.2, rates: (row) => (row < 300 ? [0.9, 0.5] : [0.2, 0.5]) },
  "exploration is 5 %": { first: () => 0.025, rates: () => [0.7, 0.65] },
};
const [RUNS, ROWS, LOOK_EVERY] = [30, 500, 50];

describe("the interval of a difference", () => {
  test.each(Object.keys(WORLDS))("misses at any time in no more than 5 %% of runs: %s", (name) => {
    const world = WORLDS[name] as World;
    const target = [1, 0];
    let missed = 0;
    for (let run = 0; run < RUNS; run += 1) {
      const random = chance(run + 1);
      const interval = new DifferenceInterval({ k: 20 });
      let [truth, hasMissed] = [0, false];
      for (let at = 0; at < ROWS; at += 1) {
        interval.add(rowOf(world, at, target, random));
        truth += truthOf(world, at, target);
        if ((at + 1) % LOOK_EVERY !== 0) continue;
        const { lower, upper } = interval.now();
        hasMissed ||= truth / (at + 1) < lower || truth / (at + 1) > upper;
      }
      missed += hasMissed ? 1 : 0;
    }
    expect(missed / RUNS).toBeLessThanOrEqual(0.05);
  });

  test("narrows around the difference", () => {
    const random = chance(7);
    const interval = new DifferenceInterval();
    const world = WORLDS["nothing changes"] as World;
    for (let at = 0; at < 4_000; at += 1) interval.add(rowOf(world, at, [1, 0], random));
    const { lower, upper, difference } = interval.now();
    expect(upper - lower).toBeLessThan(0.12);
    expect(Math.abs(difference - 0.1)).toBeLessThan(0.04);
  });

  test("equal policies differ by nothing", () => {
    const random = chance(3);
    const interval = new DifferenceInterval();
    const world = WORLDS["nothing changes"] as World;
    for (let at = 0; at < 3_000; at += 1) interval.add(rowOf(world, at, [0.5, 0.5], random));
    const { lower, upper, difference } = interval.now();
    expect(difference).toBe(0);
    expect(lower).toBeGreaterThan(-0.02);
    expect(upper).toBeLessThan(0.02);
  });

  test("an arm that the log never chooses may have earned anything", () => {
    const interval = new DifferenceInterval({ k: 1 });
    const row = { logged: [1, 0], incumbent: [1, 0], target: [0.5, 0.5], predicted: [0.5, 0.5], chosen: 0, reward: 1 };
    for (let at = 0; at < 5_000; at += 1) interval.add(row);
    const { lower, upper } = interval.now();
    // Half of the target's choices earn 0 at worst, and 1 at best.
    expect(lower).toBeLessThanOrEqual(-0.5);
    expect(upper).toBeGreaterThanOrEqual(0);
    expect(upper).toBeLessThan(0.1);
  });

  test("its mean is that of the test for promotion, whatever the predictions", () => {
    const random = chance(11);
    const interval = new DifferenceInterval({ k: 50 });
    const promotion = new DifferenceTest({ k: 50, margin: 0, alpha: 0.05 });
    const world = WORLDS["the incumbent learns"] as World;
    for (let at = 0; at < 500; at += 1) {
      const row = { ...rowOf(world, at, [0.9, 0.1], random), predicted: [random(), random()] };
      interval.add(row);
      promotion.add(row);
    }
    expect(interval.now().difference).toBeCloseTo(promotion.difference, 9);
  });

  test.each([{ alpha: 0 }, { alpha: 1 }, { k: -1 }, { k: Number.POSITIVE_INFINITY }])("refuses %j", (settings) => {
    expect(() => new DifferenceInterval(settings)).toThrow(
      expect.objectContaining({ code: "CAL_ESTIMATE_SETTING_INVALID" }),
    );
  });

  test("a row without an outcome is refused, and not counted", () => {
    const interval = new DifferenceInterval();
    const row = { logged: [1], incumbent: [1], target: [1], predicted: [0], chosen: 0, reward: undefined };
    expect(() => interval.add(row)).toThrow(expect.objectContaining({ code: "CAL_ESTIMATE_ROW_INVALID" }));
    expect(interval.now().rows).toBe(0);
  });
});
