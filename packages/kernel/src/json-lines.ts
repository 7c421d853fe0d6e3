/**
 * Line numbers in a JSON document by path, for error messages about files.
 * @module
 */
import { boundsOf, type StrictJsonOptions } from "./json-bounds.ts";
import { type JsonPath, JsonParser, type MemberOffsets } from "./json-parser.ts";

export type { JsonPath } from "./json-parser.ts";

/**
 * The line of a value, from 1: the line of its key, or of the nearest enclosing value if the path does not exist.
 *
 * @param text - a text that `parseStrictJson` accepts with the same options. It is parsed again at the first call.
 *
 * @example
 * ```ts
 * import { linesOfJson } from "@calybris/kernel";
 * const lineOf = linesOfJson('{\n  "a": [1,\n  2]\n}');
 * lineOf(["a", 1]); // 3
 * lineOf(["a", "b"]); // 2
 * ```
 */
export function linesOfJson(text: string, options: StrictJsonOptions = {}): (path: JsonPath) => number {
  let lines: Lines | undefined;
  return (path) => {
    lines ??= new Lines(text, options);
    return lines.of(path);
  };
}

class Lines {
  readonly #parser: JsonParser;
  readonly #document: unknown;
  readonly #offsets: MemberOffsets = new Map();
  readonly #lineEnds: readonly number[];

  constructor(text: string, options: StrictJsonOptions) {
    this.#parser = new JsonParser(text, boundsOf(options), this.#offsets);
    this.#document = this.#parser.document();
    this.#lineEnds = lineEndsOf(text);
  }

  of(path: JsonPath): number {
    let at = this.#document;
    let offset = this.#offsets.get(this.#parser)?.get("") ?? 0;
    for (const part of path) {
      const inner = this.#offsets.get(at as object)?.get(part);
      if (inner === undefined) break;
      offset = inner;
      at = (at as { readonly [part: string | number]: unknown })[part];
    }
    return 1 + countBelow(offset, this.#lineEnds);
  }
}

function lineEndsOf(text: string): readonly number[] {
  const ends: number[] = [];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) ends.push(at);
  return ends;
}

/** The count of ascending numbers that are below a limit. */
function countBelow(limit: number, ascending: readonly number[]): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] ?? 0) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
