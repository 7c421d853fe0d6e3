/** Random JSON bodies, random ways of writing them, and cuts at random places. */
import fc from "fast-check";

export type JsonObject = { readonly [name: string]: unknown };

/**
 * No key needs an escape. V8's JSON.parse (Node 24.21), which the tests compare with, takes one key with an escape for
 * another of the same length: after `{"\\":1}` it reads `{"\"":1}` as the same object.
 */
const key = fc
  .oneof(
    fc.string({ maxLength: 6 }),
    fc.constantFrom("model", "stream", "max_tokens", "stream_options", "é", "x:y", "{", "😀", "1.5e3"),
  )
  .filter((name) => JSON.stringify(name).length === name.length + 2);

const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(null, true, false, 0, -1.5e-7, 1e300),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string({ unit: "grapheme", maxLength: 8 }),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(key, tie("value"), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

/** An object without a key that JSON.parse would take for the prototype, or sort before the others. */
export const jsonObject: fc.Arbitrary<JsonObject> = fc
  .dictionary(
    key.filter((name) => name !== "__proto__" && !/^\d+$/.test(name)),
    value,
    { maxKeys: 8, noNullPrototype: true },
  )
  .map((object) => JSON.parse(JSON.stringify(object)) as JsonObject);

/** Ways to space JSON. */
export const jsonText: fc.Arbitrary<(value: JsonObject) => string> = fc.constantFrom(undefined, 1, "\t", "  \r\n").map(
  (indent) =>
    (written: JsonObject): string =>
      JSON.stringify(written, null, indent),
);

/**
 * The same, with the keys of the top level as escapes. Below it none: V8's JSON.parse, which the tests compare with,
 * confuses keys that are written so.
 */
export const escapedJsonText: fc.Arbitrary<(value: JsonObject) => string> = jsonText.map(
  (write) =>
    (written: JsonObject): string =>
      `{${Object.entries(written)
        .map(
          ([name, member]) =>
            `${withEscapes(JSON.stringify(name))}:${write({ member })
              .slice(1, -1)
              .replace(/^\s*"member":/, "")}`,
        )
        .join(",")}}`,
);

/** Some letters of a JSON text as escapes; those that are escapes already stay. */
function withEscapes(text: string): string {
  return text.replaceAll(/\\u[0-9a-f]{4}|\\.|[aem]|[^\u0020-\u007e]/g, (part) =>
    part.length === 1 ? `\\u${part.charCodeAt(0).toString(16).padStart(4, "0")}` : part,
  );
}

/** Pieces of random sizes, some of them empty. */
export function cutAnywhere(bytes: Uint8Array, cuts: Iterable<number>): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const size of cuts) {
    if (at >= bytes.byteLength) break;
    // A copy: nothing may read beyond its piece.
    pieces.push(Uint8Array.from(bytes.subarray(at, at + size)));
    at += size;
  }
  return pieces;
}

/** JSON from bytes, by the platform. */
export function asJson(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
}
