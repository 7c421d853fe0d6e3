import type { EngineError } from "../../src/engine-errors.ts";
import { CalybrisError } from "@calybris/kernel";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  categoryIndexOf,
  FEATURE_MISSING,
  loadPrior,
  type Prior,
  type PriorFile,
  predictGainBps,
  priorDigestHex,
  scoreText,
  TEXT_READ_MAX_CHARACTERS,
} from "../../src/internal.ts";
import { regimeOf } from "../../src/router/regimes.ts";

const BUCKETS = 64;

function packed(values: readonly number[], bytes: 2 | 4): string {
  const buffer = Buffer.alloc(values.length * bytes);
  for (const [at, value] of values.entries()) {
    if (bytes === 2) buffer.writeUInt16LE(value, at * 2);
    else buffer.writeInt32LE(value, at * 4);
  }
  return buffer.toString("base64");
}

const LINEAR: Omit<PriorFile, "digest"> = {
  format: 1,
  features: [
    { name: "length", center: 100, spread: 50 },
    { name: "depth", center: 0, spread: 1 },
  ],
  categories: [{ name: "hard", gainBps: 2_000 }],
  categoryOtherBps: -500,
  head: { kind: "linear", interceptMillibps: 1_000_000, weightsMillibps: [500_000, -250_000] },
  boundariesBps: [-3_000, -1_000, 0, 500, 1_000, 2_000, 4_000],
};

/** length ≤ 100 ? −1,000 bps : (category adds ≤ 0 ? 3,000 : 5,000) bps. */
const TREES: Omit<PriorFile, "digest"> = {
  ...LINEAR,
  head: {
    kind: "trees",
    interceptMillibps: 0,
    roots: [0],
    nodeFeature: [0, -1, 2, -1, -1],
    nodeThreshold: [100, 0, 0, 0, 0],
    nodeLeft: [1, 0, 3, 0, 0],
    leafMillibps: [0, -1_000_000, 0, 3_000_000, 5_000_000],
  },
};

const TEXT: Omit<PriorFile, "digest"> = {
  ...LINEAR,
  text: {
    buckets: BUCKETS,
    rarities: packed(
      Array.from({ length: BUCKETS }, (_, at) => 64 + at),
      2,
    ),
    weights: packed(
      Array.from({ length: BUCKETS }, (_, at) => (at % 2 === 0 ? 16_000 : -8_000)),
      4,
    ),
  },
};

function sealed(file: Omit<PriorFile, "digest">): PriorFile {
  const digest = priorDigestHex(loadPrior({ ...file, digest: "" }, undefined, { isDigestChecked: false }));
  return { ...file, digest };
}

function loaded(file: Omit<PriorFile, "digest">): Prior {
  return loadPrior(JSON.parse(JSON.stringify(sealed(file))));
}

function mistakesOf(value: unknown): readonly string[] {
  try {
    loadPrior(value, "p.json");
  } catch (error) {
    if (error instanceof CalybrisError && error.code === "CAL_PRIOR_INVALID")
      return (error as EngineError<"CAL_PRIOR_INVALID">).details.mistakes.map(({ path }) => path);
    throw error;
  }
  return [];
}

describe("a linear prior", () => {
  const prior = loaded(LINEAR);

  test("adds up weights per spread, floored to a bps", () => {
    const other = categoryIndexOf(prior, undefined);
    expect(predictGainBps(prior, [100, 0], other, 0)).toBe(1_000 - 500);
    expect(predictGainBps(prior, [150, 0], other, 0)).toBe(1_000 + 500 - 500);
    expect(predictGainBps(prior, [150, 2], categoryIndexOf(prior, "hard"), 7)).toBe(1_000 + 500 - 500 + 2_000 + 7);
  });

  test("takes a missing feature for the usual one, and no feature for more than eight spreads", () => {
    const other = categoryIndexOf(prior, "never seen");
    expect(predictGainBps(prior, [FEATURE_MISSING, 0], other, 0)).toBe(predictGainBps(prior, [100, 0], other, 0));
    expect(predictGainBps(prior, [2_000_000_000, 0], other, 0)).toBe(predictGainBps(prior, [500, 0], other, 0));
  });

  test("stays within ±10,000 bps and whole, whatever it is asked", () => {
    const integer = fc.integer({ min: -2_147_483_648, max: 2_147_483_647 });
    fc.assert(
      fc.property(integer, integer, fc.integer({ min: -20_000, max: 20_000 }), (length, depth, text) => {
        for (const each of [prior, loaded(TREES)]) {
          const gain = predictGainBps(each, [length, depth], 0, text);
          expect(Number.isInteger(gain) && Math.abs(gain) <= 10_000).toBe(true);
        }
      }),
    );
  });

  test("cuts eight regimes: a gain at a boundary is above it", () => {
    expect([-9_000, -3_000, -1_001, 0, 4_000, 10_000].map((gain) => regimeOf([...prior.boundariesBps], gain))).toEqual([
      0, 1, 1, 3, 7, 7,
    ]);
  });
});

test("trees ask at most so much, of features, category and text", () => {
  const prior = loaded(TREES);
  const [hard, other] = [categoryIndexOf(prior, "hard"), categoryIndexOf(prior, undefined)];
  expect(predictGainBps(prior, [100, 0], hard, 0)).toBe(-1_000);
  expect(predictGainBps(prior, [101, 0], other, 0)).toBe(3_000);
  expect(predictGainBps(prior, [101, 0], hard, 0)).toBe(5_000);
  expect(predictGainBps(prior, [9, 9, 101, 0], hard, 0, 2)).toBe(5_000);
});

describe("text", () => {
  const prior = loaded(TEXT);

  test("scores the same text the same, before and after others", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (text, between) => {
        const score = scoreText(prior, text);
        scoreText(prior, between);
        expect(scoreText(prior, text)).toBe(score);
        expect(Number.isInteger(score) && Math.abs(score) <= 20_000).toBe(true);
      }),
    );
  });

  test("does not hear capitals, spaces or which digit; hears the order of words", () => {
    expect(scoreText(prior, "Solve 17  THINGS")).toBe(scoreText(prior, "solve 39 things"));
    expect(scoreText(prior, "alpha beta gamma")).not.toBe(scoreText(prior, "gamma alpha beta"));
    expect([scoreText(prior, ""), scoreText(prior, " \n\t")]).toEqual([0, 0]);
  });

  test("reads no further than its limit, and survives the worst that fits in it", () => {
    const long = "x y ".repeat(TEXT_READ_MAX_CHARACTERS / 4);
    expect(scoreText(prior, `${long} tail that nobody reads`)).toBe(scoreText(prior, long));
    expect(Number.isInteger(scoreText(prior, "\u4e00".repeat(100_000)))).toBe(true);
  });

  test("of another prior is never read by this one, and without a text there is no score", () => {
    expect(scoreText(loaded(LINEAR), "anything")).toBe(0);
  });
});

describe("a file", () => {
  test("is read back with the digest that it was sealed with", () => {
    for (const file of [LINEAR, TREES, TEXT]) expect(loaded(file).digestHex).toBe(sealed(file).digest);
  });

  test("with any number changed is refused by its digest", () => {
    const file = sealed(TEXT);
    const changed: unknown[] = [
      { ...file, boundariesBps: file.boundariesBps.with(6, 4_001) },
      { ...file, features: file.features.with(0, { name: "length", center: 101, spread: 50 }) },
      { ...file, features: file.features.with(0, { name: "lengths", center: 100, spread: 50 }) },
      { ...file, categoryOtherBps: -501 },
      { ...file, categories: [{ name: "hard", gainBps: 2_001 }] },
      { ...file, head: { ...file.head, interceptMillibps: 1_000_001 } },
      {
        ...file,
        text: {
          ...file.text,
          weights: packed(
            Array.from({ length: BUCKETS }, () => 1),
            4,
          ),
        },
      },
    ];
    for (const each of changed) expect(mistakesOf(each)).toEqual(["digest"]);
    expect(mistakesOf({ ...file, about: "a remark is not part of it" })).toEqual([]);
  });

  test.each([
    ["nothing", undefined, ""],
    ["a list", [], ""],
    ["another format", { ...LINEAR, format: 2 }, "format"],
    ["a member too many", { ...LINEAR, colour: 1 }, "colour"],
    ["a fraction", { ...LINEAR, categoryOtherBps: 0.5 }, "categoryOtherBps"],
    ["a spread of nothing", { ...LINEAR, features: [{ name: "x", center: 0, spread: 0 }] }, "features[0].spread"],
    ["a feature twice", { ...LINEAR, features: [LINEAR.features[0], LINEAR.features[0]] }, "features"],
    ["six boundaries", { ...LINEAR, boundariesBps: [1, 2, 3, 4, 5, 6] }, "boundariesBps"],
    ["boundaries that fall", { ...LINEAR, boundariesBps: [1, 2, 3, 5, 4, 6, 7] }, "boundariesBps"],
    ["a weight too few", { ...LINEAR, head: { ...LINEAR.head, weightsMillibps: [1] } }, "head.weightsMillibps"],
    ["another head", { ...LINEAR, head: { kind: "net" } }, "head.kind"],
    ["a child before its parent", { ...TREES, head: { ...TREES.head, nodeLeft: [1, 0, 1, 0, 0] } }, "head.nodeLeft[2]"],
    ["a child that is not there", { ...TREES, head: { ...TREES.head, nodeLeft: [4, 0, 3, 0, 0] } }, "head.nodeLeft[0]"],
    ["a root that is not there", { ...TREES, head: { ...TREES.head, roots: [9] } }, "head.roots"],
    [
      "a feature that is not there",
      { ...TREES, head: { ...TREES.head, nodeFeature: [4, -1, 2, -1, -1] } },
      "head.nodeFeature[0]",
    ],
    ["buckets that are no power of two", { ...TEXT, text: { ...TEXT.text, buckets: 63 } }, "text.buckets"],
    ["a bucket too few", { ...TEXT, text: { ...TEXT.text, weights: packed([1], 4) } }, "text.weights"],
    ["base64 with junk", { ...TEXT, text: { ...TEXT.text, rarities: `${TEXT.text?.rarities}!` } }, "text.rarities"],
  ])("that holds %s is refused, by its path", (_name, value, path) => {
    const given =
      typeof value === "object" && value !== null && !Array.isArray(value) ? { digest: "0", ...value } : value;
    expect(mistakesOf(given)).toContain(path);
  });

  test("of any JSON is read or refused with a code, never with a crash", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...Object.keys(LINEAR), "text", "digest"), (value, key) => {
        expect(Array.isArray(mistakesOf({ ...sealed(TEXT), [key]: value }))).toBe(true);
      }),
    );
  });
});
