import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesText, counted } from "../../src/terminal/number-text.ts";
import { tableText } from "../../src/terminal/table.ts";

const widthOf = (text: string): number => Math.max(...text.split("\n").map((line) => [...line].length));

describe("a table", () => {
  const columns = ["<tenant", ">granted $", "<period"];

  test("fits the terminal, or becomes blocks; numbers are never cut", () => {
    const name = fc
      .string({ unit: "grapheme-ascii", minLength: 1, maxLength: 60 })
      .map((text) => text.replaceAll(/\s/g, "_"));
    const amount = fc.bigInt(0n, 10n ** 15n).map(String);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(name, amount, name), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 20, max: 200 }),
        (rows, width) => {
          const text = tableText(columns, rows, width);
          const isTable = text.startsWith("┌");
          if (isTable) expect(widthOf(text)).toBeLessThanOrEqual(width);
          for (const [, number] of rows) expect(text).toContain(number);
          if (!isTable)
            for (const [tenant, , period] of rows)
              expect(text).toMatch(new RegExp(`${escaped(tenant)}[^]*${escaped(period)}`));
        },
      ),
    );
  });

  test("without a width is as wide as its texts", () => {
    const long = "x".repeat(300);
    expect(tableText(columns, [[long, "1", "never"]], undefined)).toContain(long);
  });

  test("a cell that spans columns is whole where the table is not narrowed", () => {
    const spanning = { content: "not metered: it has no balance at all", colSpan: 2 };
    expect(tableText(columns, [["a", spanning]], 200)).toContain(spanning.content);
  });

  test("cuts its longest text first", () => {
    const text = tableText(columns, [["a-long-name-of-a-tenant", "12345", "soon"]], 40);
    expect(text).toContain("…");
    expect(text).toContain("12345");
    expect(text).toContain("soon");
  });
});

test.each([
  [0, "0 bytes"],
  [1, "1 byte"],
  [1023, "1,023 bytes"],
  [1536, "1.5 KiB"],
  [5 * 1024 ** 3, "5.0 GiB"],
])("%d bytes read %s", (bytes, text) => expect(bytesText(bytes)).toBe(text));

test("a count has its noun", () => {
  expect(counted(1, "entry", "entries")).toBe("1 entry");
  expect(counted(1_000_024, "entry", "entries")).toBe("1,000,024 entries");
});

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
}
