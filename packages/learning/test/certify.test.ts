import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { binomialCdf, certify, certifyLogged, EProcess, seededChance, type Table, TableBuilder } from "../src/index.ts";

/** A table of one feature whose premium was needed where the list says so. */
function tableOf(needed: readonly boolean[]): Table {
  const builder = new TableBuilder("made", ["x"], ["cheap", "premium"]);
  for (const each of needed)
    builder.add({ features: [0], category: "a", outcomesBps: [each ? 0 : 10_000, 10_000], costsMicrocents: [1, 10] });
  return builder.finish({ isInTimeOrder: false });
}

describe("the binomial", () => {
  test("adds up as the sum of its terms does", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 0, max: 60 }),
        fc.integer({ min: 1, max: 99 }),
        (n, k, percent) => {
          const p = percent / 100;
          let [sum, ways] = [0, 1];
          for (let at = 0; at <= Math.min(k, n); at += 1) {
            sum += ways * p ** at * (1 - p) ** (n - at);
            ways = (ways * (n - at)) / (at + 1);
          }
          expect(binomialCdf(k, n, p)).toBeCloseTo(Math.min(1, sum), 10);
        },
      ),
    );
  });

  test("keeps its precision far out and for half a million trials", () => {
    // Twenty successes of a hundred at one half: 5.58e-10 (sum of exact binomial coefficients / 2^100).
    expect(binomialCdf(20, 100, 0.5) / 5.579_545e-10).toBeCloseTo(1, 5);
    expect(binomialCdf(250_000, 500_000, 0.5)).toBeCloseTo(0.500_564, 6);
    expect([binomialCdf(-1, 5, 0.5), binomialCdf(5, 5, 0.5), binomialCdf(0, 5, 0), binomialCdf(4, 5, 1)]).toEqual([
      0, 1, 1, 0,
    ]);
  });
});

describe("Learn then Test", () => {
  test("over 1,000 recalibrations the risk exceeds α in at most a share δ of them", () => {
    // Goal: the guarantee itself. Method: a population with a known risk at every threshold, sampled again and again.
    const chance = seededChance(7);
    const population = Array.from({ length: 4_000 }, () => {
      const score = chance.below(10_000);
      return { score, needed: chance.share() < 0.02 + (0.3 * score) / 10_000 };
    });
    const thresholds = Array.from({ length: 40 }, (_, at) => (at + 1) * 250);
    const [alpha, delta] = [0.05, 0.1];
    const riskAt = (threshold: number): number =>
      population.filter(({ score, needed }) => needed && score < threshold).length / population.length;
    let exceeded = 0;
    let certifiedShare = 0;
    for (let trial = 0; trial < 1_000; trial += 1) {
      const sample = Array.from(
        { length: 400 },
        () => population[chance.below(population.length)] ?? { score: 0, needed: false },
      );
      const { thresholdBps } = certify(
        tableOf(sample.map(({ needed }) => needed)),
        sample.map(({ score }) => score),
        thresholds,
        { alpha, delta, risk: "harm" },
      );
      if (thresholdBps !== undefined && riskAt(thresholdBps) > alpha) exceeded += 1;
      certifiedShare += (thresholdBps ?? 0) / 10_000 / 1_000;
    }
    // 1,000 trials at exactly δ exceed 130 with probability below .002.
    expect(exceeded).toBeLessThanOrEqual(130);
    expect(certifiedShare).toBeGreaterThan(0.3);
  });

  test("of more than two tiers, a loss is where any below the top one did worse, when it is not known which runs", () => {
    const builder = new TableBuilder("made", ["x"], ["cheap", "middle", "premium"]);
    for (let row = 0; row < 400; row += 1)
      builder.add({
        features: [0],
        category: "a",
        outcomesBps: [10_000, row % 10 === 0 ? 0 : 10_000, 10_000],
        costsMicrocents: [1, 5, 10],
      });
    const table = builder.finish({ isInTimeOrder: false });
    const [scores, options] = [new Int32Array(400), { alpha: 0.05, delta: 0.1, risk: "harm" } as const];
    expect(certify(table, scores, [1], options)).toMatchObject({ passed: 1, losses: 0 });
    const any = certify(table, scores, [1], { ...options, lower: "any" });
    expect([any.passed, any.steps[0]?.losses]).toEqual([0, 40]);
    // Of two tiers both are the same.
    const two = tableOf(Array.from({ length: 400 }, (_, row) => row % 40 === 0));
    const [each, either] = [
      certify(two, scores, [1], options),
      certify(two, scores, [1], { ...options, lower: "any" }),
    ];
    expect(either).toEqual(each);
    expect(each.steps[0]?.losses).toBe(10);
  });

  test("nothing is certified on nothing, on too little, or where every downgrade hurts", () => {
    const options = { alpha: 0.05, delta: 0.1, risk: "harm" } as const;
    const all = (count: number, needed: boolean): readonly boolean[] => Array.from({ length: count }, () => needed);
    for (const rows of [[], all(20, false), all(500, true)])
      expect(
        certify(
          tableOf(rows),
          rows.map(() => 0),
          [1],
          options,
        ).thresholdBps,
      ).toBeUndefined();
    expect(
      certify(
        tableOf(all(50, false)),
        all(50, false).map(() => 0),
        [1],
        options,
      ).downgradedShare,
    ).toBe(1);
  });

  test("the false-negative rate is over those that needed premium: without any, there is no evidence", () => {
    const rows = Array.from({ length: 1_000 }, () => false);
    const certified = certify(
      tableOf(rows),
      rows.map(() => 0),
      [1],
      { alpha: 0.5, delta: 0.1, risk: "false-negative" },
    );
    expect([certified.samples, certified.thresholdBps]).toEqual([0, undefined]);
  });
});

describe("the anytime process", () => {
  test("a world at the limit is certified in at most a share δ of 1,000 logs, however often one looks", () => {
    const chance = seededChance(11);
    const [alpha, delta] = [0.1, 0.1];
    let certified = 0;
    for (let trial = 0; trial < 1_000; trial += 1) {
      const bet = new EProcess({ alpha, delta, weightMax: 4 });
      // The cheap tier runs with probability 1/4 and fails with probability α.
      for (let row = 0; row < 600; row += 1) bet.add(chance.share() < 0.25 && chance.share() < alpha ? 4 : 0);
      if (bet.isCertified) certified += 1;
    }
    expect(certified).toBeLessThanOrEqual(130);
  });

  test("a safe world is certified, and its walk ends where it stops being safe", () => {
    const chance = seededChance(12);
    const rows = Array.from({ length: 20_000 }, () => {
      const scoreBps = chance.below(1_000);
      return {
        scoreBps,
        ranCheap: chance.share() < 0.5,
        cheapPropensity: 0.5,
        failed: scoreBps >= 500 && chance.share() < 0.5,
      };
    });
    const options = { alpha: 0.05, delta: 0.05, weightMax: 2 };
    const { passed, thresholdBps, samples } = certifyLogged(rows, [100, 300, 500, 900], options);
    expect([passed, thresholdBps, samples]).toEqual([3, 500, 20_000]);
  });
});
