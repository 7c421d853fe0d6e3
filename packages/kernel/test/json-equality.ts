/**
 * The strict JSON reader beside the slow one, on random texts.
 * @module
 */
import fc from "fast-check";
import { isDeepStrictEqual } from "node:util";
import { parseStrictJson, StrictJsonError } from "../src/index.ts";
import { JsonParser } from "../src/json-parser.ts";
import { jsonTexts } from "./random-json.ts";
import { slowJson, type Verdict } from "./slow-json.ts";

const DEPTH_MAX = 5;
const UNBOUNDED = { keysMax: Number.POSITIVE_INFINITY, valuesMax: Number.POSITIVE_INFINITY };

export function verdictOf(read: () => unknown): Verdict {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof StrictJsonError) return "refused";
    throw error;
  }
}

/**
 * Reads random texts by the reader, by its strict parser alone, and by the slow one.
 *
 * @throws fast-check's error with the smallest text on which they differ.
 */
export function checkJsonEquality({ cases, seed }: { readonly cases: number; readonly seed?: number }): {
  readonly taken: number;
  readonly refused: number;
} {
  const count = { taken: 0, refused: 0 };
  const property = fc.property(jsonTexts, fc.boolean(), (text, isJsonc) => {
    const expected = slowJson(text, isJsonc, DEPTH_MAX);
    count[expected === "refused" ? "refused" : "taken"] += 1;
    const bounds = { isJsonc, nestingMax: DEPTH_MAX, ...UNBOUNDED };
    const found = [
      verdictOf(() => parseStrictJson(text, { isJsonc, nestingMax: DEPTH_MAX })),
      verdictOf(() => new JsonParser(text, bounds).document()),
    ];
    return found.every((verdict) => isDeepStrictEqual(plain(verdict), plain(expected)));
  });
  fc.assert(property, { numRuns: cases, ...(seed === undefined ? {} : { seed }) });
  return count;
}

/** The slow reader makes its objects otherwise; what they hold is what counts, −0 and NaN included. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return new Map(Object.entries(value).map(([key, member]) => [key, plain(member)]));
}
