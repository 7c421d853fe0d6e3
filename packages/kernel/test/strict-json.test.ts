import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { caseCount } from "../../../test/share.ts";
import { linesOfJson, parseStrictJson, StrictJsonError, type StrictJsonOptions } from "../src/index.ts";
import { checkJsonEquality, verdictOf } from "./json-equality.ts";
import { jsonTexts } from "./random-json.ts";
import { slowJson } from "./slow-json.ts";

const CORPUS = JSON.parse(
  readFileSync(new URL("../../../conformance/corpus/json/cases.json", import.meta.url), "utf8"),
) as readonly { readonly name: string; readonly text: string; readonly json: boolean; readonly jsonc: boolean }[];

function faultOf(text: string, options?: StrictJsonOptions): StrictJsonError {
  try {
    parseStrictJson(text, options);
  } catch (error) {
    if (error instanceof StrictJsonError) return error;
    throw error;
  }
  throw new Error(`${text.slice(0, 80)} was not refused`);
}

describe("strict JSON", () => {
  test("reads and refuses what the slow parser does, as JSON and as JSONC, by either route", () => {
    const { taken, refused } = checkJsonEquality({ cases: 16_000 });
    expect(Math.min(taken, refused)).toBeGreaterThan(2_000);
  });

  test("takes nothing that the platform's parser refuses, and agrees with it on every double", () => {
    fc.assert(
      fc.property(jsonTexts, (text) => {
        const verdict = verdictOf(() => parseStrictJson(text));
        if (verdict === "refused") return;
        const again: unknown = JSON.parse(text);
        if (typeof verdict.value === "number" && !Number.isNaN(verdict.value))
          expect(verdict.value).toEqual(Number(again) + 0);
      }),
      { numRuns: caseCount(4_000) },
    );
  });

  test("the corpus holds every kind of case", () => {
    expect(CORPUS.length).toBeGreaterThan(120);
    expect(new Set(CORPUS.map(({ text }) => text)).size).toBe(CORPUS.length);
  });

  test.each(CORPUS)("corpus: $name", ({ text, json, jsonc }) => {
    for (const [isJsonc, isTaken] of [
      [false, json],
      [true, jsonc],
    ] as const) {
      const expected = slowJson(text, isJsonc, 100);
      expect(expected !== "refused").toBe(isTaken);
      expect(verdictOf(() => parseStrictJson(text, { isJsonc }))).toEqual(expected);
    }
  });

  test("reads each text by its own keys, whatever keys were read before", () => {
    for (const name of ["\\", '"', "b", "\n", "\u0000", "/"]) {
      const escaped = `\\u${name.charCodeAt(0).toString(16).padStart(4, "0")}`;
      expect(parseStrictJson(`{"x":1,"${escaped}":2}`)).toEqual({ x: 1, [name]: 2 });
      expect(parseStrictJson(`{"x":1,${JSON.stringify(name)}:2}`)).toEqual({ x: 1, [name]: 2 });
    }
  });

  test.each<[string, number, number, RegExp]>([
    ["", 1, 1, /^is empty$/],
    ["\n\n", 1, 1, /^is empty$/],
    ["\ufeff{}", 1, 1, /byte order mark/],
    ['{\n  "a": 1,\n  "b": NaN\n}', 3, 8, /expected a value, found "NaN"$/],
    ['{\n"a": 01}', 2, 6, /"01" is not a number$/],
    ['{"a":1,\n "b":2,\n "a":3}', 3, 2, /^has a duplicate key "a" \(first on line 1\)$/],
    ['{"a":\n{"a":1},\n"a":3}', 3, 1, /^has a duplicate key "a" \(first on line 1\)$/],
    ['[{},\n{"b":[{\n"a":1,"\\u0061":3}]}]', 3, 7, /^has a duplicate key "a" \(first on line 3\)$/],
    ['[1,\n {"__proto__": 1}]', 2, 3, /"__proto__", which is not allowed$/],
    ['["a",\n"\\ud800"]', 2, 1, /half of a surrogate pair/],
    ['["a\nb"]', 1, 4, /control character/],
    ['["\\x"]', 1, 3, /"\\\\x" is not an escape$/],
    ['{"a":[1,\n2', 2, 2, /ends where `,` or `\]` is expected$/],
    ['{"a', 1, 4, /ends within a text$/],
    ["{a:1}", 1, 2, /expected a key in double quotes, found "a"$/],
    ['{"a"}', 1, 5, /expected `:`, found "}"$/],
    ["{} []", 1, 4, /more text after its end$/],
    ["[1,]", 1, 3, /comma at the end/],
    ["[1] // one", 1, 5, /comment/],
  ])("%j is refused at line %i column %i, in words", (text, line, column, problem) => {
    const fault = faultOf(text);
    expect([fault.line, fault.column]).toEqual([line, column]);
    expect(fault.problem).toMatch(problem);
  });
});

describe("the bounds of strict JSON", () => {
  const nested = (depth: number): string => '{"a":['.repeat(depth / 2) + "]}".repeat(depth / 2);
  const keys = (count: number, value: string): string =>
    `[${Array.from({ length: count }, (_, index) => `{"k${index}":${value}}`).join(",")}]`;

  // Plain, and with a number that keeps the platform's parser out.
  test.each(["1", "1.5"])("hold to the last and refuse one more, with %s as a value", (value) => {
    const options = { nestingMax: 8, keysMax: 20, valuesMax: 50, bytesMax: 10_000 };
    const read = (text: string): unknown => parseStrictJson(text, options);
    expect(read(`[${value},${nested(6)}]`)).toBeDefined();
    expect(faultOf(`[${value},${nested(8)}]`, options).problem).toBe("is nested more than 8 deep");
    expect(read(keys(20, value))).toHaveLength(20);
    expect(faultOf(keys(21, value), options).problem).toBe("has more than 20 different keys");
    expect(read(`[${Array(49).fill(value).join()}]`)).toHaveLength(49);
    expect(faultOf(`[${Array(50).fill(value).join()}]`, options).problem).toBe("has more than 50 values");
    expect(faultOf(`[${Array(50).fill("[]").join()}]`, options).problem).toBe("has more than 50 values");
    expect(read(`"${"é".repeat(4_999)}"`)).toHaveLength(4_999);
    expect(faultOf(`"${"é".repeat(4_999)}x"`, options).problem).toBe("is longer than 10000 bytes");
    expect(read(`"${"😀".repeat(2_499)}"`)).toHaveLength(4_998);
    expect(faultOf(`"${"😀".repeat(2_500)}"`, options).problem).toBe("is longer than 10000 bytes");
  });

  test("count different keys, however often each is written", () => {
    expect(parseStrictJson(`[${Array(1_000).fill('{"a":1}').join()}]`, { keysMax: 1 })).toHaveLength(1_000);
  });

  test("do not count what is in a comment", () => {
    const text = `[1 /* ${",[".repeat(100)} */]`;
    expect(parseStrictJson(text, { isJsonc: true, valuesMax: 2 })).toEqual([1]);
  });

  test("refuse a million brackets without reading them", () => {
    expect(faultOf("[".repeat(1_000_000)).problem).toBe("is nested more than 256 deep");
    expect(faultOf('{"a":'.repeat(1_000_000)).problem).toBe("is nested more than 256 deep");
  });
});

describe("the line of a path", () => {
  test("is that of the key or item, or of the nearest value around it, in any text", () => {
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.integer(),
        fc.array(tie("value"), { maxLength: 4 }),
        fc.dictionary(fc.constantFrom("a", "b", "1", "0", "constructor"), tie("value"), {
          maxKeys: 4,
          noNullPrototype: true,
        }),
      ),
    })).value;
    fc.assert(
      fc.property(value, (document) => {
        const { text, lines } = laidOut(document);
        const lineOf = linesOfJson(text, { isJsonc: true });
        for (const { path, line } of lines) {
          expect(lineOf(path)).toBe(line);
          expect(lineOf([...path, "nowhere", 7])).toBe(line);
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** A document with each member and item on a line of its own, and the line of each. */
function laidOut(document: unknown): { text: string; lines: { path: (string | number)[]; line: number }[] } {
  const lines: { path: (string | number)[]; line: number }[] = [];
  let text = "// where it begins\n";
  const lineNow = (): number => text.split("\n").length;
  const write = (value: unknown, path: (string | number)[]): void => {
    if (typeof value !== "object" || value === null) {
      text += String(value);
      return;
    }
    text += Array.isArray(value) ? "[" : "{";
    for (const [key, member] of Object.entries(value)) {
      text += "\n";
      const inner = [...path, Array.isArray(value) ? Number(key) : key];
      lines.push({ path: inner, line: lineNow() });
      if (!Array.isArray(value)) text += `${JSON.stringify(key)}:\n`;
      write(member, inner);
      text += ",";
    }
    text += Array.isArray(value) ? "\n]" : "\n}";
  };
  lines.push({ path: [], line: lineNow() });
  write(document, []);
  return { text, lines };
}
