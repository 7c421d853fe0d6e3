/**
 * Intervals that are looked at after every row, in worlds where the value is known: how often they miss it at any time. The
 * standard interval is beside them. `npm run torture` looks at a thousand logs of each world.
 */
import { describe, expect, test } from "vitest";
import { someOf } from "../../../test/share.ts";
import { ALPHA, missesOf, widthRatio, WORLDS } from "./logging-worlds.ts";

const RUNS = 300;
/** Its bound takes longer. */
const DRIFT_RUNS = 100;
const ROWS = 2_000;

describe("the value is missed at any time in at most 5 % of runs, and by the standard interval in more", () => {
  test.each(someOf(WORLDS, 3).map((world) => [world.name, world] as const))("%s", (_name, world) => {
    const runs = world.isDrifting ? DRIFT_RUNS : RUNS;
    const misses = Array.from({ length: runs }, (_, run) => missesOf(world, run + 1, ROWS));
    expect(misses.filter(({ own }) => own).length / runs).toBeLessThanOrEqual(ALPHA);
    expect(misses.filter(({ wald }) => wald).length / runs).toBeGreaterThan(ALPHA);
  });
});

test("at 6,000 rows of a log by Thompson sampling, the interval is at most 1.85 times as wide as the standard one of DR", () => {
  const world = WORLDS.find(({ name }) => name === "Thompson sampling");
  if (world === undefined) throw new Error("there is no such world");
  const ratios = [1, 2, 3, 4, 5].map((seed) => widthRatio(world, seed, 6_000));
  expect(ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length).toBeLessThanOrEqual(1.85);
});
