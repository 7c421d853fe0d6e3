import { SnapshotMembers } from "@calybris/kernel";
import { expect, test } from "vitest";
import { Offsets } from "../../src/router/offsets.ts";
import { Shifts } from "../../src/router/shifts.ts";
import { seededChance } from "../support/seeded-chance.ts";

// Goal: a change of a tier is noticed soon, no change seldom. Method: streams of outcomes whose success rate is known.

const EXPECTED = [7_000, 7_000];
const DISCOUNT_PPM = 998_000;

/** Outcomes of a tier in random regimes; how many there were until the first shift, or `undefined`. */
function untilShift(offsets: Offsets, tier: number, share: number, most: number, seed: number): number | undefined {
  const chance = seededChance(seed);
  for (let count = 1; count <= most; count++) {
    const successBps = chance(10_000) < share * 10_000 ? 10_000 : 0;
    const before = countOf(offsets, tier);
    offsets.observe(chance(8), tier, successBps, EXPECTED, DISCOUNT_PPM);
    if (countOf(offsets, tier) < before / 2) return count;
  }
  return undefined;
}

function countOf(offsets: Offsets, tier: number): number {
  return (offsets.toJson(2) as number[][][]).reduce((sum, regime) => sum + (regime[tier]?.[0] ?? 0), 0);
}

test.each([
  [0.7, 0.4, 300],
  [0.5, 0.9, 150],
  [0.3, 0.7, 150],
])("a success rate that goes from %f to %f is a shift within %i outcomes", (from, to, most) => {
  for (let seed = 1; seed <= 20; seed++) {
    const offsets = new Offsets();
    untilShift(offsets, 1, from, 500, 100 + seed);
    expect(untilShift(offsets, 1, to, most, seed)).toBeLessThanOrEqual(most);
  }
});

test.each([0.5, 0.7, 0.9])("a success rate that stays at %f is hardly ever a shift", (share) => {
  let alarms = 0;
  const outcomes = 2_500;
  for (let seed = 1; seed <= 20; seed++)
    if (untilShift(new Offsets(), 0, share, outcomes, seed) !== undefined) alarms += 1;
  // None is likely by the bound for a rate that is known; this one is estimated.
  expect(alarms).toBeLessThanOrEqual(1);
});

test("a shift forgets what was learned of its tier in every regime, and nothing of another", () => {
  const offsets = new Offsets();
  untilShift(offsets, 0, 0.7, 500, 3);
  untilShift(offsets, 1, 0.7, 500, 4);
  const others = countOf(offsets, 0);
  expect(offsets.shifts.isDoubted).toBe(false);
  const held = offsets.belief(2, [0, 1], 100, true).deviations;
  expect(untilShift(offsets, 1, 0.2, 300, 5)).toBeDefined();
  // Of the outcome that showed it, one is left.
  expect(countOf(offsets, 1)).toBe(10_000);
  expect(countOf(offsets, 0)).toBeGreaterThan(0.7 * others);
  expect(offsets.shifts.isDoubted).toBe(true);
  // The prior is held to as a guess is: both tiers are less certain.
  for (const [tier, deviation] of offsets.belief(2, [0, 1], 100, true).deviations.entries())
    expect(deviation).toBeGreaterThan(1.2 * (held[tier] ?? 0));
});

test("doubt lasts for 2,000 outcomes, and new regimes end it", () => {
  const shifted = (): Offsets => {
    const offsets = new Offsets();
    untilShift(offsets, 1, 0.8, 500, 6);
    expect(untilShift(offsets, 1, 0.1, 300, 7)).toBeDefined();
    return offsets;
  };
  const offsets = shifted();
  for (let number = 0; number < 1_999; number++) offsets.observe(3, 0, 7_000, EXPECTED, DISCOUNT_PPM);
  expect(offsets.shifts.isDoubted).toBe(true);
  offsets.observe(3, 0, 7_000, EXPECTED, DISCOUNT_PPM);
  expect(offsets.shifts.isDoubted).toBe(false);
  for (const change of ["redistribute", "inheritWarmUp", "forget"] as const) {
    const dealt = shifted();
    dealt[change]();
    expect(dealt.shifts.toJson(2)).toEqual([0, 0, 0, 0, 0]);
  }
});

test("fewer than 100 outcomes say nothing of what is usual", () => {
  const shifts = new Shifts();
  for (let number = 0; number < 1_000; number++) expect(shifts.observe(0, 160_000, 999_999)).toBe(false);
  for (let number = 1; number < 23; number++) expect(shifts.observe(0, 160_000, 1_000_000)).toBe(false);
  // Each adds nine tenths; the 23rd makes 20.7.
  expect(shifts.observe(0, 160_000, 1_000_000)).toBe(true);
  expect(shifts.toJson(1)).toEqual([0, 0, 2_000]);
});

test("a snapshot holds the sums, and one of other lengths is refused", () => {
  const shifts = new Shifts();
  for (let number = 0; number < 5; number++) shifts.observe(1, -160_000, 1_000_000);
  const restored = new Shifts();
  restored.restore(new SnapshotMembers(shifts.toSnapshot()));
  expect(restored.toSnapshot()).toEqual(shifts.toSnapshot());
  expect(shifts.toJson(2)).toEqual([0, 0, 0, 720_000, 0]);
  const short = new SnapshotMembers({ ...shifts.toSnapshot(), falls: [0] });
  expect(() => new Shifts().restore(short)).toThrow("falls has 1 values");
});
