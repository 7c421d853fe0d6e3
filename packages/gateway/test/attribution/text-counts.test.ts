import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SCRIPTS, textCounts } from "../../src/attribution/text-counts.ts";

// Goal: one pass over a text counts what the properties of Unicode say. Method: the same counts by a regular expression each, over
// texts of every plane, of single surrogates, and of the characters that the patterns name.

function countOf(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].length;
}

function byPatterns(text: string): ReturnType<typeof textCounts> {
  return {
    words: countOf(text, /\S+/g),
    digits: countOf(text, /\d/g),
    capitals: countOf(text, /\p{Lu}/gu),
    punctuation: countOf(text, /[^\p{L}\p{N}\s]/gu),
    questions: countOf(text, /[?？؟]/g),
    letters: countOf(text, /\p{L}/gu),
    scripts: SCRIPTS.map((pattern) => countOf(text, new RegExp(pattern.source, "gu"))),
  };
}

const character = fc.oneof(
  fc.constantFrom(..."aZ09 \t\n\u00a0\u3000.,?？؟é漢かナ한ไЖΩعאअ𝔸😀𠀀\ud800\udc00"),
  fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
  fc.integer({ min: 0, max: 0x10ffff }).map((point) => String.fromCodePoint(point)),
);

describe("the counts of a text", () => {
  test("are those of the patterns, for any text", () => {
    fc.assert(
      fc.property(fc.array(character, { maxLength: 80 }), (characters) => {
        const text = characters.join("");
        expect(textCounts(text)).toEqual(byPatterns(text));
      }),
      { numRuns: 2_000 },
    );
  });

  test("are those of the patterns for every character of the basic plane, seen for the first time and again", () => {
    const all = Array.from({ length: 0x1_0000 }, (_none, unit) => String.fromCharCode(unit)).join(" ");
    const expected = byPatterns(all);
    expect(textCounts(all)).toEqual(expected);
    expect(textCounts(all)).toEqual(expected);
  });
});
