import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ESTIMATES_FILE, type Estimators, EstimatesFile } from "../../src/reserve/estimates-file.ts";
import { UsageEstimator } from "../../src/reserve/usage-estimator.ts";

// Goal: a process goes on from what the one before has learned; whatever is in the file, it starts, and estimates are those of calls.

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "calybris-estimates-"));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const fresh = (): Estimators => ({ input: new UsageEstimator(500), output: new UsageEstimator(500) });
const call = fc.record({
  kind: fc.constantFrom("openai plain", "anthropic tools", "__proto__"),
  size: fc.integer({ min: 1, max: 1_000_000 }),
  tokens: fc.nat(1_000_000),
});

test("an estimator that goes on from another gives its estimates, and the same ones after further calls", () => {
  fc.assert(
    fc.property(fc.array(call, { maxLength: 80 }), fc.array(call, { maxLength: 40 }), (before, after) => {
      const one = new UsageEstimator(500);
      for (const { kind, size, tokens } of before) one.note(kind, size, tokens);
      const other = new UsageEstimator(500);
      expect(other.restore(JSON.parse(JSON.stringify(one.learned())) as ReturnType<typeof one.learned>)).toBe(true);
      for (const { kind, size, tokens } of after) {
        one.note(kind, size, tokens);
        other.note(kind, size, tokens);
        expect(other.tokens(kind, size)).toBe(one.tokens(kind, size));
        expect(other.median(kind, size)).toBe(one.median(kind, size));
      }
      expect(other.learned()).toEqual(one.learned());
    }),
    { numRuns: 40 },
  );
});

test("both generations of calls are kept", () => {
  const one = new UsageEstimator(500);
  for (let number = 0; number < 3_000; number += 1) one.note("k", 1_000, 100 + (number % 7));
  const other = new UsageEstimator(500);
  expect(other.restore(one.learned())).toBe(true);
  // 1,096 more fill the generation, and only then is the first one forgotten.
  for (const estimator of [one, other]) for (let more = 0; more < 1_200; more += 1) estimator.note("k", 1_000, 9);
  expect(other.learned()).toEqual(one.learned());
});

test("what was learned is read by the next process, and nothing is left beside the file", async () => {
  const first = fresh();
  const file = await EstimatesFile.open(place, first);
  for (let number = 0; number < 50; number += 1) {
    first.input.note("k", 1_000, 250);
    first.output.note("k", 1, 40);
  }
  await file.close();
  expect(readdirSync(place)).toEqual([ESTIMATES_FILE]);
  const second = fresh();
  await (await EstimatesFile.open(place, second)).close();
  expect(second.input.tokens("k", 2_000)).toBe(first.input.tokens("k", 2_000));
  expect(second.output.median("k", 1)).toBe(first.output.median("k", 1));
});

test("a file that is no file of estimates is as good as none, and is replaced", async () => {
  const written = (changes: object): string =>
    JSON.stringify({ version: 1, input: [{ kind: "k", current: [[5, 30]], before: [] }], output: [], ...changes });
  const wrong = [
    "",
    "{",
    "null",
    written({ version: 2 }),
    written({ more: 1 }),
    written({ input: [{ kind: "k", current: [[-1, 1]], before: [] }] }),
    written({ input: [{ kind: "k", current: [[464, 1]], before: [] }] }),
    written({ input: [{ kind: "k", current: [[5, 2_049]], before: [] }] }),
    written({
      input: [
        {
          kind: "k",
          current: [
            [5, 2_000],
            [6, 2_000],
          ],
          before: [],
        },
      ],
    }),
    written({ input: [{ kind: "k", current: [[5, 1.5]], before: [] }] }),
  ];
  for (const text of wrong) {
    writeFileSync(join(place, ESTIMATES_FILE), text);
    const estimators = fresh();
    const file = await EstimatesFile.open(place, estimators);
    expect(estimators.input.learned()).toEqual([]);
    estimators.input.note("k", 10, 10);
    await file.close();
    expect(JSON.parse(readFileSync(join(place, ESTIMATES_FILE), "utf8"))).toMatchObject({ version: 1 });
  }
  writeFileSync(join(place, ESTIMATES_FILE), written({}));
  const estimators = fresh();
  await (await EstimatesFile.open(place, estimators)).close();
  expect(estimators.input.learned()).toHaveLength(1);
});

test("a folder that cannot be written stops nothing", async () => {
  const estimators = fresh();
  const file = await EstimatesFile.open(join(place, "absent"), estimators);
  estimators.input.note("k", 10, 10);
  await expect(file.close()).resolves.toBeUndefined();
});
