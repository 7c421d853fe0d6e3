import { describe, expect, test } from "vitest";
import { RECORD_CHARACTERS_MAX } from "../src/delimited-text.ts";
import { savings } from "../src/index.ts";
import { DOCUMENT_CHARACTERS_MAX } from "../src/table-text.ts";
import { CATALOG, reportOf } from "./exports.ts";

const BLANKS = Buffer.alloc(8 * 1024 * 1024, " ");

const HEADER = "model,input_tokens,output_tokens,cost,time,tag\n";
const GOOD = "gpt-4o,1000,1000,0.0125,2026-01-01,a\n";

describe("a bad row is reported by line and reason, and the rest is used", () => {
  test.each([
    ["negative tokens", "gpt-4o,-5,10,,,\n", /"input_tokens" is "-5", not a whole number/],
    ["a fraction of a token", "gpt-4o,1.5,10,,,\n", /"input_tokens" is "1.5"/],
    ["words for a number", "gpt-4o,many,10,,,\n", /"input_tokens" is "many"/],
    ["more tokens than any request has", "gpt-4o,1e30,10,,,\n", /"input_tokens" is "1e30"/],
    ["a negative cost", "gpt-4o,1,10,-0.01,,\n", /"cost" is "-0.01", not a cost in dollars/],
    ["a cost that may be a thousand or a fraction", 'gpt-4o,1,10,"1,234",,\n', /"cost" is "1,234"/],
    ["too few cells", "gpt-4o,1,10\n", /has 3 cells, but the header has 6/],
    ["too many cells", "gpt-4o,1,10,,,,,\n", /has 8 cells, but the header has 6/],
    ["nothing but a model", "gpt-4o,,,,,\n", /has neither tokens nor a cost/],
    ["a quote that is never closed", 'gpt-4o,1,10,,,"a\n', /opens a quote that is never closed/],
    ["a cell beyond any bound", `gpt-4o,1,10,,,${"x".repeat(RECORD_CHARACTERS_MAX)}\n`, /is longer than/],
    ["binary", `${"\u0000\u0001\u0002".repeat(20)}\n`, /has 1 cells/],
  ])("%s", async (_name, bad, problem) => {
    const { rows, badRows, total } = await reportOf(HEADER + GOOD + bad + GOOD);
    expect(rows).toMatchObject({ used: 2, bad: 1 });
    expect(badRows[0]).toMatchObject({ line: 3, problem: expect.stringMatching(problem) });
    expect(total.paidMicrocents).toBe(2_500_000n);
  });

  test("only the first bad rows are kept, all are counted", async () => {
    const { rows, badRows } = await reportOf(HEADER + GOOD + "gpt-4o,x,1,,,\n".repeat(5_000));
    expect([rows.bad, badRows.length]).toEqual([5_000, 20]);
  });
});

describe("what is unusual and no mistake", () => {
  test.each([
    ["scientific notation", "gpt-4o,1e3,1.0e3,1.25e-02,2026-01-01,a\n"],
    ["thousands", 'gpt-4o,"1,000","1,000",$0.0125,2026-01-01,a\n'],
    ["spaces around", "  gpt-4o , 1000 , 1000 , 0.0125 , 2026-01-01 , a \n"],
    ["line ends of Windows", GOOD.replace("\n", "\r\n")],
    ["a NUL in a tag", "gpt-4o,1000,1000,0.0125,2026-01-01,a\u0000\n"],
    ["a newline in a tag", 'gpt-4o,1000,1000,0.0125,2026-01-01,"a\nb"\n'],
  ])("%s", async (_name, row) => {
    const { rows, total, models } = await reportOf(HEADER + row);
    expect(rows).toMatchObject({ used: 1, bad: 0 });
    expect([total.paidMicrocents, models[0]?.name]).toEqual([1_250_000n, "gpt-4o"]);
  });

  test.each([
    ["UTF-8 with its mark", Buffer.from(`\uFEFF${HEADER}${GOOD}`)],
    ["UTF-16, as a spreadsheet's Unicode text", Buffer.from(`\uFEFF${HEADER}${GOOD}`.replaceAll(",", "\t"), "utf16le")],
    ["carriage returns alone", Buffer.from((HEADER + GOOD).replaceAll("\n", "\r"))],
    ["a line that names the separator", Buffer.from(`sep=;\r\n${(HEADER + GOOD).replaceAll(",", ";")}`)],
    ["no line end at the end", Buffer.from((HEADER + GOOD).trimEnd())],
    ["empty lines", Buffer.from(`\n\n${HEADER}\n\n${GOOD}\n\n`)],
    [
      "bytes that are no UTF-8, in a tag",
      Buffer.concat([Buffer.from(HEADER + GOOD.slice(0, -1)), Buffer.from([0xff, 0x0a])]),
    ],
  ])("%s", async (_name, bytes) => {
    for (const chunk of [1, 7, 65_536]) {
      const { total, rows } = await reportOf(bytes, {}, chunk);
      expect([total.paidMicrocents, rows.bad]).toEqual([1_250_000n, 0]);
    }
  });

  test("a time that is not understood is counted, and its row is used", async () => {
    const { rows, days } = await reportOf(`${HEADER}gpt-4o,1,1,0.01,01/02/2026,\n`);
    expect(rows).toMatchObject({ used: 1, unreadTimes: 1 });
    expect(days.map(({ name }) => name)).toEqual(["(no date)"]);
  });
});

describe("a file that holds nothing of use", () => {
  test.each([
    ["nothing", "", /holds no header/],
    ["spaces", " \n \n", /has columns|not a recognised usage export|holds no/],
    ["a header", HEADER, /holds no row of usage/],
    ["rows that are all bad", `${HEADER}gpt-4o,x,1,,,\n`, /"input_tokens" is "x".*; no row of the file can be used/],
    ["broken JSON", "{\n", /begins as JSON and is not/],
    ["a JSON list of nothing", "[]", /holds no row/],
  ])("%s is refused", async (_name, text, message) => {
    await expect(reportOf(text)).rejects.toMatchObject({ message: expect.stringMatching(message), status: 400 });
  });

  test("a JSON document beyond any bound is refused, and a line of JSON is reported", async () => {
    async function* chunks(first: string, last: string): AsyncGenerator<Uint8Array> {
      yield Buffer.from(first);
      for (let written = 0; written <= DOCUMENT_CHARACTERS_MAX; written += BLANKS.length) yield BLANKS;
      yield Buffer.from(last);
    }
    const line = '{"model":"gpt-4o","input_tokens":1000,"output_tokens":1000}\n';
    await expect(savings(chunks("[\n", "]"), { file: "usage", catalog: CATALOG })).rejects.toMatchObject({
      message: expect.stringContaining("write one object a line"),
    });
    const { rows, badRows } = await savings(chunks(`${line}{`, `}\n${line}`), { file: "usage", catalog: CATALOG });
    expect(rows).toMatchObject({ used: 2, bad: 1 });
    expect(badRows).toMatchObject([{ line: 2, problem: expect.stringContaining("is longer than") }]);
  });

  test("JSON Lines with a broken line is used without it", async () => {
    const line = '{"model":"gpt-4o","input_tokens":1000,"output_tokens":1000}\n';
    const { rows, badRows } = await reportOf(`${line}{"model":\n[1]\n${line}`);
    expect(rows).toMatchObject({ used: 2, bad: 2 });
    expect(badRows.map(({ line: at }) => at)).toEqual([2, 3]);
  });
});
