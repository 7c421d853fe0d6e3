import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { caseCount } from "../../../../test/share.ts";
import { readBody } from "../../src/http/strict-json.ts";

const DEPTH_MAX = 16;
const read = (text: string): unknown => readBody(Buffer.from(text), DEPTH_MAX);
const refusal = (text: string | Uint8Array): string => {
  try {
    readBody(Buffer.from(text as string), DEPTH_MAX);
    return "none";
  } catch (error) {
    return (error as { readonly code: string; readonly message: string }).message;
  }
};

const key = fc.oneof(fc.string({ maxLength: 6 }), fc.constantFrom("a", "b", "é", '"', "\\", "x:y", "{", "1.5e3"));
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(null, true, false),
    fc.integer(),
    fc.string({ unit: "grapheme", maxLength: 8 }),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(
      key.filter((name) => name !== "__proto__"),
      tie("value"),
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
})).value;

describe("a body", () => {
  test("is read as what was written, however it is spaced", () => {
    fc.assert(
      fc.property(json, fc.constantFrom(undefined, 1, "\t"), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        // Not what JSON.parse makes of it: V8 13.6 confuses keys that are written with escapes.
        expect(read(text)).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });

  test("with a duplicate key is refused, wherever and however it is written", () => {
    fc.assert(
      fc.property(
        json,
        key,
        json,
        fc.constantFrom("", " ", "\n"),
        fc.boolean(),
        (first, name, second, space, asEscape) => {
          const plain = JSON.stringify(name);
          const escaped = `"${[...name].map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join("")}"`;
          const again = asEscape && [...name].every((unit) => unit.length === 1) ? escaped : plain;
          const inner = `{${plain}${space}:${JSON.stringify(first)},${again}:${space}${JSON.stringify(second)}}`;
          for (const text of [inner, `[${inner}]`, `{"outer":${inner}}`])
            expect(refusal(text)).toMatch(/duplicate|"__proto__"/);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("keeps integers exactly as far as 64 bits go, and beyond", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), (integer) => {
        expect(BigInt((read(`{"n":${integer}}`) as { n: bigint }).n)).toBe(integer);
      }),
    );
  });

  test("that is not JSON is refused with a code, whatever it is", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.uint8Array()), (given) => {
        const bytes = typeof given === "string" ? Buffer.from(given) : Buffer.from(given);
        let expected: unknown;
        let isJson = bytes.length > 0;
        try {
          expected = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
        } catch {
          isJson = false;
        }
        try {
          expect(readBody(bytes, DEPTH_MAX)).toEqual(expected);
          expect(isJson).toBe(true);
        } catch (error) {
          if (!(error as { code?: string }).code?.startsWith("CAL_GATEWAY_BODY_MALFORMED")) throw error;
        }
      }),
      { numRuns: caseCount(1_000) },
    );
  });

  test.each([
    ["", /is empty/],
    [" \n", /is empty/],
    ['{"a":1', /line 1/],
    ['{"a":NaN}', /line 1 column 6/],
    ['{"a":Infinity}', /line 1 column 6/],
    ['{"a":1,}', /comma at the end/],
    ['// a comment\n{"a":1}', /comment/],
    ["{'a':1}", /line 1/],
    ['{"a":01}', /line 1/],
    ['{"a":"\\ud800"}', /half of a surrogate pair/],
    ['{"a\\udfff":1}', /half of a surrogate pair/],
    ['{"a":1} {"b":2}', /line 1/],
    ["\ufeff{}", /byte order mark/],
  ])("%j is refused and says why", (text, words) => {
    expect(refusal(text)).toMatch(words);
  });

  test("that is no UTF-8 is refused", () => {
    expect(refusal(new Uint8Array([0x22, 0xff, 0xfe, 0x22]))).toMatch(/not UTF-8/);
    expect(refusal(new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22]))).toMatch(/not UTF-8/);
  });

  test("is nested as deep as is allowed and no deeper; brackets in text are no nesting", () => {
    const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
    expect(refusal(nested(DEPTH_MAX))).toBe("none");
    expect(refusal(nested(DEPTH_MAX + 1))).toMatch(/16 deep/);
    expect(refusal(nested(200_000))).toMatch(/16 deep/);
    expect(refusal("[".repeat(1_000_000))).toMatch(/16 deep/);
    expect(refusal(`{"a":${'{"a":'.repeat(50_000)}1`)).toMatch(/16 deep/);
    expect(read(JSON.stringify({ a: "[{".repeat(100), b: '"\\[[[[[[[[[[[[[[[[[[[[[' }))).toMatchObject({
      a: "[{".repeat(100),
    });
  });

  test("is read by its own keys, whatever keys were read before", () => {
    for (const name of ["\\", '"', "b", "\n", "\u0000", "/"]) {
      const escaped = `\\u${name.charCodeAt(0).toString(16).padStart(4, "0")}`;
      expect(read(`{"x":1,"${escaped}":2}`)).toEqual({ x: 1, [name]: 2 });
      expect(read(`{"x":1,${JSON.stringify(name)}:2}`)).toEqual({ x: 1, [name]: 2 });
    }
  });

  test("with a number of a million digits is read in no time", () => {
    const before = process.threadCpuUsage();
    expect(read(`{"a":${"9".repeat(1_000_000)}}`)).toEqual({ a: Number.POSITIVE_INFINITY });
    const { user, system } = process.threadCpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(2_000);
  });

  test("of hardly anything but brackets, commas or different keys is refused", () => {
    expect(refusal(`[${"[],".repeat(100_000)}0]`)).toMatch(/has more than 100000 values/);
    expect(refusal(`[${"0,".repeat(100_000)}0]`)).toMatch(/has more than 100000 values/);
    expect(refusal(`[${'"abcd",'.repeat(150_000)}0]`)).toMatch(/has more than [0-9]+ values/);
    expect(read(`[${'"abcdefgh",'.repeat(150_000)}0]`)).toHaveLength(150_001);
    const keys = Array.from({ length: 40_000 }, (_, index) => `"key ${index}":0`);
    expect(refusal(`{${keys.join()}}`)).toMatch(/has more than [0-9]+ different keys/);
    expect(read(`[${"[],".repeat(99_000)}0]`)).toHaveLength(99_001);
  });
});
