import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { caseCount } from "../../../test/share.ts";
import {
  amountMicrocents,
  decisionIdOf,
  DECISION_ID_PATTERN,
  I64_MAX,
  identityNumber,
  isDigest,
  isName,
  isUseCaseName,
  MONEY_UNITS,
  NAME_CHARACTERS_MAX,
  parseDecisionId,
} from "../src/index.ts";

describe("a name", () => {
  test("is 1 to 128 characters, none of them unprintable, not all of them space", () => {
    const characters = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 140 }),
      fc.string({ unit: "binary", maxLength: 4 }),
      fc.constantFrom(
        " ",
        "\u00a0",
        "a b",
        "é",
        "日本",
        "\u0007",
        "\u202e",
        "\ud800",
        "a\n",
        "\u2028",
        "x".repeat(128),
      ),
      fc.constant("x".repeat(129)),
    );
    fc.assert(
      fc.property(characters, (text) => {
        const isUnprintable = [...text].some((character) => /^\p{C}$/u.test(character));
        const isBlank = [...text].every((character) => /^\s$/u.test(character));
        expect(isName(text)).toBe(text.length <= NAME_CHARACTERS_MAX && !isBlank && !isUnprintable);
      }),
      { numRuns: caseCount(3_000) },
    );
  });

  test.each([undefined, null, 7, {}, ["a"], true])("is text, and %j is not", (value) => {
    expect(isName(value)).toBe(false);
  });

  test("may be given a bound of its own", () => {
    expect([isName("x".repeat(2_000), 2_000), isName("x".repeat(2_001), 2_000)]).toEqual([true, false]);
  });
});

test.each<[string, boolean]>([
  ["default", true],
  ["a.b-c_9", true],
  ["9", true],
  ["x".repeat(64), true],
  ["x".repeat(65), false],
  ["", false],
  ["-a", false],
  ["a b", false],
  ["é", false],
  ["a\n", false],
  ["__proto__", false],
])("use case name %j: %s", (text, isOne) => {
  expect(isUseCaseName(text)).toBe(isOne);
});

test.each<[unknown, boolean]>([
  ["0123456789abcdef".repeat(4), true],
  ["0123456789ABCDEF".repeat(4), false],
  ["0".repeat(63), false],
  [`${"0".repeat(64)}\n`, false],
  [7, false],
])("digest %j: %s", (value, isOne) => {
  expect(isDigest(value)).toBe(isOne);
});

describe("a decision id", () => {
  test("gives back the sequence and the beginning of the identity, and its schema takes it", () => {
    const hex = fc
      .array(fc.nat({ max: 255 }), { minLength: 32, maxLength: 32 })
      .map((bytes) => Buffer.from(bytes).toString("hex"));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), hex, (of, identityHex) => {
        const id = decisionIdOf(of, identityNumber(identityHex));
        expect(id).toBe(`${of}-${identityHex.slice(0, 8)}`);
        expect(id).toMatch(new RegExp(DECISION_ID_PATTERN));
        expect(parseDecisionId(id)).toEqual({ of, identity: identityNumber(identityHex) });
      }),
    );
  });

  test.each([
    "",
    "0-00000000",
    "01-00000000",
    "1-0000000",
    "1-0000000g",
    "1-0000000G",
    "1-00000000 ",
    "9007199254740992-00000000",
    "-1-00000000",
    17,
    null,
  ])("%j is none", (value) => {
    expect(parseDecisionId(value)).toBeUndefined();
  });
});

describe("an amount of money", () => {
  test("is what its digits say, in every unit, or nothing", () => {
    const text = fc
      .tuple(
        fc.constantFrom("", "-"),
        fc.bigInt({ min: 0n, max: 10n ** 20n - 1n }),
        fc.option(fc.stringMatching(/^[0-9]{1,20}$/)),
      )
      .map(([sign, whole, fraction]) => ({
        sign,
        whole,
        fraction,
        text: `${sign}${whole}${fraction === null ? "" : `.${fraction}`}`,
      }));
    fc.assert(
      fc.property(text, fc.constantFrom(...MONEY_UNITS), ({ sign, whole, fraction, text: written }, unit) => {
        // In units of 10^-20 microcents, so that nothing is rounded before it is compared.
        const scale = 10n ** 20n;
        const exact = (whole * scale + BigInt((fraction ?? "").padEnd(20, "0"))) * unit.microcents;
        const isTooFine = (fraction ?? "").length > unit.decimals;
        const expected = isTooFine ? undefined : (sign === "-" ? -exact : exact) / scale;
        expect(amountMicrocents(written, unit)).toBe(expected);
        if (!isTooFine) expect(exact % scale).toBe(0n);
      }),
      { numRuns: caseCount(2_000) },
    );
  });

  test("is never read from a fraction, a float that is no integer, or anything else", () => {
    for (const unit of MONEY_UNITS)
      for (const value of [
        0.5,
        Number.NaN,
        2 ** 53,
        Number.POSITIVE_INFINITY,
        "",
        "1e3",
        "+1",
        "1.",
        ".5",
        "1,0",
        "٣",
        null,
        true,
        [],
        {},
      ])
        expect(amountMicrocents(value, unit), String(value)).toBeUndefined();
    expect(amountMicrocents(I64_MAX, MONEY_UNITS[0] as (typeof MONEY_UNITS)[number])).toBe(I64_MAX);
  });
});
