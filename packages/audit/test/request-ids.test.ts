import { REQUEST_ID_RETENTION_US, REQUEST_IDS_MAX } from "@calybris/engine/internal";
import { type DecisionEntry, sha256 } from "@calybris/kernel";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RETENTION_DECISIONS, RETENTION_US, RequestIds } from "../src/request-ids.ts";

// Goal: an id decided twice within the retention is found, and one that may be decided again is not.
// Method: beside the simplest model that could be right, a list of everything.

const entry = (number: number, requestId: string | undefined, tenant?: string, isNamed = true): DecisionEntry =>
  ({
    ...(requestId === undefined ? {} : { requestId }),
    defaulted: isNamed ? [] : ["tenant"],
    ...(tenant === undefined ? {} : { tenant }),
    request: { sequence: BigInt(number) },
  }) as unknown as DecisionEntry;

test("the retention is the engine's", () => {
  expect([RETENTION_US, RETENTION_DECISIONS]).toEqual([REQUEST_ID_RETENTION_US, REQUEST_IDS_MAX]);
});

describe("an id again", () => {
  test.each<[string, number, number, number | undefined]>([
    ["at once", 0, 1, 1],
    ["at the end of the retention", RETENTION_US, 1, 1],
    ["after the retention", RETENTION_US + 1, 1, undefined],
    ["as the last decision within the retention", 0, RETENTION_DECISIONS - 1, 1],
    ["after as many decisions as are retained", 0, RETENTION_DECISIONS, undefined],
  ])("%s", (_what, afterUs, afterDecisions, found) => {
    const ids = new RequestIds(sha256);
    expect(ids.take(entry(1, "one"), 5)).toBeUndefined();
    expect(ids.take(entry(1 + afterDecisions, "one"), 5 + afterUs)).toBe(found);
  });

  test.each<[string, DecisionEntry, DecisionEntry, number | undefined]>([
    ["of the same tenant", entry(1, "one", "acme"), entry(2, "one", "acme"), 1],
    ["of another tenant", entry(1, "one", "acme"), entry(2, "one", "other"), undefined],
    ["of nobody's, before and after default has a limit", entry(1, "one"), entry(2, "one", "default", false), 1],
    // One named the tenant and the other did not: their ids are apart.
    ["of nobody's and the tenant default", entry(1, "one"), entry(2, "one", "default"), undefined],
    ["of default, named and not", entry(1, "one", "default", false), entry(2, "one", "default"), undefined],
  ])("%s", (_what, first, second, found) => {
    const ids = new RequestIds(sha256);
    ids.take(first, 0);
    expect(ids.take(second, 0)).toBe(found);
  });
});

test("whatever was decided before, an id that is still compared is found by its last decision", () => {
  const step = fc.record({
    id: fc.option(fc.nat(40), { nil: undefined, freq: 6 }),
    us: fc.constantFrom(0, 1, RETENTION_US / 4),
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.array(step, { maxLength: 120 }), (idsMax, steps) => {
      const ids = new RequestIds(sha256, idsMax);
      const all: { readonly id: number; readonly number: number; readonly at: number }[] = [];
      let at = 0;
      for (const [index, { id, us }] of steps.entries()) {
        at += us;
        const found = ids.take(entry(index + 1, id === undefined ? undefined : `request ${id}`), at);
        if (id === undefined) continue;
        const before = all.findLast((each) => each.id === id);
        const since = all.slice(before === undefined ? 0 : all.indexOf(before)).map((each) => each.id);
        const isRetained = before !== undefined && at - before.at <= RETENTION_US;
        if (found !== undefined) expect(isRetained && found === before?.number).toBe(true);
        // The latest `idsMax` ids are always compared; whether more are is what `hasForgotten` says.
        else if (isRetained) expect(ids.hasForgotten && new Set(since).size > idsMax).toBe(true);
        all.push({ id, number: index + 1, at });
      }
    }),
    { numRuns: 300 },
  );
});

test("ten thousand ids are each found again, as the table grows", () => {
  const ids = new RequestIds(sha256);
  for (let number = 1; number <= 10_000; number++) expect(ids.take(entry(number, `id ${number}`), 0)).toBeUndefined();
  for (let number = 1; number <= 10_000; number += 97)
    expect(ids.take(entry(10_000 + number, `id ${number}`), 0)).toBe(number);
  expect(ids.hasForgotten).toBe(false);
});
