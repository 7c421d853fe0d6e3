import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  areaUnderCurve,
  averageGapRecovered,
  callShareFor,
  EVERY_BLOCK,
  frontierOf,
  frontierThrough,
  gainsBps,
  groundOf,
  missArea,
  missedAt,
  pointOf,
  rowRange,
  seededChance,
  selectRows,
  Tally,
  thinned,
} from "../src/index.ts";
import { madeTable } from "./made-table.ts";

const scoresOf = (count: number): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: -5, max: 5 }), { minLength: count, maxLength: count });

describe("a frontier", () => {
  test("runs from nothing downgraded to everything, and its points are what counting gives", () => {
    const table = madeTable(60, 1);
    const gains = gainsBps(table);
    const needed = gains.reduce((sum, gain) => sum + (gain > 0 ? 1 : 0), 0);
    fc.assert(
      fc.property(scoresOf(60), (scores) => {
        const points = frontierOf(table, scores);
        expect([points[0]?.downgraded, points.at(-1)?.downgraded]).toEqual([0, 1]);
        const thresholds = [...new Set(scores)].sort((a, b) => a - b);
        thresholds.forEach((threshold, at) => {
          const below = scores.map((score, row) => ({ score, row })).filter(({ score }) => score <= threshold);
          const missed = below.filter(({ row }) => (gains[row] ?? 0) > 0).length;
          const point = points[at + 1];
          expect(point?.downgraded).toBeCloseTo(below.length / 60, 12);
          expect(point?.missedOfNeeded).toBeCloseTo(missed / needed, 12);
          expect(point?.neededOfDowngraded).toBeCloseTo(missed / below.length, 12);
          expect(point?.harm).toBeCloseTo(missed / 60, 12);
        });
      }),
    );
  });

  test("of one score for all is the straight line of random: area, gap and AUC of one half", () => {
    const table = madeTable(200, 2);
    const points = frontierOf(table, new Float64Array(200));
    expect(missArea(points)).toBeCloseTo(0.5, 12);
    expect(averageGapRecovered(points)).toBeCloseTo(0.5, 12);
    expect(areaUnderCurve(table, new Float64Array(200))).toBeCloseTo(0.5, 12);
    expect(callShareFor(points, 0.5)).toBeCloseTo(0.5, 12);
  });

  test("of a perfect score misses nothing while it can, and of its opposite everything at once", () => {
    const table = madeTable(300, 3);
    const gains = gainsBps(table);
    const need = gains.reduce((sum, gain) => sum + (gain > 0 ? 1 : 0), 0) / 300;
    const best = frontierOf(table, gains);
    expect(areaUnderCurve(table, gains)).toBe(1);
    expect(missArea(best)).toBeCloseTo(need / 2, 10);
    expect(callShareFor(best, 1)).toBeCloseTo(need, 10);
    expect(
      missArea(
        frontierOf(
          table,
          gains.map((gain) => -gain),
        ),
      ),
    ).toBeCloseTo(1 - need / 2, 10);
  });

  test("AUC is the share of pairs in order", () => {
    const table = madeTable(40, 4);
    const gains = gainsBps(table);
    fc.assert(
      fc.property(scoresOf(40), (scores) => {
        let [pairs, ordered] = [0, 0];
        for (let a = 0; a < 40; a += 1)
          for (let b = 0; b < 40; b += 1) {
            if ((gains[a] ?? 0) <= 0 || (gains[b] ?? 0) > 0) continue;
            pairs += 1;
            ordered += (scores[a] ?? 0) > (scores[b] ?? 0) ? 1 : scores[a] === scores[b] ? 0.5 : 0;
          }
        expect(areaUnderCurve(table, scores)).toBeCloseTo(ordered / pairs, 10);
      }),
    );
  });
});

describe("tallies", () => {
  test("come to the frontier's own figures, and every draw of blocks to those of its rows", () => {
    const table = madeTable(400, 5);
    const ground = groundOf(table, rowRange(0, 400), 1);
    const chance = seededChance(6);
    const scores = Int32Array.from({ length: 400 }, () => chance.below(10));
    const tally = new Tally(ground);
    for (let row = 0; row < 400; row += 1) tally.add(row, (scores[row] ?? 0) < 4 ? 0 : 1, 0);
    const expected = frontierOf(
      table,
      scores.map((score) => (score < 4 ? 0 : 1)),
    )[1];
    const { savings, missedOfNeeded, neededOfDowngraded, harm, quality } = pointOf(ground, [tally, tally]);
    expect({ savings, missedOfNeeded, neededOfDowngraded, harm, quality }).toEqual({
      savings: expect.closeTo(expected?.savings ?? 0, 12),
      missedOfNeeded: expect.closeTo(expected?.missedOfNeeded ?? 0, 12),
      neededOfDowngraded: expect.closeTo(expected?.neededOfDowngraded ?? 0, 12),
      harm: expect.closeTo(expected?.harm ?? 0, 12),
      quality: expect.closeTo(expected?.quality ?? 0, 12),
    });
    const draw = EVERY_BLOCK.map((_, block) => (block === 7 ? 2 : block % 3 === 0 ? 1 : 0));
    const rows = [...rowRange(0, 400)].flatMap((row) =>
      Array.from({ length: draw[ground.blockOfRow[row] ?? 0] ?? 0 }, () => row),
    );
    const drawn = frontierOf(
      selectRows(table, rows),
      rows.map((row) => ((scores[row] ?? 0) < 4 ? 0 : 1)),
    )[1];
    expect(pointOf(ground, [tally], draw).missedOfNeeded).toBeCloseTo(drawn?.missedOfNeeded ?? 0, 12);
  });

  test("equal savings are read off straight lines", () => {
    const point = (savings: number, missedOfNeeded: number) => ({
      savings,
      missedOfNeeded,
      downgraded: savings,
      neededOfDowngraded: 0,
      harm: 0,
      quality: 0,
      reward: 0,
    });
    const curve = frontierThrough([point(0, 0), point(1, 1)], [point(0.5, 0.1)]);
    expect([missedAt(curve, 0.25), missedAt(curve, 0.5), missedAt(curve, 0.75)]).toEqual([
      expect.closeTo(0.05, 12),
      expect.closeTo(0.1, 12),
      expect.closeTo(0.55, 12),
    ]);
  });
});

test("a thinned table keeps every n-th row in order, and all of a small one", () => {
  const table = madeTable(100, 7);
  expect(thinned(table, 1_000)).toBe(table);
  const thin = thinned(table, 30);
  expect(thin.rowCount).toBe(25);
  expect([...thin.features.slice(0, 4)]).toEqual([...table.features.slice(0, 2), ...table.features.slice(8, 10)]);
});
