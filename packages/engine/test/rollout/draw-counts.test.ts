import { EstimatorFold, outcomeRow, targetRow } from "@calybris/estimate";
import { BPS_MAX, PROPENSITY_ONE } from "@calybris/kernel";
import fc from "fast-check";
import { expect, test } from "vitest";
import { DrawCounts } from "../../src/rollout/draw-counts.ts";

// Goal: what another policy might have run is a distribution that estimators accept, whatever the draw and the holdout.
// Method: counts that sum to 2^32 over up to eight tiers, several of which lead to the same candidate, against plain sums in
// exact integers. A share summed in floats passes 1 by one rounding, and the estimators refuse it.

const drawn = fc
  .array(fc.integer({ min: 0, max: PROPENSITY_ONE }), { minLength: 0, maxLength: 7 })
  .map((cuts) => [0, ...cuts.sort((one, other) => one - other), PROPENSITY_ONE])
  .map((cuts) => cuts.slice(1).map((cut, at) => cut - (cuts[at] as number)));

function mixed(counts: readonly number[], ids: readonly number[], base: number, holdoutBps: number) {
  const draws = new DrawCounts();
  for (const [tier, count] of counts.entries()) draws.add(ids[tier % ids.length] as number, count);
  return draws.mixedWith(base, holdoutBps / BPS_MAX);
}

test("a mixture of draws and holdout has every candidate once, no share above 1, and the exact share of each", () => {
  fc.assert(
    fc.property(
      drawn,
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 0, max: 3 }),
      fc.integer({ min: 0, max: BPS_MAX }),
      (counts, ids, base, holdoutBps) => {
        const { ids: found, shares } = mixed(counts, ids, base, holdoutBps);
        expect(new Set(found).size).toBe(found.length);
        const exact = new Map<number, bigint>();
        const add = (id: number, part: bigint): void => {
          if (part > 0n) exact.set(id, (exact.get(id) ?? 0n) + part);
        };
        for (const [tier, count] of counts.entries())
          add(ids[tier % ids.length] as number, BigInt(count) * BigInt(BPS_MAX - holdoutBps));
        add(base, BigInt(PROPENSITY_ONE) * BigInt(holdoutBps));
        const whole = BigInt(PROPENSITY_ONE) * BigInt(BPS_MAX);
        for (const [at, id] of found.entries()) {
          const share = shares[at] as number;
          expect(share).toBeLessThanOrEqual(1);
          expect(share).toBeCloseTo(Number(exact.get(id) ?? 0n) / Number(whole), 12);
        }
        for (const id of exact.keys()) expect(found).toContain(id);
      },
    ),
  );
});

test("draws whose shares pass 1 when summed in floats make rows that estimators accept", () => {
  const treated = [{ candidateId: 1, propensity: PROPENSITY_ONE, predictedBps: 5_000 }];
  const row = outcomeRow({ candidate: 1, rewardBps: 5_000, treated }, 2_000);
  if (row === undefined) throw new Error("the outcome is not the learner's");
  const fold = new EstimatorFold();
  let aboveOne = 0;
  for (let first = 1; first < 4_000; first++) {
    const counts = [first * 1_048_573, 7 * first, PROPENSITY_ONE - first * 1_048_580];
    if (counts.reduce((sum, count) => sum + 0.8 * (count / PROPENSITY_ONE), 0.2) > 1) aboveOne += 1;
    fold.add(targetRow(row, mixed(counts, [1], 1, 2_000)));
  }
  expect(aboveOne).toBeGreaterThan(100);
  expect(fold.estimates().dr.value).toBe(0.5);
});

test("a tier that is never drawn adds no candidate, nor does a base without a holdout", () => {
  expect(mixed([PROPENSITY_ONE, 0], [1, 2], 3, 0)).toEqual({ ids: [1], shares: [1] });
  expect(mixed([PROPENSITY_ONE, 0], [1, 2], 3, BPS_MAX)).toEqual({ ids: [1, 3], shares: [0, 1] });
});
