import { PERIOD_UNITS, type PeriodRule, type PeriodUnit, microcents } from "@calybris/kernel";
import fc from "fast-check";
import { expect, test } from "vitest";
import { caseCount } from "../../../../test/share.ts";
import { periodAt } from "../../src/ledger/periods.ts";

/** Half-hour and quarter-hour offsets, days without a midnight, a day that never was (Apia), the far sides of the date line. */
const ZONES = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "America/St_Johns",
  "America/Sao_Paulo",
  "America/Havana",
  "Africa/Cairo",
  "Asia/Beirut",
  "Asia/Kathmandu",
  "Asia/Gaza",
  "Australia/Lord_Howe",
  "Pacific/Apia",
  "Pacific/Kiritimati",
  "Pacific/Chatham",
];
const CALENDARS = new Map(
  ZONES.map((timeZone) => [
    timeZone,
    new Intl.DateTimeFormat("en-US", {
      timeZone,
      calendar: "iso8601",
      year: "numeric",
      month: "numeric",
      day: "numeric",
    }),
  ]),
);

const US_PER_DAY = 86_400_000_000;
const FROM_US = Date.UTC(2005, 0, 1) * 1_000;
const TO_US = Date.UTC(2036, 0, 1) * 1_000;

/** Which period a time lies in, counted from far back: from the date that a wall clock there shows. */
function numberOf(every: PeriodUnit, timeZone: string, us: number): number {
  const parts = CALENDARS.get(timeZone)?.formatToParts(Math.floor(us / 1_000)) ?? [];
  const part = (type: string): number => Number(parts.find((found) => found.type === type)?.value);
  const [year, month] = [part("year"), part("month") - 1];
  const day = Date.UTC(year, month, part("day")) / 86_400_000;
  switch (every) {
    case "day":
      return day;
    case "week":
      return Math.floor((day + 3) / 7);
    case "month":
      return year * 12 + month;
    case "quarter":
      return year * 4 + Math.floor(month / 3);
  }
}

function rule(every: PeriodUnit, timeZone: string): PeriodRule {
  return { every, timeZone, allotmentMicrocents: microcents(0n) };
}

const every = fc.constantFrom(...PERIOD_UNITS);
const zone = fc.constantFrom(...ZONES);
const time = fc.integer({ min: FROM_US, max: TO_US });

test("a period holds its time, and every time whose date is in it by the wall clock there, and no other", () => {
  fc.assert(
    fc.property(every, zone, time, (unit, timeZone, at) => {
      const { index, startsAt, endsAt } = periodAt(rule(unit, timeZone), at, undefined);
      const number = numberOf(unit, timeZone, at);
      expect(index).toBe(1);
      expect(startsAt).toBeLessThanOrEqual(at);
      expect(endsAt).toBeGreaterThan(at);
      expect(numberOf(unit, timeZone, startsAt)).toBe(number);
      expect(numberOf(unit, timeZone, startsAt - 1)).toBeLessThan(number);
      expect(numberOf(unit, timeZone, endsAt - 1)).toBe(number);
      expect(numberOf(unit, timeZone, endsAt)).toBeGreaterThan(number);
    }),
    { numRuns: caseCount(2_000) },
  );
});

test("one period after another: each begins where the last ended, and is numbered one more", () => {
  fc.assert(
    fc.property(every, zone, time, (unit, timeZone, at) => {
      const first = periodAt(rule(unit, timeZone), at, undefined);
      const next = periodAt(rule(unit, timeZone), first.endsAt, first, rule(unit, timeZone));
      expect(next).toMatchObject({ index: 2, startsAt: first.endsAt });
    }),
    { numRuns: caseCount(1_000) },
  );
});

test("periods that were skipped are counted, whatever changed of the clock meanwhile", () => {
  fc.assert(
    fc.property(every, zone, time, fc.integer({ min: 0, max: 1_000 }), (unit, timeZone, at, days) => {
      // Apia never had 30 December 2011: a period that is no day is not counted, though the calendar has it.
      fc.pre(timeZone !== "Pacific/Apia");
      const before = periodAt(rule(unit, timeZone), at, undefined);
      const later = Math.max(before.endsAt, at + days * US_PER_DAY);
      const skipped = numberOf(unit, timeZone, later) - numberOf(unit, timeZone, at);
      expect(periodAt(rule(unit, timeZone), later, before, rule(unit, timeZone)).index).toBe(1 + skipped);
    }),
    { numRuns: caseCount(2_000) },
  );
});

test("an end that another time zone database put an hour or two off neither overlaps the next period nor skips one", () => {
  const shift = fc.integer({ min: -2 * 3_600_000_000, max: 2 * 3_600_000_000 });
  fc.assert(
    fc.property(every, zone, time, shift, (unit, timeZone, at, shiftUs) => {
      const first = periodAt(rule(unit, timeZone), at, undefined);
      const before = { ...first, endsAt: first.endsAt + shiftUs };
      const later = Math.max(first.endsAt, before.endsAt);
      const next = periodAt(rule(unit, timeZone), later, before, rule(unit, timeZone));
      expect(next).toMatchObject({ index: 2, startsAt: later });
    }),
    { numRuns: 500 },
  );
});

test("a rule that replaces another begins with its own calendar, and counts from the last end", () => {
  const [day, month] = [rule("day", "UTC"), rule("month", "UTC")];
  const noon = Date.UTC(2026, 0, 15, 12) * 1_000;
  const first = periodAt(day, noon, undefined);
  const next = periodAt(month, first.endsAt, first, day);
  expect(next).toEqual({ index: 2, startsAt: Date.UTC(2026, 0, 1) * 1_000, endsAt: Date.UTC(2026, 1, 1) * 1_000 });
});
