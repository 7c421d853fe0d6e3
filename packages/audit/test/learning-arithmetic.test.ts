/**
 * The arithmetic of learning, written twice: engine and audit agree at the ends of every range, which random histories
 * rarely reach.
 */
import { loadPrior } from "@calybris/engine";
import { expectFromPrior, nodeSha256, predictGainBps, samplingTable } from "@calybris/engine/internal";
import { CalybrisError, type ExactJson, FEATURE_MISSING } from "@calybris/kernel";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Statistics } from "../../engine/src/router/statistics.ts";
import { standardisedScore } from "../../engine/src/router/regimes.ts";
import { linearPrior, treesPrior } from "../../engine/test/support/linear-prior.ts";
import { priorDigest } from "../src/learning/prior-digest.ts";
import { readPrior } from "../src/learning/prior-json.ts";
import { priorExpectation, priorScore, standardScore } from "../src/learning/score.ts";
import { isTableOf } from "../src/learning/table.ts";
import { Usual } from "../src/learning/usual.ts";

const COUNT_MAX = 2_000_000_000;
const count = fc.oneof(
  fc.constantFrom(10_000, 10_001, 20_000, 5_010_000, COUNT_MAX - 1, COUNT_MAX),
  fc.integer({ min: 10_000, max: 600_000 }),
  fc.integer({ min: 10_000, max: COUNT_MAX }),
);
const feature = fc.oneof(
  fc.constantFrom(FEATURE_MISSING, FEATURE_MISSING + 1, -1, 0, 1, 2 ** 24, 2 ** 24 + 1, 2 ** 31 - 1),
  fc.integer({ min: -50, max: 50 }),
  fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 31 - 1 }),
);

test("every table that the engine makes is the one that the audit expects, whatever the counts", () => {
  const beliefs = fc.array(fc.tuple(count, count), { minLength: 1, maxLength: 8 });
  const exploration = fc.oneof(fc.constantFrom(1, 500, 9_999, 10_000), fc.integer({ min: 1, max: 10_000 }));
  fc.assert(
    fc.property(beliefs, exploration, (arms, explorationBps) => {
      const [alpha, beta] = [arms.map(([a]) => a), arms.map(([, b]) => b)];
      const table = samplingTable(alpha, beta, explorationBps);
      const tiers = arms.map((_, tier) => tier);
      expect(isTableOf({ kind: "belief", regime: 0, tiers, alpha, beta, table }, explorationBps)).toBe(true);
    }),
    { numRuns: 600 },
  );
});

test("a prior scores a request alike in both, at the ends of every feature and of the text's score", () => {
  const weight = fc.oneof(fc.constantFrom(0, 1, -1, 2 ** 31 - 1, -(2 ** 31) + 1), fc.integer({ min: -3e6, max: 3e6 }));
  const names = ["load", "size"];
  const prior = fc.oneof(
    weight.map((each) => linearPrior({ names, weight: each })),
    fc.constant(treesPrior(names)),
  );
  const text = fc.oneof(
    fc.constant(0),
    feature.filter((value) => value !== FEATURE_MISSING),
  );
  fc.assert(
    fc.property(
      prior,
      fc.tuple(feature, feature),
      text,
      fc.constantFrom("other", "unheard"),
      (file, values, score, name) => {
        const loaded = loadPrior(file);
        const category = name === "other" ? 0 : 1;
        const prior = readPrior(file as ExactJson);
        expect(priorScore(prior)(values, name, score)).toBe(predictGainBps(loaded, values, category, score));
        expect(prior.boundariesBps).toEqual([...loaded.boundariesBps]);
      },
    ),
    { numRuns: 500 },
  );
});

test("success is expected alike in both, of each tier and at the ends of every weight", () => {
  const weight = fc.oneof(fc.constantFrom(0, 1, -1, 2 ** 31 - 1), fc.integer({ min: -3e6, max: 3e6 }));
  const head = fc.record({
    interceptMillibps: weight,
    weightsMillibps: fc.tuple(weight, weight),
    categoriesBps: fc.tuple(fc.integer({ min: -20_000, max: 20_000 }), fc.integer({ min: -20_000, max: 20_000 })),
    gainThousandths: fc.oneof(fc.constantFrom(-10_000, 0, 10_000), fc.integer({ min: -900, max: 900 })),
  });
  const gain = fc.oneof(fc.constantFrom(-10_000, -1, 0, 1, 10_000), fc.integer({ min: -10_000, max: 10_000 }));
  fc.assert(
    fc.property(
      fc.array(head, { minLength: 1, maxLength: 8 }),
      fc.tuple(feature, feature),
      gain,
      fc.integer({ min: 1, max: 8 }),
      fc.constantFrom("other", "unheard"),
      (success, values, gainBps, tierCount, name) => {
        const file = linearPrior({ names: ["load", "size"], success });
        const out: number[] = [];
        expectFromPrior(loadPrior(file), values, name === "other" ? 0 : 1, gainBps, tierCount, out);
        expect(priorExpectation(readPrior(file as ExactJson))?.(values, name, gainBps, tierCount)).toEqual(out);
        const isOneEach = success.length === tierCount && tierCount > 1;
        if (!isOneEach && tierCount > 1) expect((out.at(-1) ?? 0) - (out[0] ?? 0)).toBe(gainBps);
        for (const each of out) expect(Math.abs(each)).toBeLessThanOrEqual(20_000);
      },
    ),
    { numRuns: 500 },
  );
});

test("a prior with success has another digest than without, in both, and no other format", () => {
  const head = { interceptMillibps: 1, weightsMillibps: [2], categoriesBps: [3, 4], gainThousandths: 5 };
  const names = ["load"];
  const digests = [undefined, [head], [{ ...head, gainThousandths: 6 }], [head, head]].map((success) => {
    const file = linearPrior(success === undefined ? { names } : { names, success });
    const digest = priorDigest(readPrior(file as ExactJson), nodeSha256);
    expect(digest).toBe(loadPrior(file).digestHex);
    return digest;
  });
  expect(new Set(digests).size).toBe(4);
  for (const change of [
    { format: 1 },
    { format: 2, success: undefined },
    { success: [{ ...head, categoriesBps: [3] }] },
  ]) {
    const file = JSON.parse(JSON.stringify({ ...linearPrior({ names, success: [head] }), ...change }));
    expect(() => loadPrior(file)).toThrow(CalybrisError);
    expect(() => readPrior(file)).toThrow(RangeError);
  }
});

test("a prior that reads shapes of a text has one digest in both, and both refuse the same mistakes", () => {
  const shapes = {
    roots: [0],
    nodeFeature: [12, -1, -1],
    nodeThreshold: [-7, 0, 0],
    nodeLeft: [1, 0, 0],
    leafMillibps: [0, -(2 ** 31) + 1, 2 ** 31 - 1],
  };
  const { text, ...plain } = linearPrior({ names: ["load"], text: true }) as { readonly text: object };
  const fileWith = (change: object, format = 3): object => ({
    ...plain,
    format,
    text: { ...text, shapes: { ...shapes, ...change } },
  });
  const digest = priorDigest(readPrior(fileWith({}) as ExactJson), nodeSha256);
  expect(digest).toBe(loadPrior(fileWith({}), undefined, { isDigestChecked: false }).digestHex);
  expect(priorDigest(readPrior(fileWith({ roots: [1] }) as ExactJson), nodeSha256)).not.toBe(digest);
  for (const file of [
    fileWith({}, 1),
    fileWith({}, 2),
    fileWith({ nodeFeature: [13, -1, -1] }),
    fileWith({ nodeLeft: [0, 0, 0] }),
    fileWith({ roots: [3] }),
    fileWith({ leafMillibps: [0, 0] }),
    fileWith({ depth: 1 }),
    { ...plain, format: 3, text },
  ]) {
    expect(() => loadPrior(file, undefined, { isDigestChecked: false })).toThrow(CalybrisError);
    expect(() => readPrior(file as ExactJson)).toThrow(RangeError);
  }
});

test("what is usual of a feature is the same in both, also long after the memory is full", () => {
  const stream = fc.record({
    values: fc.array(feature, { minLength: 1, maxLength: 40 }),
    repeats: fc.constantFrom(1, 3, 60),
    probe: feature,
  });
  fc.assert(
    fc.property(fc.array(stream, { minLength: 1, maxLength: 3 }), (streams) => {
      const [statistics, usual] = [new Statistics(1, 1), new Usual(1)];
      for (const { values, repeats, probe } of streams) {
        for (let repeat = 0; repeat < repeats; repeat++)
          for (const value of values) {
            statistics.add(0, [value]);
            usual.take([value]);
          }
        const standard = { means: [statistics.mean(0, 0)], deviations: [statistics.deviation(0, 0)] };
        expect(usual).toMatchObject({ requests: statistics.count(0), ...standard });
        expect(usual.isUnlike([probe])).toBe(statistics.isAnomalous(0, [probe]));
        expect(standardScore(standard)([probe], "", 0)).toBe(standardisedScore(standard, [probe]));
      }
    }),
    { numRuns: 300 },
  );
});
