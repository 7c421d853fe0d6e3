import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { caseCount } from "../../../test/share.ts";
import { parseExact, writeExact } from "../src/index.ts";

const key = fc.oneof(
  fc.constantFrom('"', "\\", "\n", "\t", "\b", "/", "a"),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 3 }),
);

describe("exact JSON", () => {
  test("keys with an escape stay apart, whichever were read before", () => {
    for (const written of ["\\", '"', "\n", "\t", '"', "\\"]) {
      const text = writeExact({ [written]: 1 });
      expect(Object.keys(parseExact(text) as object), text).toEqual([written]);
    }
  });

  test("objects with keys of any characters are read as they were written, one after the other", () => {
    fc.assert(
      fc.property(fc.array(key, { minLength: 1, maxLength: 4 }), (names) => {
        const different = [...new Set(names.filter((name) => name !== "__proto__"))];
        const written = Object.fromEntries(different.map((name, index) => [name, index]));
        const again = parseExact(writeExact(written)) as { readonly [name: string]: number };
        expect(Object.keys(again).toSorted()).toEqual(Object.keys(written).toSorted());
        for (const name of different) expect(again[name]).toBe(written[name]);
      }),
      { numRuns: caseCount(2_000) },
    );
  });

  test("an integer beyond 2^53 is exact with and without an escape in the text", () => {
    expect(parseExact('{"a":18446744073709551615}')).toEqual({ a: 18_446_744_073_709_551_615n });
    expect(parseExact('{"\\"":18446744073709551615}')).toEqual({ '"': 18_446_744_073_709_551_615n });
    expect(parseExact('{"a":"\\n","b":-9223372036854775808}')).toEqual({ a: "\n", b: -(2n ** 63n) });
  });
});
