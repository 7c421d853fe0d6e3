import fc from "fast-check";
import { expect, test } from "vitest";
import { type Table, TableBuilder } from "../src/index.ts";
import { dominatedTiers, hullMissedAt, withoutDominatedTop } from "../src/single-tiers.ts";

// Goal: a tier that no rule needs is named, and a draw between single tiers is as good as it can be.
// Method: small tables by hand; the hull beside a search over all draws between three rules.

function tableOf(tiers: readonly (readonly [name: string, cost: number, successes: readonly number[]])[]): Table {
  const builder = new TableBuilder(
    "made",
    [],
    tiers.map(([name]) => name),
  );
  const rows = tiers[0]?.[2].length ?? 0;
  for (let row = 0; row < rows; row += 1)
    builder.add({
      features: [],
      category: "all",
      outcomesBps: tiers.map(([, , successes]) => 10_000 * (successes[row] ?? 0)),
      costsMicrocents: tiers.map(([, cost]) => cost),
    });
  return builder.finish({ isInTimeOrder: false });
}

test("a tier is dominated where another costs no more and succeeds no less, and is better in one", () => {
  const table = tableOf([
    ["small", 1, [1, 0, 0, 1]],
    ["middle", 2, [1, 1, 1, 0]],
    ["worse", 3, [0, 1, 1, 0]],
    ["large", 9, [1, 1, 1, 1]],
  ]);
  expect(dominatedTiers(table)).toEqual([{ tier: "worse", by: "middle", isTop: false }]);
  expect(withoutDominatedTop(table)).toBe(table);
});

test("equals in cost and success do not dominate each other; at one price the one that succeeds less is dominated", () => {
  expect(
    dominatedTiers(
      tableOf([
        ["one", 2, [1, 0]],
        ["other", 2, [0, 1]],
      ]),
    ),
  ).toEqual([]);
  expect(
    dominatedTiers(
      tableOf([
        ["one", 2, [0, 0]],
        ["other", 2, [0, 1]],
      ]),
    ),
  ).toEqual([{ tier: "one", by: "other", isTop: false }]);
});

test("a dominated top tier is left out, and the one below if that is dominated too; two tiers stay", () => {
  const small = ["small", 1, [1, 1, 0]] as const;
  const [large, larger] = [["large", 2, [0, 1, 0]] as const, ["larger", 3, [0, 0, 1]] as const];
  const table = tableOf([small, ["middle", 2, [1, 1, 1]], large, larger]);
  const kept = withoutDominatedTop(table);
  expect(kept.tierNames).toEqual(["small", "middle"]);
  expect([...kept.outcomesBps]).toEqual([10_000, 10_000, 10_000, 10_000, 0, 10_000]);
  expect([...kept.costsMicrocents]).toEqual([1, 2, 1, 2, 1, 2]);
  expect(withoutDominatedTop(tableOf([small, large])).tierNames).toEqual(["small", "large"]);
});

test("no draw between three rules misses less than the hull at the same savings, and some draw misses as little", () => {
  const share = fc.integer({ min: 0, max: 1_000 }).map((thousandths) => thousandths / 1_000);
  fc.assert(
    fc.property(share, share, share, (savings, missed, wanted) => {
      const rules = [
        { savings: 0, missedOfNeeded: 0 },
        { savings, missedOfNeeded: missed },
        { savings: 1, missedOfNeeded: 1 },
      ];
      const hull = hullMissedAt(rules, wanted);
      let least = Number.POSITIVE_INFINITY;
      for (let step = 0; step <= 200; step += 1) {
        // So much of the middle rule, the rest of both ends such that the savings are the ones wanted.
        const middle = step / 200;
        const cheap = wanted - middle * savings;
        if (cheap < -1e-12 || cheap + middle > 1 + 1e-12) continue;
        const total = middle * missed + cheap;
        least = Math.min(least, total);
      }
      expect(least).toBeGreaterThan(hull - 1e-9);
      expect(least - hull).toBeLessThan(0.011);
    }),
  );
});

test("beyond all rules there is no draw", () => {
  const rules = [
    { savings: 0.2, missedOfNeeded: 0.1 },
    { savings: 0.4, missedOfNeeded: 0.5 },
  ];
  expect([0.1, 0.2, 0.3, 0.4, 0.5].map((savings) => hullMissedAt(rules, savings))).toEqual([
    Number.NaN,
    0.1,
    expect.closeTo(0.3),
    0.5,
    Number.NaN,
  ]);
});
