import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { caseCount } from "../../../../test/share.ts";
import { CALL_BOUNDS, type JsonSpans, JsonSpanScanner } from "../../src/wire/json-spans.ts";
import { asJson, cutAnywhere, escapedJsonText, jsonObject, jsonText } from "./random-wire.ts";

const BOUNDS = { bytesMax: 4_096, nestingMax: 12, valuesMax: 64 };

/** The spans, or the error's code and what it says. */
function scan(pieces: readonly Uint8Array[], bounds = CALL_BOUNDS): JsonSpans | string {
  try {
    const scanner = new JsonSpanScanner(bounds);
    for (const piece of pieces) scanner.push(piece);
    return scanner.end();
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message: string };
    if (code === undefined) throw error;
    return `${code} ${message}`;
  }
}

describe("the members of a body", () => {
  test("are where JSON.parse finds their values, however the text is spaced and escaped, at any cut", () => {
    fc.assert(
      fc.property(
        jsonObject,
        fc.oneof(jsonText, escapedJsonText),
        fc.infiniteStream(fc.nat(40)),
        (value, write, cuts) => {
          const bytes = Buffer.from(write(value));
          const spans = scan(cutAnywhere(bytes, cuts));
          if (typeof spans === "string") throw new Error(spans);
          expect([...spans.members.keys()]).toEqual(Object.keys(value));
          for (const [name, { keyStart, valueStart, valueEnd }] of spans.members) {
            expect(asJson(bytes.subarray(valueStart, valueEnd))).toEqual(value[name]);
            expect(bytes[keyStart]).toBe(0x22);
          }
          expect(spans.valueCount).toBe(valuesIn(value));
        },
      ),
      { numRuns: 600 },
    );
  });

  test("of a text that is damaged anywhere are refused exactly where JSON.parse refuses it", () => {
    const damage = fc.record({
      at: fc.nat(400),
      remove: fc.nat(3),
      insert: fc.oneof(
        fc.constantFrom(
          "",
          ",",
          ":",
          '"',
          "{",
          "}",
          "[",
          "]",
          "\\",
          "\\u12",
          "0",
          "-",
          ".",
          "e",
          "1e",
          "t",
          "nul",
          "\n",
          " ",
        ),
        fc.string({ maxLength: 2 }),
      ),
    });
    fc.assert(
      fc.property(jsonObject, fc.oneof(jsonText, escapedJsonText), damage, (value, write, { at, remove, insert }) => {
        const text = write(value);
        const place = at % (text.length + 1);
        const bytes = Buffer.from(text.slice(0, place) + insert + text.slice(place + remove));
        const spans = scan([bytes]);
        const isTwice = typeof spans === "string" && spans.startsWith("CAL_GATEWAY_REQUEST_INVALID");
        if (!isTwice) expect(typeof spans !== "string").toBe(isObject(bytes));
      }),
      { numRuns: caseCount(3_000) },
    );
  });

  test("of bytes that are not UTF-8 are refused, at any cut", () => {
    const bad = fc.constantFrom(
      [0xff],
      [0xc3],
      [0xc3, 0x28],
      [0xe2, 0x82],
      [0xed, 0xa0, 0x80],
      [0xf5, 0x80, 0x80, 0x80],
      [0x80],
    );
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 6 }),
        bad,
        fc.infiniteStream(fc.nat(4)),
        (text, bytes, cuts) => {
          const body = Buffer.concat([
            Buffer.from('{"a":"'),
            Buffer.from(text.replaceAll(/["\\\p{Cc}]/gu, "")),
            Buffer.from(bytes),
            Buffer.from('"}'),
          ]);
          expect(scan(cutAnywhere(body, cuts))).toMatch(/CAL_GATEWAY_BODY_MALFORMED.*is not UTF-8/);
        },
      ),
    );
  });

  test.each([
    "",
    " ",
    "[]",
    "null",
    "1",
    '"a"',
    "{",
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":1,',
    "{}{}",
    "{},",
    "\ufeff{}",
    '{"a":1}x',
    "{'a':1}",
    '{"a":01}',
    '{"a":1.}',
    '{"a":-}',
    '{"a":+1}',
    '{"a":.5}',
    '{"a":1e}',
    '{"a":tru}',
    '{"a":nan}',
    '{"a":"\u0001"}',
    '{"a":"\\x"}',
    '{"a":"\\u12g4"}',
    '{"a":[1,]}',
    '{"a":1,}',
    "{,}",
    '{"a" 1}',
    "{1:2}",
    '{"a":1 "b":2}',
    '{"a":[1}',
    '{"a":{]}',
  ])("of %j are refused as malformed", (text) => {
    expect(scan([Buffer.from(text)])).toMatch(/^CAL_GATEWAY_BODY_MALFORMED/);
    expect(scan([...Buffer.from(text)].map((byte) => Buffer.from([byte])))).toMatch(/^CAL_GATEWAY_BODY_MALFORMED/);
  });

  test("that are set twice are refused by name, whether or not the name is written with escapes", () => {
    for (const second of ['"model"', '"mod\\u0065l"', '"\\u006dodel"']) {
      const refusal = scan([Buffer.from(`{"model":"cheap","messages":[],${second}:"expensive"}`)]);
      expect(refusal).toBe("CAL_GATEWAY_REQUEST_INVALID the request has 1 mistake: model is set twice");
    }
  });

  test("that are set twice further down are none of the top level's", () => {
    expect(typeof scan([Buffer.from('{"a":{"b":1,"b":2}}')])).toBe("object");
  });

  test("named like members of every object are members like others", () => {
    const spans = scan([Buffer.from('{"__proto__":1,"constructor":2,"hasOwnProperty":3}')]) as JsonSpans;
    expect([...spans.members.keys()]).toEqual(["__proto__", "constructor", "hasOwnProperty"]);
  });
});

describe("a body beyond its bounds is refused", () => {
  const repeat = (text: string, count: number): Buffer => Buffer.from(text.repeat(count));

  test("before the piece that exceeds the size is read", () => {
    const pieces = [Buffer.from('{"a":"'), repeat("x", 4_091)];
    expect(scan(pieces, BOUNDS)).toMatch(/^CAL_GATEWAY_BODY_TOO_LARGE .*4096/);
    expect(scan([repeat("[", 5_000)], BOUNDS)).toMatch(/^CAL_GATEWAY_BODY_TOO_LARGE/);
  });

  test("where it is nested too deep, and not one level before", () => {
    const nested = (levels: number): Buffer => Buffer.from(`{"a":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`);
    expect(typeof scan([nested(12)], BOUNDS)).toBe("object");
    expect(scan([nested(13)], BOUNDS)).toMatch(/^CAL_GATEWAY_BODY_MALFORMED .*nested more than 12 deep/);
  });

  test("where it has too many values, and not one before", () => {
    const values = (count: number): Buffer =>
      Buffer.from(
        `{"a":[${Array(count - 2)
          .fill(0)
          .join(",")}]}`,
      );
    expect(typeof scan([values(64)], BOUNDS)).toBe("object");
    expect(scan([values(65)], BOUNDS)).toMatch(/^CAL_GATEWAY_BODY_TOO_COSTLY .*64 values/);
  });

  test("where it has too many fields, or one with a name that is too long", () => {
    const fields = Array.from({ length: 1_025 }, (_, index) => `"f${index}":0`).join(",");
    expect(scan([Buffer.from(`{${fields}}`)])).toMatch(/^CAL_GATEWAY_BODY_TOO_COSTLY .*1024 fields/);
    expect(scan([Buffer.from(`{"${"k".repeat(1_025)}":0}`)])).toMatch(/^CAL_GATEWAY_BODY_TOO_COSTLY .*a key/);
  });
});

test("a body of 32 MB is scanned in pieces of 64 KiB, and keeps nothing of them", () => {
  const image = "A".repeat(24 * 1024 * 1024);
  const text = JSON.stringify({
    model: "m",
    messages: [{ content: image }, { content: '"é"'.repeat(1_000_000) }],
    n: 1,
  });
  const bytes = Buffer.from(text);
  const scanner = new JsonSpanScanner(CALL_BOUNDS);
  for (let at = 0; at < bytes.byteLength; at += 65_536) scanner.push(Buffer.from(bytes.subarray(at, at + 65_536)));
  const { members } = scanner.end();
  const { valueStart = 0, valueEnd = 0 } = members.get("n") ?? {};
  expect(bytes.subarray(valueStart, valueEnd).toString()).toBe("1");
  expect(bytes.byteLength).toBeGreaterThan(29 * 1024 * 1024);
});

function isObject(bytes: Buffer): boolean {
  try {
    const value = asJson(bytes);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function valuesIn(value: unknown): number {
  if (typeof value !== "object" || value === null) return 1;
  return Object.values(value).reduce<number>((sum, inner) => sum + valuesIn(inner), 1);
}
