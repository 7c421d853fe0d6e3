import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { amountOf, countOf, dayOf } from "../src/cells.ts";

describe("a count", () => {
  test.each([
    ["0", 0],
    ["1234", 1_234],
    ["1,234,567", 1_234_567],
    ["3.0", 3],
    ["1.234e3", 1_234],
    ["1E6", 1_000_000],
    ["1000000000000", 1_000_000_000_000],
  ])("%s is %d", (cell, count) => {
    expect(countOf(cell)).toBe(count);
  });

  test.each([
    "",
    "-1",
    "1.5",
    "1e-3",
    "1e13",
    "1,23",
    "0,123",
    "NaN",
    "Infinity",
    "0x10",
    "1e999",
    ".",
    "١٢",
    "1 000",
    "1.000",
    "12.000.000",
    "1000000000001",
  ])("%s is none", (cell) => {
    expect(countOf(cell)).toBeUndefined();
  });

  test("written as any program writes it, is read back exactly", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000_000_000 }), (count) => {
        for (const text of [String(count), `${count}.0`, count.toExponential(), count.toLocaleString("en")])
          expect(countOf(text)).toBe(count);
      }),
    );
  });
});

describe("an amount", () => {
  test.each([
    ["0.0125", "dollars", 1_250_000],
    ["$0.0125", "dollars", 1_250_000],
    ["1.5e-05", "dollars", 1_500],
    ["1e-9", "dollars", 0],
    ["5e-9", "dollars", 1],
    ["1,234.56", "dollars", 123_456_000_000],
    ["0,0125", "dollars", 1_250_000],
    [",5", "dollars", 50_000_000],
    ["1.234,56", "dollars", 123_456_000_000],
    ["0,125", "dollars", 12_500_000],
    ["12.5", "cents", 12_500_000],
    ["7", "microcents", 7],
  ] as const)("%s %s is %d microcents", (cell, unit, microcents) => {
    expect(amountOf(cell, unit)).toBe(microcents);
  });

  // `1,234` is a thousand in one country and a fraction in another.
  test.each(["", "-0.01", "1,234", "0,12,3", "1.23,4", "€1", "NaN", "1e20", "$", "1.2.3"])("%s is none", (cell) => {
    expect(amountOf(cell, "dollars")).toBeUndefined();
  });

  test("is the nearest microcent of its digits", () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.stringMatching(/^[0-9]{1,20}$/), (whole, fraction) => {
        const digits = BigInt(whole) * 10n ** 20n + BigInt(fraction.padEnd(20, "0"));
        const nearest = (digits + 10n ** 12n / 2n) / 10n ** 12n;
        expect(amountOf(`${whole}.${fraction}`, "dollars")).toBe(Number(nearest));
      }),
    );
  });
});

describe("a day", () => {
  test.each([
    ["2026-03-01", "2026-03-01"],
    ["2026-03-01T23:59:59.999Z", "2026-03-01"],
    ["2026-03-01 10:00:00.1234567", "2026-03-01"],
    ["2026-03-01T23:30:00-05:00", "2026-03-02"],
    ["2026-03-01T00:30:00+02:00", "2026-02-28"],
    ["2026-03-01T00:00:00+00:00", "2026-03-01"],
    ["2026-03-01 10:00:00.123+00", "2026-03-01"],
    ["2026-03-01 23:30:00-05", "2026-03-02"],
    ["2026-03-01 23:30:00,5-0500", "2026-03-02"],
    ["2026/3/1", "2026-03-01"],
    ["2026/03/01 10:00", "2026-03-01"],
    ["31.12.2025", "2025-12-31"],
    ["1.3.2026 14:05", "2026-03-01"],
    ["1772323200", "2026-03-01"],
    ["1772323200000", "2026-03-01"],
    ["1772323200000000", "2026-03-01"],
    ["1772323200.5", "2026-03-01"],
  ])("of %s is %s", (cell, day) => {
    expect(dayOf(cell)).toBe(day);
  });

  test.each([
    "",
    "2026-02-30",
    "2026-13-01",
    "01/02/2026",
    "12.31.2025",
    "30.2.2026",
    "1.2.3",
    "1.3.20261",
    "yesterday",
    "20260301",
    "2026-03-01T25:00:00+01:00",
  ])("of %s is unknown", (cell) => {
    expect(dayOf(cell)).toBeUndefined();
  });
});
