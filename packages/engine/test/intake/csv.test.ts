import { CalybrisError } from "@calybris/kernel";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { COLUMNS_MAX, type CsvOptions, type CsvRow, csvRows, LINE_MAX_BYTES } from "../../src/intake/intake.ts";

async function read(chunks: readonly (string | Uint8Array)[], options: Partial<CsvOptions> = {}): Promise<CsvRow[]> {
  const source = (async function* () {
    yield* chunks;
  })();
  const rows: CsvRow[] = [];
  for await (const row of csvRows(source, { file: "t.csv", ...options })) rows.push(row);
  return rows;
}

async function problemOf(chunks: readonly string[], options: Partial<CsvOptions> = {}): Promise<unknown> {
  const error = await read(chunks, options).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof CalybrisError)) throw error;
  expect(error.code).toBe("CAL_INPUT_MALFORMED");
  return error.details;
}

describe("a table", () => {
  test("gives back its cells, whatever they hold and however it comes in chunks", async () => {
    const cell = fc.string({ unit: fc.constantFrom("a", "é", "😀", ",", ";", '"', "\n", " ", "0") });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, cell), { maxLength: 5 }),
        fc.constantFrom(",", ";"),
        fc.integer({ min: 1, max: 7 }),
        fc.boolean(),
        async (rows, delimiter, chunkBytes, hasMark) => {
          const quoted = rows.map((cells) => cells.map((text) => `"${text.replaceAll('"', '""')}"`).join(delimiter));
          const bytes = Buffer.from(`${hasMark ? "\ufeff" : ""}one${delimiter}two\n${quoted.join("\n")}\n`);
          const chunks = Array.from({ length: Math.ceil(bytes.length / chunkBytes) }, (_, index) =>
            bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes),
          );
          const found = (await read(chunks, { delimiter })).map(({ cells }) => [cells["one"], cells["two"]]);
          expect(found).toEqual(rows);
        },
      ),
      { numRuns: 100 },
    );
  });

  test("gives the line on which a row ends, also behind line breaks in a cell", async () => {
    expect((await read(['a,b\n1,2\n\n"x\ny",3\n4,5\n'])).map(({ line }) => line)).toEqual([2, 5, 6]);
  });

  test.each<[string, string[], RegExp, number | undefined]>([
    ["a column twice", ["a,b,a\n1,2,3\n"], /^has a duplicate column "a"$/, 1],
    ["a column that is no member", ["a,__proto__\n1,2\n"], /"__proto__", which is not allowed$/, 1],
    [
      "more columns than are read",
      [`${Array.from({ length: COLUMNS_MAX + 1 }, (_, at) => at).join()}\n`],
      /more than/,
      1,
    ],
    ["a row that is too short", ["a,b\n1,2\n3\n"], /^is not CSV/, 3],
    ["a quote that never closes", ['a\n"1\n'], /^is not CSV/, undefined],
  ])("with %s is refused", async (_name, chunks, problem, line) => {
    const details = (await problemOf(chunks)) as { readonly problem: string; readonly line?: number };
    expect(details.problem).toMatch(problem);
    if (line !== undefined) expect(details.line).toBe(line);
  });

  test("whose quote never closes is refused before it is in memory", async () => {
    let taken = 0;
    const endless = (async function* () {
      yield 'a\n"';
      for (;;) {
        taken += 1_000_000;
        yield "x".repeat(1_000_000);
      }
    })();
    const rows = csvRows(endless, { file: "t.csv" });
    await expect(rows.next()).rejects.toMatchObject({ code: "CAL_INPUT_MALFORMED" });
    expect(taken).toBeLessThan(3 * LINE_MAX_BYTES);
  });

  test("is not read when its reader refuses the header", async () => {
    const refusal = new CalybrisError("CAL_INPUT_MALFORMED", { file: "t.csv", problem: "lacks a column" });
    const checkHeader = (): void => {
      throw refusal;
    };
    await expect(read(["a\n1\n"], { checkHeader })).rejects.toBe(refusal);
  });
});
