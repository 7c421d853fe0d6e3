import fc from "fast-check";
import { expect, test } from "vitest";
import { fitPrior, predictRows, rowRange, seededChance, type Table, TableBuilder } from "../src/index.ts";
import { weightsOfParts } from "../src/weights-of-parts.ts";

// Goal: the stack finds what the words say and what the shape of a text says, and weighs a part that says nothing at little.
// Method: made worlds where one of them decides; weights beside a search over a grid.

/** Premium is needed where a text has many digits, or where it has a word; the other says nothing. */
function madeOf(rows: number, decides: "digits" | "word"): Table {
  const chance = seededChance(5, 1);
  const builder = new TableBuilder("made", [], ["small", "large"]);
  const filler = ["alpha", "beta", "gamma", "delta", "epsilon"];
  for (let row = 0; row < rows; row += 1) {
    const [hasDigits, hasWord] = [chance.share() < 0.5, chance.share() < 0.5];
    const isHard = decides === "digits" ? hasDigits : hasWord;
    const isNeeded = chance.share() < (isHard ? 0.8 : 0.2);
    const numbers = Array.from({ length: hasDigits ? 9 : 1 }, () => chance.below(10)).join("");
    const words = Array.from({ length: 6 }, () => filler[chance.below(filler.length)]).join(" ");
    builder.add({
      features: [],
      category: "all",
      text: `${words} ${hasWord ? "prove" : "state"} n${numbers}`,
      outcomesBps: [isNeeded ? 0 : 10_000, 10_000],
      costsMicrocents: [100, 1_000],
    });
  }
  return builder.finish({ isInTimeOrder: false });
}

test.each(["digits", "word"] as const)("a stack predicts a gain that the %s decides", (decides) => {
  const table = madeOf(3_000, decides);
  const held = rowRange(2_000, 3_000);
  const { file, prior } = fitPrior(table, rowRange(0, 2_000), "stack", { seed: 1, textBuckets: 256 });
  const predicted = predictRows(prior, table, held);
  const isHard = (row: number): boolean =>
    decides === "digits" ? /n[0-9]{9}$/.test(table.texts?.[row] ?? "") : (table.texts?.[row] ?? "").includes("prove");
  for (const [hard, expected] of [
    [true, 8_000],
    [false, 2_000],
  ] as const) {
    const some = [...held].flatMap((row, at) => (isHard(row) === hard ? [predicted[at] ?? 0] : []));
    const mean = some.reduce((sum, gain) => sum + gain, 0) / some.length;
    expect(Math.abs(mean - expected)).toBeLessThan(700);
  }
  if (decides === "digits") expect(file.format).toBe(3);
});

test("without texts, or with a handful of rows, a stack is a prior like any other", () => {
  const table = madeOf(400, "word");
  const few = fitPrior(table, rowRange(0, 12), "stack", { seed: 1, textBuckets: 256 });
  expect(few.prior.head.kind).toBe("linear");
  const plain = fitPrior({ ...table, texts: undefined }, rowRange(0, 400), "stack", { seed: 1 });
  const ridge = fitPrior({ ...table, texts: undefined }, rowRange(0, 400), "ridge", { seed: 1 });
  expect(plain.file.digest).toBe(ridge.file.digest);
});

test("a stack that is given what an earlier one chose on the same rows is the same prior, and another choice is another", () => {
  const table = madeOf(400, "word");
  const options = { seed: 1, textBuckets: 256 };
  const { file, stackChoice } = fitPrior(table, rowRange(0, 400), "stack", options);
  if (stackChoice === undefined) throw new Error("a stack makes a choice");
  const again = fitPrior(table, rowRange(0, 400), "stack", { ...options, stackChoice });
  expect(again.file.digest).toBe(file.digest);
  expect(Object.values(stackChoice.weights).every((weight) => weight >= 0)).toBe(true);
  const other = { ...stackChoice, weights: { words: 0, steps: 0, rest: 0, net: 0 } };
  const nothing = fitPrior(table, rowRange(0, 400), "stack", { ...options, stackChoice: other });
  const predicted = predictRows(nothing.prior, table, rowRange(0, 400));
  // Without any weight it predicts the mean gain of every row.
  expect(Math.max(...predicted) - Math.min(...predicted)).toBeLessThanOrEqual(1);
});

const held = { center: 0.4, heldByRows: 20 };

/** What the weights are to make least. */
function lossOf(parts: readonly Float64Array[], targets: Float64Array, weights: readonly number[]): number {
  const count = targets.length;
  const center = (values: Float64Array): Float64Array => {
    const mean = values.reduce((sum, value) => sum + value, 0) / count;
    return values.map((value) => value - mean);
  };
  const centered = parts.map(center);
  const target = center(targets);
  let loss = 0;
  for (let at = 0; at < count; at += 1) {
    const fitted = centered.reduce((sum, part, which) => sum + (weights[which] ?? 0) * (part[at] ?? 0), 0);
    loss += ((target[at] ?? 0) - fitted) ** 2;
  }
  for (const [which, part] of centered.entries()) {
    const spread = part.reduce((sum, value) => sum + value * value, 0) / count;
    loss += held.heldByRows * spread * ((weights[which] ?? 0) - held.center) ** 2;
  }
  return loss;
}

test("no weights on a grid, none of them negative, have less loss than those of two parts", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), fc.double({ min: -1, max: 1, noNaN: true }), (seed, mixed) => {
      const chance = seededChance(seed);
      const count = 60;
      const one = Float64Array.from({ length: count }, () => chance.share());
      const other = one.map((value) => mixed * value + 0.5 * chance.share());
      const targets = one.map((value, at) => (2 * chance.share() - 1) * value - 0.5 * (other[at] ?? 0));
      const parts = [one, other];
      const weights = weightsOfParts(parts, targets, new Float64Array(count).fill(1), held);
      expect(weights.every((weight) => weight >= 0)).toBe(true);
      const least = lossOf(parts, targets, weights);
      for (let a = 0; a <= 2; a += 0.1)
        for (let b = 0; b <= 2; b += 0.1)
          expect(lossOf(parts, targets, [a, b])).toBeGreaterThan(least - 1e-9 * (1 + least));
    }),
    { numRuns: 50 },
  );
});

test("a part that is nothing everywhere, and rows without weight, make no weight that is no number", () => {
  const nothing = new Float64Array(10);
  const some = Float64Array.from({ length: 10 }, (_, at) => at);
  for (const rowWeights of [nothing, new Float64Array(10).fill(1)]) {
    const weights = weightsOfParts([nothing, some], some, rowWeights, held);
    expect(weights.every((weight) => Number.isFinite(weight) && weight >= 0)).toBe(true);
  }
});
