/**
 * Random texts that are JSON, nearly JSON, or made of its pieces.
 * @module
 */
import fc from "fast-check";

const PIECES = [
  ..."{}[]:,\"'/*\\ \t\n\r0123456789.eE+-abx_",
  ..."true false null // /* */ \\u \\u0061 \\ud800 \\ud83d\\ude00 __proto__ NaN -0 01 1.0 1e3 é \ud800 😀 \u0000 \ufeff".split(
    " ",
  ),
  '"a"',
  '"b":',
  '"a":1',
  '{"a":',
  "9007199254740993",
  "1753000000000001",
  "0.99999999999999999999",
  '"\\u0061":',
  '"__proto__":',
];

const literal: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    "true",
    "false",
    "null",
    "-0",
    "0",
    "-0.0",
    "1.0",
    "10e-1",
    "1e400",
    "0.99999999999999999999",
    "1.5e3",
  ),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String),
  fc.bigInt({ min: 2n ** 53n - 3n, max: 2n ** 53n + 3n }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.nat({ max: 80 }).map((digits) => "9".repeat(digits + 1)),
);

const quoted: fc.Arbitrary<string> = fc
  .tuple(
    fc.oneof(
      fc.constantFrom("", "a", "b", "a:b", "__proto__", "constructor", "// no", "{[", "\\", '"', "é", "😀", "\n"),
      fc.string({ unit: "grapheme", maxLength: 6 }),
    ),
    fc.boolean(),
  )
  .map(([text, isEscaped]) => (isEscaped ? escaped(text) : JSON.stringify(text)));

function escaped(text: string): string {
  let units = "";
  for (let at = 0; at < text.length; at += 1) units += `\\u${text.charCodeAt(at).toString(16).padStart(4, "0")}`;
  return `"${units}"`;
}

const space: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: fc.constant(""), weight: 6 },
  { arbitrary: fc.constantFrom(" ", "\n", "\r\n", "\t"), weight: 2 },
  { arbitrary: fc.constantFrom("/* : { */", '// " [\n', "/**/"), weight: 1 },
);
const trailing: fc.Arbitrary<string> = fc.constantFrom("", "", "", "", ",");

/** Text by the grammar of JSONC; mostly it is JSON. Keys may repeat. */
const written: fc.Arbitrary<string> = fc.letrec<{ value: string; member: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    literal,
    quoted,
    fc
      .tuple(
        fc.array(
          fc.tuple(space, tie("value"), space).map((parts) => parts.join("")),
          { maxLength: 4 },
        ),
        trailing,
      )
      .map(([items, end]) => `[${items.join(",")}${items.length === 0 ? "" : end}]`),
    fc
      .tuple(fc.array(tie("member"), { maxLength: 4 }), trailing)
      .map(([members, end]) => `{${members.join(",")}${members.length === 0 ? "" : end}}`),
  ),
  member: fc
    .tuple(space, quoted, space, tie("value"), space)
    .map(([a, key, b, value, c]) => `${a}${key}${b}:${value}${c}`),
})).value;

/** One piece put in, taken out or replaced. */
const damaged: fc.Arbitrary<string> = fc
  .tuple(written, fc.nat(), fc.nat({ max: 3 }), fc.constantFrom("", ...PIECES))
  .map(([text, place, removed, piece]) => {
    const at = place % (text.length + 1);
    return text.slice(0, at) + piece + text.slice(at + removed);
  });

const soup: fc.Arbitrary<string> = fc
  .array(fc.constantFrom(...PIECES), { maxLength: 12 })
  .map((pieces) => pieces.join(""));

export const jsonTexts: fc.Arbitrary<string> = fc.oneof(written, damaged, soup);
