import fc from "fast-check";
import { expect, test } from "vitest";
import { caseCount } from "../../../../test/share.ts";
import { type ReadLine, readLines, type ReadLinesOptions } from "../../src/journal/read-lines.ts";

// Goal: the one reader of lines gives every line once, whatever is read at a time. Method: the simplest model, on random text,
// chunks, offsets and short reads.

const text = fc
  .array(fc.constantFrom("a", "bc", "\n", "\n\n", "0123456789".repeat(3)), { maxLength: 40 })
  .map((parts) => parts.join(""));

test("every line that is not blank is given once, with its offset, whatever is read at a time and however short", () => {
  fc.assert(
    fc.property(
      text,
      fc.integer({ min: 1, max: 64 }),
      fc.integer({ min: 1, max: 9 }),
      fc.nat(30),
      (content, chunkBytes, most, from) => {
        expect(linesOf(content, { chunkBytes, from }, most)).toEqual(modelOf(content, from));
      },
    ),
    { numRuns: caseCount(2_000) },
  );
});

test("of a line that is too long only the beginning is given, and the next line is whole", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 9, max: 40 }),
      fc.integer({ min: 1, max: 5 }),
      (chunkBytes, length, most) => {
        const lineBytesMax = 8;
        const lines = linesOf(`ab\n${"x".repeat(length)}\ncd\n`, { chunkBytes, lineBytesMax }, most);
        expect(lines.at(0)).toEqual([0, "ab", true]);
        expect(lines.at(-1)).toEqual([length + 4, "cd", true]);
        const [offset, beginning, ended] = lines[1] as (typeof lines)[number];
        expect([offset, ended, lines.length]).toEqual([3, true, 3]);
        expect(beginning).toMatch(/^x+$/);
        expect(beginning.length).toBeLessThan(lineBytesMax + 2 * Math.max(chunkBytes, lineBytesMax));
      },
    ),
  );
});

/** Reads at most so many bytes in one call. */
function linesOf(content: string, options: ReadLinesOptions, most: number): [number, string, boolean][] {
  const bytes = Buffer.from(content);
  const read = (target: Uint8Array, position: number): number => {
    const part = bytes.subarray(position, position + Math.min(most, target.byteLength));
    target.set(part);
    return part.byteLength;
  };
  return Array.from(readLines(read, options), ({ offset, bytes: line, ended }: ReadLine) => [
    offset,
    line.toString(),
    ended,
  ]);
}

function modelOf(content: string, from: number): [number, string, boolean][] {
  const found: [number, string, boolean][] = [];
  let at = from;
  const lines = content.slice(from).split("\n");
  for (const [index, line] of lines.entries()) {
    if (line !== "") found.push([at, line, index < lines.length - 1]);
    at += line.length + 1;
  }
  return found;
}
