import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { CalybrisError, type Mistake } from "@calybris/kernel";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import {
  CLIENT_REQUEST_KEYS,
  type ClientRequest,
  linesOf,
  parsePolicyFile,
  parseRowMap,
  type RequestRow,
  type RowMap,
  readJson,
  readJsonLine,
  requestRows,
  resolveRequest,
} from "../../src/intake/intake.ts";
import { DOCUMENTS, type Json } from "./documents.ts";
import { snapshotIndex } from "../../src/intake/snapshot-index.ts";

const directory = mkdtempSync(join(tmpdir(), "calybris-rows-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const snapshot = parsePolicyFile(DOCUMENTS.policy);
let files = 0;

function file(ending: string, content: string | Uint8Array): string {
  files += 1;
  const path = join(directory, `${files}${ending}`);
  writeFileSync(path, content);
  return path;
}

async function read(path: string, map?: RowMap): Promise<readonly RequestRow[]> {
  const rows: RequestRow[] = [];
  for await (const row of requestRows(path, map)) rows.push(row);
  return rows;
}

async function refusal(work: () => unknown): Promise<CalybrisError> {
  try {
    await work();
  } catch (error) {
    if (error instanceof CalybrisError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

function mistakesOf(error: CalybrisError): readonly Mistake[] {
  expect(error.code).toBe("CAL_REQUEST_INVALID");
  return (error.details as { mistakes: readonly Mistake[] }).mistakes;
}

/** What a row says, in the columns of a table: lists with bars between, nothing as an empty cell. */
function cellsOf(request: { readonly [key: string]: unknown }, keys: readonly string[]): string {
  return keys
    .map((key) => {
      const value = request[key];
      const text = Array.isArray(value) ? value.join("|") : String(value ?? "");
      return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    })
    .join(",");
}

describe("CSV", () => {
  // Features and tags are objects, which no cell holds.
  const whole = Object.fromEntries(
    Object.entries(DOCUMENTS.request as { [key: string]: Json }).filter(
      ([key]) => key !== "features" && key !== "tags",
    ),
  );
  const keys = Object.keys(whole);

  test("says what JSON says, for every field", async () => {
    const [row] = await read(file(".csv", `${keys.join(",")}\n${cellsOf(whole, keys)}\n`));
    expect(resolveRequest(snapshotIndex(snapshot), row?.request as ClientRequest, 1n)).toEqual(
      resolveRequest(snapshotIndex(snapshot), whole as unknown as ClientRequest, 1n),
    );
    expect(keys.length).toBeGreaterThan(15);
  });

  const BAD = [
    "x y z",
    "-1",
    "1.5",
    "1e3",
    "5%",
    "$5",
    "NaN",
    "Infinity",
    "1_000",
    "0x10",
    "18446744073709551616",
    "\u0007",
  ];
  // These take what looks like a number: an id is text, a value may be below zero, an amount may be text with a point.
  const TAKES: Readonly<Record<string, readonly string[]>> = {
    requestId: BAD.slice(0, -1),
    tenant: BAD.slice(0, -1),
    valueDollars: ["-1", "1.5"],
    budgetDollars: ["1.5"],
    textScore: ["-1"],
    onBehalfOf: BAD.slice(0, -1),
    session: BAD.slice(0, -1),
  };

  test.each(keys)("a cell of %s that it cannot hold is refused by the field's name", async (key) => {
    for (const cell of BAD.filter((candidate) => TAKES[key]?.includes(candidate) !== true)) {
      const [row] = await read(file(".csv", `${keys.join(",")}\n${cellsOf({ ...whole, [key]: cell }, keys)}\n`));
      const error = await refusal(() => resolveRequest(snapshotIndex(snapshot), row?.request as ClientRequest, 1n));
      expect(
        mistakesOf(error).map(({ path }) => path.replace(/\[0\]$/, "")),
        `${key} = ${cell}`,
      ).toEqual([key]);
    }
  });

  test.each<[string, string | Uint8Array, number | undefined, RegExp]>([
    ["a column twice", "inputTokens,inputTokens\n1,2\n", 1, /has a duplicate column "inputTokens"/],
    ["a row that is too long", "inputTokens\n1\n2,3\n", 3, /is not CSV/],
    ["a row that is too short", "inputTokens,riskBps\n1,1\n2\n", 3, /is not CSV/],
    ["a quote that is never closed", 'inputTokens\n1\n"2\n', undefined, /is not CSV/],
    ["broken UTF-8", Buffer.concat([Buffer.from("inputTokens\n1\n"), Buffer.from([0xff, 0x0a])]), 3, /is not UTF-8/],
    ["a file that is cut off within gzip", gzipSync("inputTokens\n1\n".repeat(999)).subarray(0, 30), undefined, /gzip/],
  ])("%s is malformed", async (_name, content, line, problem) => {
    const error = await refusal(() => read(file(".csv", content)));
    expect(error.code).toBe("CAL_INPUT_MALFORMED");
    expect(error.message).toMatch(problem);
    if (line !== undefined) expect((error.details as { line?: number }).line).toBe(line);
  });

  test("a column that is no field is refused by its name when the row is used", async () => {
    const [row] = await read(file(".csv", "inputTokens,riskBpss\n1,5\n"));
    const mistakes = mistakesOf(
      await refusal(() => resolveRequest(snapshotIndex(snapshot), row?.request as ClientRequest, 1n)),
    );
    expect(mistakes).toMatchObject([{ path: "riskBpss", remedy: 'Did you mean "riskBps"?' }]);
  });
});

describe("a map", () => {
  const parse = (text: string): RowMap => parseRowMap(readJson(text, "m.json").value, "m.json");

  test.each([
    ["a list", "[]", ""],
    ["a number", "7", ""],
    ["nothing", "null", ""],
    ["a field that is none", '{"inputTokns":"In"}', "inputTokns"],
    ["a number for a column", '{"inputTokens":7}', "inputTokens"],
    ["an object without const", '{"inputTokens":{"column":"In"}}', "inputTokens"],
    ["an object with more than const", '{"inputTokens":{"const":1,"or":2}}', "inputTokens"],
    ["nothing for a column", '{"inputTokens":null}', "inputTokens"],
  ])("that is %s is refused", async (_name, text, path) => {
    const mistakes = mistakesOf(await refusal(() => parse(text)));
    expect(mistakes).toMatchObject([{ path, remedy: expect.stringMatching(/[.?]$/) }]);
  });

  test("that writes a field twice, or is no JSON, is malformed with its line", async () => {
    for (const text of ['{"inputTokens":"a",\n"inputTokens":"b"}', '{\n"inputTokens":NaN}', '{"inputTokens":"a"\n'])
      expect(await refusal(() => parse(text))).toMatchObject({ code: "CAL_INPUT_MALFORMED", details: { line: 2 } });
  });

  test("that names a column which the file lacks is refused, and says which it has", async () => {
    const error = await refusal(() => read(file(".csv", "In,Out\n1,2\n"), parse('{"inputTokens":"Inn"}')));
    expect(error.message).toMatch(/:1 has no column "Inn"\. Did you mean "In"\?/);
  });

  test.each(CLIENT_REQUEST_KEYS)("a constant for %s is checked as a client's would be", async (key) => {
    const map = parse(JSON.stringify({ inputTokens: "In", [key]: { const: [{ not: "this" }] } }));
    const [row] = await read(file(".csv", "In\n1\n"), map);
    const mistakes = mistakesOf(
      await refusal(() => resolveRequest(snapshotIndex(snapshot), row?.request as ClientRequest, 1n)),
    );
    expect(mistakes.map(({ path }) => path.replace(/[[.].*$/, ""))).toContain(key);
  });
});

describe("lines", () => {
  test("are the same however a file is cut into chunks and packed", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: "grapheme", maxLength: 40 }).map((text) => text.replaceAll(/[\r\n]/g, " "))),
        fc.boolean(),
        async (texts, isPacked) => {
          const content = texts.join("\n");
          const path = file("", isPacked ? gzipSync(content) : content);
          const read: string[] = [];
          for await (const { line, text } of linesOf(path)) {
            read.push(text);
            expect(line).toBe(read.length);
          }
          const expected = texts.map((text) => text.replace(/^\uFEFF/, ""));
          if (expected.at(-1) === "") expected.pop();
          expect(read).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("that are longer than a chunk come whole, and one beyond the bound is refused by its number", async () => {
    const long = "é".repeat(150_000);
    const path = file("", `a\n${long}\nb`);
    const read: string[] = [];
    for await (const { text } of linesOf(path)) read.push(text);
    expect(read).toEqual(["a", long, "b"]);
    const error = await refusal(async () => {
      for await (const _line of linesOf(path, 100_000));
    });
    expect(error).toMatchObject({
      code: "CAL_INPUT_MALFORMED",
      details: { line: 2, problem: "is longer than 100000 bytes" },
    });
  });

  test("a line of JSON says the same by the fast reading and by the strict one", () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    fc.assert(
      fc.property(value, fc.boolean(), (written, isEscaped) => {
        const text = JSON.stringify(written);
        const line = isEscaped ? text.replaceAll("a", "\\u0061") : text;
        expect(readJsonLineOrCode(line)).toEqual(readOrCode(line));
      }),
      { numRuns: 500 },
    );
    for (const line of [
      '{"a":1,"a":2}',
      '{"a":{"b":1,"b":2}}',
      '[{"a":1,"a":1}]',
      '{"a:b":1,"c":":"}',
      '{"__proto__":null}',
      '[{"__proto__":{}}]',
      '{"a":1e3}',
      '{"a":-0}',
      "{",
      "",
      "7",
    ])
      expect(readJsonLineOrCode(line), line).toEqual(readOrCode(line));
  });
});

function readOrCode(text: string): unknown {
  try {
    return readJson(text, "f").value;
  } catch (error) {
    return (error as CalybrisError).code;
  }
}

function readJsonLineOrCode(text: string): unknown {
  try {
    return readJsonLine(text, "f", 1);
  } catch (error) {
    return (error as CalybrisError).code;
  }
}
