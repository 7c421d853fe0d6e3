import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { JsonWalk } from "../../src/scan/json-walk.ts";
import { jsonObject, jsonText } from "../wire/random-wire.ts";

/** The value at a place, put together from what the walk visits. */
function read(walk: JsonWalk, text: Buffer, at: number): { readonly value: unknown; readonly end: number } {
  if (walk.isObject(at)) {
    const value: { [key: string]: unknown } = {};
    const end = walk.members(at, (key, valueAt) => {
      const inner = read(walk, text, valueAt);
      value[key] = inner.value;
      return inner.end;
    });
    return { value, end };
  }
  if (walk.isList(at)) {
    const value: unknown[] = [];
    const end = walk.items(at, (itemAt) => {
      const inner = read(walk, text, itemAt);
      value.push(inner.value);
      return inner.end;
    });
    return { value, end };
  }
  const end = walk.end(at);
  return { value: JSON.parse(text.toString("utf8", at, end)) as unknown, end };
}

describe("a walk of checked JSON", () => {
  test("visits every member and item with its value, and ends where the value does", () => {
    fc.assert(
      fc.property(jsonObject, jsonText, (object, write) => {
        const text = Buffer.from(write(object));
        const walk = new JsonWalk(text);
        const { value, end } = read(walk, text, 0);
        expect(value).toEqual(object);
        expect(end).toBe(text.length);
        expect(walk.end(0)).toBe(text.length);
      }),
      { numRuns: 400 },
    );
  });

  test("skips values that nobody visits", () => {
    fc.assert(
      fc.property(jsonObject, jsonText, (object, write) => {
        const walk = new JsonWalk(Buffer.from(write(object)));
        const keys: string[] = [];
        walk.members(0, (key) => {
          keys.push(key);
          return undefined;
        });
        expect(keys).toEqual(Object.keys(object));
      }),
    );
  });

  test("finds the end of a text whatever its escapes are", () => {
    const nasty = fc.array(fc.constantFrom('"', "\\", "a", "é", "\n", "😀"), { maxLength: 12 });
    fc.assert(
      fc.property(nasty, (letters) => {
        const text = letters.join("");
        const bytes = Buffer.from(`[${JSON.stringify(text)},1]`);
        const walk = new JsonWalk(bytes);
        expect(walk.text(1, 1_000)).toBe(text);
        expect(walk.end(1)).toBe(bytes.length - 3);
      }),
    );
  });

  test("reads an escaped key as the key that it is", () => {
    const walk = new JsonWalk(Buffer.from('{"\\u0074ype":"image"}'));
    const keys: string[] = [];
    walk.members(0, (key) => {
      keys.push(key);
      return undefined;
    });
    expect(keys).toEqual(["type"]);
  });

  test("cuts a long text between characters and escapes: the beginning is one of the text's own", () => {
    const pieces = fc.array(fc.constantFrom("a", "é", "北", "😀", '"', "\\", "\n", "\u0001"), { maxLength: 20 });
    fc.assert(
      fc.property(pieces, fc.nat(30), fc.boolean(), (letters, bytesMax, isEscaped) => {
        const text = letters.join("");
        const json = JSON.stringify(text);
        const written = isEscaped
          ? json.replace(/[^ -~]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`)
          : json;
        const beginning = new JsonWalk(Buffer.from(written)).beginning(0, bytesMax);
        expect(text.startsWith(beginning)).toBe(true);
        if (Buffer.byteLength(written) - 2 <= bytesMax) expect(beginning).toBe(text);
        else expect(Buffer.byteLength(JSON.stringify(beginning))).toBeGreaterThan(0);
      }),
    );
  });

  test("reads counts, and nothing that is none", () => {
    const walk = new JsonWalk(Buffer.from('[3,-1,1.5,"4",1e3,99999999999999999999]'));
    const counts: (number | undefined)[] = [];
    walk.items(0, (at) => {
      counts.push(walk.count(at));
      return undefined;
    });
    expect(counts).toEqual([3, undefined, undefined, undefined, 1_000, undefined]);
  });
});
