import { expect, test } from "vitest";
import { isTimeZone } from "../../src/intake/time-zone.ts";
import { periodAt } from "../../src/ledger/periods.ts";

const ZONES = [
  ...Intl.supportedValuesOf("timeZone"),
  "UTC",
  "GMT",
  "Asia/Calcutta",
  "US/Pacific",
  "Etc/GMT+5",
  "EST5EDT",
];

test("every zone of the platform is one, in any case, and periods can be computed in it", () => {
  expect(ZONES.length).toBeGreaterThan(300);
  for (const zone of ZONES) {
    expect([isTimeZone(zone), isTimeZone(zone.toUpperCase()), isTimeZone(zone.toLowerCase())], zone).toEqual([
      true,
      true,
      true,
    ]);
    const { startsAt, endsAt } = periodAt(
      { every: "day", timeZone: zone, allotmentMicrocents: 0n as never },
      0,
      undefined,
    );
    expect(startsAt <= 0 && endsAt > 0, zone).toBe(true);
  }
});

test.each([
  "",
  " ",
  "Mars/Olympus",
  "+02:00",
  "-05",
  "UTC+2",
  // The calendar takes a zone from a date; a file names the zone.
  "2020-01-01T00:00Z",
  "2020-01-01T00:00+01:00[Europe/Berlin]",
  "[Europe/Berlin]",
  "Europe/Berlin ",
  "Europe\u0000/Berlin",
  `Europe/${"x".repeat(2_000_000)}`,
])("%j is none", (name) => {
  expect(isTimeZone(name)).toBe(false);
});
