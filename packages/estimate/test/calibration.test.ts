import { CalibrationFold } from "@calybris/estimate";
import { PROPENSITY_ONE } from "@calybris/kernel";
import { describe, expect, test } from "vitest";
import { caseCount } from "../../../test/share.ts";

const RUNS = caseCount(200, 40);
const ROWS = 2_000;
const CELLS = [0, 1, 2, 3] as const;

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function outcome(regime: number | undefined, predictedBps: number, rewardBps: number) {
  const treated = [{ candidateId: 7, propensity: PROPENSITY_ONE, predictedBps }];
  return { ...(regime === undefined ? {} : { regime }), tier: 1, candidate: 7, treated, rewardBps };
}

/** Cells that were ever called biased, looked at every 50 rows. */
function everBiased(seed: number, biasBps: number): ReadonlySet<number> {
  const [fold, random, biased] = [new CalibrationFold(), seeded(seed), new Set<number>()];
  for (let row = 0; row < ROWS; row += 1) {
    const regime = CELLS[row % CELLS.length] ?? 0;
    const predictedBps = 2_000 + 1_000 * regime;
    const chance = (predictedBps + (regime === 0 ? biasBps : 0)) / 10_000;
    fold.add(outcome(regime, predictedBps, random() < chance ? 10_000 : 0));
    if (row % 50 === 0) for (const cell of fold.cells()) if (cell.isBiased) biased.add(cell.regime);
  }
  return biased;
}

describe("the calibration check", () => {
  test("calls no cell biased where predictions are right, however often it is looked at, in 95 % of runs", () => {
    const runs = Array.from({ length: RUNS }, (_, seed) => everBiased(seed + 1, 0).size);
    expect(runs.filter((cells) => cells > 0).length).toBeLessThanOrEqual(RUNS * 0.05);
  });

  test.each([4_000, -2_000])("finds the one cell with a bias of %d basis points, and no other", (biasBps) => {
    for (let seed = 1; seed <= 10; seed += 1) expect([...everBiased(seed, biasBps)]).toEqual([0]);
  });

  test("a bias within the tolerance is no warning", () => {
    const fold = new CalibrationFold({ tolerance: 0.2 });
    for (let row = 0; row < 5_000; row += 1) fold.add(outcome(0, 5_000, row % 5 < 3 ? 10_000 : 0));
    const [cell] = fold.cells();
    expect(cell).toMatchObject({ rows: 5_000, isBiased: false });
    expect([cell?.observed, cell?.predicted]).toEqual([expect.closeTo(0.6, 9), expect.closeTo(0.5, 9)]);
    expect(cell?.biasLower).toBeLessThan(0.1);
    expect(cell?.biasUpper).toBeGreaterThan(0.1);
  });

  test("outcomes without a regime, or of what nobody predicted, say nothing", () => {
    const fold = new CalibrationFold();
    fold.add(outcome(undefined, 5_000, 0));
    fold.add({ ...outcome(0, 5_000, 0), candidate: 8 });
    const { treated: _, ...unpredicted } = outcome(0, 5_000, 0);
    fold.add(unpredicted);
    expect(fold.cells()).toEqual([]);
  });

  test.each([{ alpha: 0 }, { tolerance: -1 }])("a setting out of range: %o", (settings) => {
    expect(() => new CalibrationFold(settings)).toThrow(
      expect.objectContaining({ code: "CAL_ESTIMATE_SETTING_INVALID" }),
    );
  });
});
