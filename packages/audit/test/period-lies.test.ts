/**
 * A writer that begins periods that cannot be: short ones, old ones, overlapping ones, ones that were never skipped. The
 * lengths are bounded without a time zone database, so what every zone really has must pass.
 */
import { type EntryBody, microcents, PERIOD_UNITS, type PeriodEntry, type PeriodRule } from "@calybris/kernel";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { caseCount } from "../../../test/share.ts";
import { periodAt } from "../../engine/src/ledger/periods.ts";
import { periodFaults } from "../src/period-check.ts";
import { auditOf, type Written } from "./rechain.ts";
import { AT, honest, instead, lie } from "./money-lies.ts";

const HOUR_US = 3_600_000_000;
const DAY_US = 24 * HOUR_US;
const at = honest[AT.thirdPeriod - 1]?.head.at as number;
const third = honest[AT.thirdPeriod - 1]?.body as PeriodEntry;
const second = honest[AT.secondPeriod - 1]?.body as PeriodEntry;
const rule = (every: PeriodRule["every"], timeZone = "UTC"): PeriodRule => ({
  every,
  timeZone,
  allotmentMicrocents: microcents(1n),
});

/** Periods of `org` in place of the last entry, one after another, each withdrawing what the one before left. */
function periods(...each: readonly Pick<PeriodEntry, "startsAt" | "endsAt">[]): readonly string[] {
  const entries: Written[] = each.map(({ startsAt, endsAt }, number) => {
    const index = third.index + 1 + number;
    const withdrawn = number === 0 ? 9_999n : 10_000n;
    const body: EntryBody = { ...third, index, startsAt, endsAt, withdrawnMicrocents: microcents(withdrawn) };
    const after = Math.max(third.endsAt, startsAt);
    return { head: { ...(honest[AT.seal - 1] as Written).head, at: after, kind: "period" }, body };
  });
  return auditOf([...honest.slice(0, AT.seal - 1), ...entries]).findings.map(({ expected }) => expected);
}

describe("a lie about a period is found at its entry", () => {
  test("an honest next month is none", () => {
    expect(periods({ startsAt: third.endsAt, endsAt: third.endsAt + 30 * DAY_US })).toEqual([]);
  });

  test("five months of one microsecond in one instant", () => {
    const short = Array.from({ length: 5 }, (_, number) => third.endsAt + number);
    const expected = periods(...short.map((startsAt) => ({ startsAt, endsAt: startsAt + 1 })));
    expect(expected.filter((text) => text.startsWith("a month of 644 to 748 hours"))).toHaveLength(5);
  });

  test("months that are over before they begin", () => {
    const [start, end] = [third.endsAt - 40 * DAY_US, third.endsAt - 10 * DAY_US];
    expect(periods({ startsAt: start, endsAt: end })).toEqual([
      `a period that contains ${third.endsAt}`,
      `a start at ${third.endsAt} or later, where the last period ended`,
    ]);
  });

  test.each<[string, Partial<PeriodEntry>, RegExp]>([
    ["one microsecond before the last one ends", { startsAt: second.endsAt - 1 }, /^a start at/],
    ["an index that skips a month where none was", { index: third.index + 1 }, /^an index that counts/],
    ["an index that leaves a skipped month out", { startsAt: at - HOUR_US, endsAt: at + 30 * DAY_US }, /^an index/],
    ["too long", { endsAt: third.startsAt + 32 * DAY_US }, /^a month of/],
    ["too short", { endsAt: third.startsAt + 26 * DAY_US }, /^a month of/],
    ["over before the entry", { endsAt: at - 61_000_000 }, /^a period that contains/],
  ])("one %s", (_what, change, expected) => {
    const found = lie({ [AT.thirdPeriod]: instead<PeriodEntry>(change) });
    const here = found.filter(({ sequence }) => sequence === AT.thirdPeriod);
    expect(here.some((finding) => expected.test(finding.expected))).toBe(true);
  });

  test("the first period of a tenant with another number", () => {
    const found = lie({ [AT.periodOrg]: instead<PeriodEntry>({ index: 2 }) });
    expect(found[0]).toMatchObject({ sequence: AT.periodOrg, expected: "period 1 as the first", found: "period 2" });
  });
});

describe("what a calendar has is none, whatever the zone", () => {
  const zone = fc.constantFrom(...Intl.supportedValuesOf("timeZone"));
  const every = fc.constantFrom(...PERIOD_UNITS);
  const FROM_US = Date.UTC(2018, 0, 1) * 1_000;
  const time = fc.integer({ min: FROM_US, max: Date.UTC(2037, 0, 1) * 1_000 });

  test("one after another, also when many were skipped or the rule was replaced", () => {
    const skip = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 400 * DAY_US }));
    fc.assert(
      fc.property(
        zone,
        every,
        zone,
        every,
        time,
        skip,
        fc.boolean(),
        (one, unit, two, other, start, skipUs, isSame) => {
          const before = rule(unit, one);
          const after = isSame ? before : rule(other, two);
          const first = periodAt(before, start, undefined);
          expect([...periodFaults(entryOf(first), before, undefined, start)]).toEqual([]);
          const later = first.endsAt + skipUs;
          const next = periodAt(after, later, first, before);
          expect([...periodFaults(entryOf(next), after, { period: first, rule: before }, later)]).toEqual([]);
        },
      ),
      { numRuns: caseCount(3_000) },
    );
  });

  test.each([
    ["Antarctica/Casey", "day", Date.UTC(2018, 2, 11), 27],
    ["Antarctica/Casey", "day", Date.UTC(2018, 9, 7), 21],
    ["Pacific/Apia", "week", Date.UTC(2011, 11, 28), 6 * 24],
  ] as const)("%s has a %s of other hours", (timeZone, unit, ms, lengthHours) => {
    const period = periodAt(rule(unit, timeZone), ms * 1_000, undefined);
    expect((period.endsAt - period.startsAt) / HOUR_US).toBe(lengthHours);
    expect([...periodFaults(entryOf(period), rule(unit, timeZone), undefined, ms * 1_000)]).toEqual([]);
  });
});

function entryOf(period: Pick<PeriodEntry, "index" | "startsAt" | "endsAt">): PeriodEntry {
  return { ...third, ...period };
}
