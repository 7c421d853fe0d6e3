import type { DecisionEntry } from "@calybris/kernel";
import fc from "fast-check";
import { expect, test } from "vitest";
import { repeatedPrints, RequestPrints, SuspectedIds } from "../../src/verify/request-prints.ts";

// Goal: a request id that is decided twice within the retention is found, however far apart and in whatever ranges, and nothing else.
// Method: random ids beside a map of the latest decision of each; blocks of 4 records, so that most are read from the file.

const DAY_US = 24 * 3_600 * 1_000_000;
const BLOCK = 4;

interface Asked {
  readonly id: string | undefined;
  readonly tenant: string | undefined;
  readonly afterUs: number;
  readonly isCut: boolean;
}

const asked: fc.Arbitrary<Asked> = fc.record({
  id: fc.option(fc.integer({ min: 0, max: 120 }).map(String), { nil: undefined, freq: 9 }),
  tenant: fc.constantFrom(undefined, "a", "ab"),
  afterUs: fc.constantFrom(0, 1, 1, 1, 1, 1, DAY_US),
  isCut: fc.integer({ min: 0, max: 30 }).map((at) => at === 0),
});

function entryOf({ id, tenant }: Asked, number: number): DecisionEntry {
  return { requestId: id, tenant, defaulted: [], request: { sequence: BigInt(number) } } as unknown as DecisionEntry;
}

test("what is repeated within 7 days is found in ranges as in one map, and said of the later decision", () => {
  let [repeats, lone] = [0, 0];
  fc.assert(
    fc.property(fc.array(asked, { maxLength: 300, size: "max" }), (all) => {
      const latest = new Map<string, { number: number; at: number }>();
      const expected: (number | undefined)[] = [];
      const ranges = [new RequestPrints(BLOCK)];
      const entries: (readonly [DecisionEntry, number])[] = [];
      let at = 0;
      for (const [index, each] of all.entries()) {
        at += each.afterUs;
        const entry = entryOf(each, index + 1);
        entries.push([entry, at]);
        if (each.isCut) ranges.push(new RequestPrints(BLOCK));
        expect(ranges.at(-1)?.take(entry, at)).toBeUndefined();
        const before = latest.get(`${each.tenant}/${each.id}`);
        const isRepeated = each.id !== undefined && before !== undefined && at - before.at <= 7 * DAY_US;
        expected.push(isRepeated ? before?.number : undefined);
        if (each.id !== undefined) latest.set(`${each.tenant}/${each.id}`, { number: index + 1, at });
      }
      const prints = repeatedPrints(
        ranges.map(({ written }) => written),
        BLOCK,
      );
      for (const range of ranges) range.close();
      const suspected = new SuspectedIds(prints);
      expect(entries.map(([entry, when]) => suspected.take(entry, when))).toEqual(expected);
      const isAny = expected.some((number) => number !== undefined);
      expect(prints.size > 0).toBe(isAny);
      if (isAny) repeats += 1;
      else lone += 1;
    }),
    { numRuns: 60 },
  );
  expect(repeats).toBeGreaterThan(5);
  expect(lone).toBeGreaterThan(1);
});
