import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  loadPrior,
  type Prior,
  type PriorFile,
  priorDigestHex,
  scoreText,
  SHAPE_COUNT,
  SHAPE_NAMES,
  shapesOf,
  TEXT_READ_MAX_CHARACTERS,
} from "../../src/internal.ts";

// Goal: the shape of a text is what its names say, on every text, and a prior adds what its trees make of it.
// Method: a plain model by regular expressions beside the loop; files with mistakes; digests.

/** The same counts, each by a search of its own. */
function plainShape(whole: string): number[] {
  const text = whole.slice(0, TEXT_READ_MAX_CHARACTERS);
  const words = text.match(/[A-Za-z0-9_\u00c0-\uffff]+/g) ?? [];
  const count = (expression: RegExp): number => (text.match(expression) ?? []).length;
  const logarithm = (n: number): number => {
    const power = Math.floor(Math.log2(n + 1));
    return 64 * power + Math.floor((64 * (n + 1 - 2 ** power)) / 2 ** power);
  };
  return [
    ...[
      text.length,
      words.length,
      1 + count(/\n/g),
      count(/[0-9]/g),
      count(/[A-Z]/g),
      count(/[,.!:]/g),
      count(/\?/g),
      count(/[()[\]{};]/g),
      count(/[-+*/=^$%<>\\]/g),
      count(/["'`]/g),
      count(/[\u00c0-\uffff]/g),
      Math.max(0, ...words.map((word) => word.length)),
    ].map(logarithm),
    words.length === 0 ? 0 : Math.floor((64 * words.join("").length) / words.length),
  ];
}

function shapeOf(text: string): number[] {
  const shapes = new Int32Array(SHAPE_COUNT);
  shapesOf(text, shapes);
  return [...shapes];
}

test("the shape of any text is that of a plain model, before and after others", () => {
  const character = fc.oneof(
    fc.constantFrom(...' \n\t,.!:?()[]{};+-*/=^$%<>\\"`_aZ09é€\u00bf\u00a0'.split("")),
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
  );
  fc.assert(
    fc.property(fc.array(character, { maxLength: 80 }), fc.nat({ max: 200 }), (characters, repeats) => {
      const text = characters.join("").repeat(repeats);
      expect(shapeOf(text)).toEqual(plainShape(text));
    }),
  );
});

test("each shape has a name, and a text shows each", () => {
  expect(SHAPE_NAMES).toHaveLength(13);
  const shape = shapeOf('Is 12 + 3 "more" than {ten}?\nÉtude, no.');
  expect(shape.every((each) => each > 0)).toBe(true);
  expect(shapeOf("")).toEqual([0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
});

const BUCKETS = 4;

/** More than seven digits add 500 bps; without words of its own. */
const FILE: Omit<PriorFile, "digest"> = {
  format: 3,
  features: [],
  categories: [],
  categoryOtherBps: 0,
  head: { kind: "linear", interceptMillibps: 0, weightsMillibps: [] },
  text: {
    buckets: BUCKETS,
    rarities: Buffer.alloc(BUCKETS * 2).toString("base64"),
    weights: Buffer.alloc(BUCKETS * 4).toString("base64"),
    shapes: {
      roots: [0],
      nodeFeature: [3, -1, -1],
      nodeThreshold: [64 * 3, 0, 0],
      nodeLeft: [1, 0, 0],
      leafMillibps: [0, -1_500, 500_000],
    },
  },
  boundariesBps: [0, 0, 0, 0, 0, 0, 0],
};

function unsealed(file: object): Prior {
  return loadPrior(JSON.parse(JSON.stringify({ ...file, digest: "" })), undefined, { isDigestChecked: false });
}

function withShapes(change: object): object {
  return { ...FILE, text: { ...FILE.text, shapes: { ...FILE.text?.shapes, ...change } } };
}

describe("a prior that reads shapes", () => {
  const prior = unsealed(FILE);

  test("adds what its trees make of a text, rounded down, and nothing for an empty one", () => {
    expect(["1234567", "12345678", "no digits", ""].map((text) => scoreText(prior, text))).toEqual([-2, 500, -2, 0]);
  });

  test("keeps its score within ±20,000 bps", () => {
    const most = unsealed(withShapes({ leafMillibps: [0, -2_147_483_647, 2_147_483_647] }));
    expect(["x", "123456789"].map((text) => scoreText(most, text))).toEqual([-20_000, 20_000]);
  });

  test.each([
    { roots: [1] },
    { nodeFeature: [4, -1, -1] },
    { nodeThreshold: [191, 0, 0] },
    { leafMillibps: [0, -1_501, 500_000] },
  ])("has another digest with %o", (change) => {
    expect(priorDigestHex(unsealed(withShapes(change)))).not.toBe(priorDigestHex(prior));
  });

  test.each([
    ["a shape that is not there", withShapes({ nodeFeature: [13, -1, -1] }), /text\.shapes\.nodeFeature\[0\]/],
    ["a child before its parent", withShapes({ nodeLeft: [0, 0, 0] }), /text\.shapes\.nodeLeft\[0\]/],
    ["a root that is not there", withShapes({ roots: [3] }), /text\.shapes\.roots/],
    ["lists of unequal length", withShapes({ nodeLeft: [1] }), /text\.shapes/],
    ["a member too many", withShapes({ intercept: 1 }), /text\.shapes\.intercept/],
    ["the format of a file without shapes", { ...FILE, format: 1 }, /format/],
    ["the format of a file with success", { ...FILE, format: 2 }, /format/],
  ])("and holds %s is refused", (_name, file, path) => {
    expect(() => unsealed(file)).toThrow(
      expect.objectContaining({ code: "CAL_PRIOR_INVALID", message: expect.stringMatching(path) }),
    );
  });

  test("without shapes is not of format 3", () => {
    const { shapes: _shapes, ...text } = FILE.text ?? { shapes: undefined };
    expect(() => unsealed({ ...FILE, text })).toThrow(/format/);
  });
});
