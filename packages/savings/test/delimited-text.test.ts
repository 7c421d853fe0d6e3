import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { caseCount } from "../../../test/share.ts";
import { DelimitedText, RECORD_CHARACTERS_MAX, sniffDelimiter } from "../src/delimited-text.ts";

interface Read {
  readonly rows: (readonly string[])[];
  readonly lines: number[];
  readonly bad: (readonly [number, string])[];
}

function read(text: string, cuts: readonly number[] = [], delimiter = ","): Read {
  const found: Read = { rows: [], lines: [], bad: [] };
  const reader = new DelimitedText(delimiter, {
    row: (cells, line) => {
      found.rows.push(cells);
      found.lines.push(line);
    },
    bad: (line, problem) => found.bad.push([line, problem]),
  });
  let from = 0;
  for (const cut of [...cuts.map((share) => Math.floor(share * text.length)).sort((a, b) => a - b), text.length]) {
    reader.push(text.slice(from, cut));
    from = cut;
  }
  reader.end();
  return found;
}

// Goal: our reader is csv-parse wherever csv-parse reads the whole table. Method: tables of awkward cells, written with
// quotes where they are needed or not, cut into chunks anywhere.
const cell = fc.string({ unit: fc.constantFrom("a", "é", ",", '"', "\n", "\r\n", ";", "\t", "\0", " "), maxLength: 6 });
const quoted = (text: string, always: boolean): string =>
  always || /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

describe("a well-formed table", () => {
  test("is read as csv-parse reads it, wherever its chunks are cut", () => {
    const table = fc.integer({ min: 2, max: 4 }).chain((columns) => {
      const row = fc.array(fc.tuple(cell, fc.boolean()), { minLength: columns, maxLength: columns });
      return fc.array(row, { minLength: 1, maxLength: 6 });
    });
    const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 });
    fc.assert(
      fc.property(table, fc.constantFrom("\n", "\r\n"), cuts, fc.boolean(), (rows, end, at, isEnded) => {
        const text =
          rows.map((cells) => cells.map(([value, always]) => quoted(value, always)).join(",")).join(end) +
          (isEnded ? end : "");
        const expected = parse(text, {
          relax_column_count: true,
          record_delimiter: end,
          skip_empty_lines: true,
        }) as string[][];
        expect(read(text, at).rows).toEqual(expected);
      }),
      { numRuns: caseCount(2_000) },
    );
  });

  test("gives each row the line it begins on", () => {
    expect(read('a,b\r\n"1\n2",x\n\n3,y\r\n').lines).toEqual([1, 2, 5]);
  });
});

describe("a malformed row costs no other row", () => {
  test("a quote within a cell is a character", () => {
    expect(read('1,he said "hi"\n2,x"y\n3,z\n').rows).toEqual([
      ["1", 'he said "hi"'],
      ["2", 'x"y'],
      ["3", "z"],
    ]);
  });

  test("what follows a quoted cell belongs to it", () => {
    expect(read('1,"x"y\n2,z\n').rows).toEqual([
      ["1", "xy"],
      ["2", "z"],
    ]);
  });

  test("a quote that is never closed is reported by its line, and the lines after it are read", () => {
    const { rows, bad } = read('1,a\n2,"b\n3,c\n4,d\n');
    expect(rows).toEqual([
      ["1", "a"],
      ["3", "c"],
      ["4", "d"],
    ]);
    expect(bad).toEqual([[2, "opens a quote that is never closed"]]);
  });

  test("a quote that is closed by one of a later row costs no row but its own", () => {
    const { rows, bad } = read('a,b\n1,"x\n2,"y"\n3,"p\nq"\n4,"z"\n');
    expect(rows).toEqual([
      ["a", "b"],
      ["2", "y"],
      ["3", "p\nq"],
      ["4", "z"],
    ]);
    expect(bad).toEqual([[2, "opens a quote that closes amid a later row"]]);
  });

  test.each([
    ["plain", `1,a\n2,${"x".repeat(RECORD_CHARACTERS_MAX + 1)}\n3,c\n`],
    ["much longer", `1,a\n2,${"x".repeat(3 * RECORD_CHARACTERS_MAX)}\n3,c\n`],
    ["quoted", `1,a\n2,"${"x".repeat(RECORD_CHARACTERS_MAX + 1)}\n3,c\n`],
  ])("a %s cell beyond the bound is reported, in chunks or whole", (_kind, text) => {
    for (const cuts of [[], [0.25, 0.5, 0.75], Array.from({ length: 50 }, (_, at) => at / 50)]) {
      const { rows, bad } = read(text, cuts);
      expect(rows).toEqual([
        ["1", "a"],
        ["3", "c"],
      ]);
      expect(bad.map(([line]) => line)).toEqual([2]);
    }
  });

  test("whatever the text, every line is read or reported, and nothing throws", () => {
    const text = fc.string({ unit: fc.constantFrom("a", ",", '"', "\n", "\r", "\0"), maxLength: 60 });
    fc.assert(
      fc.property(text, fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 }), (written, cuts) => {
        const whole = read(written);
        expect(read(written, cuts)).toEqual(whole);
        const characters = whole.rows
          .flat()
          .join("")
          .replaceAll(/[",\r\n]/g, "").length;
        const reported = whole.bad.length;
        const all = written.replaceAll(/[",\r\n]/g, "").length;
        if (reported === 0) expect(characters).toBe(all);
      }),
      { numRuns: caseCount(2_000) },
    );
  });
});

test.each([
  ["a,b,c", ","],
  ["a\tb\tc", "\t"],
  ["a;b;c,d", ";"],
  ["a|b", "|"],
  ['"a;b;c",d', ","],
  ["Tokens In Total;Tokens Out Total;Model", ";"],
  ["a^b^c", "^"],
  ["a b c", " "],
  ["alone", ","],
])("the delimiter of %j is %j", (header, delimiter) => {
  expect(sniffDelimiter(header)).toBe(delimiter);
});
