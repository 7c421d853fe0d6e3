import {
  CalybrisError,
  type Mistake,
  type PolicySnapshot,
  prescribe,
  snapshotToJson,
  writeExact,
} from "@calybris/kernel";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { caseCount } from "../../../../test/share.ts";
import {
  CLIENT_REQUEST_KEYS,
  type ClientRequest,
  contentOf,
  type JsonPath,
  pathText,
  resolveRequest,
} from "../../src/intake/intake.ts";
import {
  changed,
  DOCUMENTS,
  fieldsOf,
  fieldsWithUnits,
  type Json,
  type Kind,
  schemaOf,
  unusedProperties,
  written,
} from "./documents.ts";
import { LITERALS, NOT_JSON, NOT_UTF8, refusedBy } from "./literals.ts";
import { INVALID, KINDS, READ, refusal, snapshot } from "./reading.ts";
import { snapshotIndex } from "../../src/intake/snapshot-index.ts";

function mistakesOf(error: CalybrisError | undefined): readonly Mistake[] {
  return (error?.details as { mistakes?: readonly Mistake[] } | undefined)?.mistakes ?? [];
}

/** That a field is refused by its path, on its line, with a remedy. */
function expectMistake(kind: Kind, text: string, path: string, line: number, about: string): void {
  const error = refusal(kind, text);
  expect(error?.code, about).toBe(INVALID[kind]);
  expect(error?.remedy, about).toMatch(/\.$/);
  const mistakes = mistakesOf(error);
  for (const { remedy, problem } of mistakes) {
    expect(remedy, about).toMatch(/[.?]$/);
    expect(problem, about).not.toBe("");
  }
  const found = mistakes.find((mistake) => mistake.path === path || /^[.[]/.test(mistake.path.slice(path.length)));
  expect(found?.path.startsWith(path), `${about}: ${JSON.stringify(mistakes)}`).toBe(true);
  // A request's lines are those of its file, which the command adds.
  if (kind !== "request") expect(found?.line, about).toBe(line);
}

function expectMalformed(kind: Kind, text: string | Uint8Array, line: number, about: string): void {
  const error = refusal(kind, text);
  expect(error?.code, about).toBe("CAL_INPUT_MALFORMED");
  expect(error?.message, about).toContain(`f.jsonc:${line}`);
  expect(error?.remedy, about).toMatch(/\.$/);
}

function named<Item extends { readonly path: JsonPath }>(items: readonly Item[]): readonly (readonly [string, Item])[] {
  return items.map((item) => [pathText(item.path), item]);
}

describe.each(KINDS)("%s", (kind) => {
  const document = DOCUMENTS[kind];
  const fields = fieldsOf(kind);
  const members = fields.filter(({ path }) => typeof path.at(-1) === "string");

  test("the document that the cases below break is valid, and has every property of its schema", () => {
    expect(refusal(kind, JSON.stringify(document))).toBeUndefined();
    // Of an amount, one unit; and what a client sends names no schema, only a file of it may.
    const isLeft = (key: string): boolean =>
      // An expected error comes alone: the second case has it.
      !/(Microcents|Cents|Dollars)/.test(key) &&
      !(kind === "cases" && key === "error") &&
      !(kind === "request" && key === "$schema");
    expect(unusedProperties(kind).filter(isLeft)).toEqual([]);
  });

  test.each(named(fieldsWithUnits(kind)))(
    "%s: wrong type, range, unit, not an integer, beyond 64 bits",
    (name, { path, schema, base }) => {
      const isRefused = refusedBy(schema);
      const refused = LITERALS.filter(isRefused);
      expect(refused.length).toBeGreaterThan(20);
      for (const literal of LITERALS) {
        const { text, line } = written(base, path, literal);
        if (isRefused(literal)) expectMistake(kind, text, name, line, `${name} = ${literal}`);
        // What a schema takes may still mean nothing; then it is refused in words.
        else refusal(kind, text);
      }
    },
  );

  test.each(named(fields))("%s: no JSON, half a surrogate pair, broken UTF-8", (name, { path }) => {
    for (const [literal, isNoticedThere] of NOT_JSON) {
      const { text, line } = written(document, path, literal);
      const error = refusal(kind, text);
      expect(error?.code, `${name} = ${literal}`).toBe("CAL_INPUT_MALFORMED");
      const found = ((error?.details ?? {}) as { line?: number }).line ?? 0;
      if (isNoticedThere) expect(found, `${name} = ${literal}`).toBe(line);
      else expect(found).toBeGreaterThanOrEqual(line);
    }
    const { text, line } = written(document, path, '"\u0001"');
    const [before = "", after = ""] = text.split("\u0001");
    for (const bytes of NOT_UTF8) {
      const broken = Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)]);
      expectMalformed(kind, broken, line, `${name} with bytes ${bytes.join(" ")}`);
    }
  });

  test.each(named(members))("%s: written twice, misspelt, left out", (name, { path, isRequired }) => {
    const key = String(path.at(-1));
    const { text, line } = written(document, path, `null,\n${JSON.stringify(key)}: null`);
    expectMalformed(kind, text, line + 1, `${key} twice`);
    expect(refusal(kind, text)?.message).toContain(
      `has a duplicate key ${JSON.stringify(key)} (first on line ${line})`,
    );

    const without = changed(document, path, undefined);
    const needed = isRequired ? name : neededAs(kind, name);
    if (needed !== undefined) expectMistake(kind, JSON.stringify(without), needed, 1, `without ${name}`);
    else READ[kind](JSON.stringify(withoutDependents(kind, path)));

    if (isNameOfPeople(kind, path)) return;
    const misspelt = [...path.slice(0, -1), `${key}s`];
    const wrong = written(changed(without, misspelt, 1), misspelt, "1");
    expectMistake(kind, wrong.text, pathText(misspelt), wrong.line, `misspelt ${name}`);
    const remedy = mistakesOf(refusal(kind, wrong.text)).find((mistake) => mistake.path === pathText(misspelt))?.remedy;
    expect(remedy, pathText(misspelt)).toMatch(/^Did you mean "|^Use one of "/);
  });

  test("anything that is no object is refused", () => {
    for (const literal of ["null", "true", "7", '"x"', "[]", "[{}]"])
      expect(refusal(kind, literal)?.code).toBe(INVALID[kind]);
    for (const text of ["", " ", "// nothing", "{", "{}}", "{} {}", "\u0000", '{"a":1,,"b":2}'])
      expect(refusal(kind, text)?.code, text).toBe("CAL_INPUT_MALFORMED");
  });

  test("any value in place of any field is taken or refused in words, and what is taken can be used", () => {
    const literal = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value)),
      fc.constantFrom(...LITERALS),
      fc.string({ unit: "binary", maxLength: 8 }).map((value) => JSON.stringify(value)),
      fc.double().map((value) => String(value)),
      fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map((value) => String(value)),
    );
    fc.assert(
      fc.property(fc.constantFrom([], ...fields.map(({ path }) => path)), literal, (path, inPlace) => {
        const { text } = written(document, path, inPlace);
        const error = refusal(kind, text);
        if (error === undefined) use(kind, READ[kind](text));
        else expect(["CAL_INPUT_MALFORMED", INVALID[kind]]).toContain(error.code);
      }),
      { numRuns: caseCount(1_000) },
    );
  });
});

test("the fields of a request are those of its schema, and of the content that is digested", () => {
  const keys = Object.keys(schemaOf("request").properties ?? {}).filter((key) => key !== "$schema");
  expect(keys.sort()).toEqual([...CLIENT_REQUEST_KEYS].sort());
  fc.assert(
    fc.property(fc.constantFrom(...fieldsOf("request")), fc.jsonValue(), ({ path }, value) => {
      const client = changed(DOCUMENTS.request, path, value as Json) as unknown as ClientRequest;
      try {
        resolveRequest(snapshotIndex(snapshot), client, 1n);
      } catch (error) {
        expect(error).toBeInstanceOf(CalybrisError);
        return;
      }
      expect(contentOf(client)).toMatch(/^\{.*\}$/s);
    }),
    { numRuns: caseCount(1_000) },
  );
});

test.each([
  [["latencyPenaltyMicrocentsPerMs"], "latencyPenaltyCentsPerMs"],
  [["useCases", "default", "valueDollars"], "valueCents"],
  [["catalog", "candidates", 0, "inputPriceDollarsPerMillion"], "inputPriceMicrocentsPerMillion"],
] as const)("an amount that is written in two units is refused: %j beside %s", (path, other) => {
  const both = [...path.slice(0, -1), other];
  const { text } = written(changed(DOCUMENTS.policy, both, "1"), both, '"1"');
  const mistakes = mistakesOf(refusal("policy", text));
  expect(mistakes).toMatchObject([{ problem: expect.stringMatching(/^is written beside /) }]);
});

/** An amount may be written in any unit, so no schema requires one of them; a missing one is reported in microcents. */
function neededAs(kind: Kind, name: string): string | undefined {
  if (name === "useCases.default" || name.endsWith("allotmentDollars")) return name;
  const isOptional = kind === "request" || kind === "cases" || /(exposureCap|overrunFloor)Dollars$/.test(name);
  const inMicrocents = name.replace(/(Cents|Dollars)(?=$|Per)/, "Microcents");
  return !isOptional && inMicrocents.includes("Microcents") ? inMicrocents : undefined;
}

/** Names that a person chooses are no misspelling of anything. */
function isNameOfPeople(kind: Kind, path: JsonPath): boolean {
  const chosen = kind === "policy" ? "useCases" : kind === "budgets" ? "tenants" : "features";
  return path.length === 2 && (path[0] === chosen || path[0] === "tags");
}

/** Without a field, and without what names it. */
function withoutDependents(kind: Kind, path: JsonPath): Json {
  const without = changed(DOCUMENTS[kind], path, undefined);
  const isParent = kind === "budgets" && pathText(path) === "tenants.acme";
  return isParent ? changed(without, ["tenants", "team", "parent"], undefined) : without;
}

/** Whatever was read must survive what comes next: the journal, a digest, a decision. */
function use(kind: Kind, read: unknown): void {
  if (kind === "policy") writeExact(snapshotToJson(read as PolicySnapshot));
  if (kind === "budgets") writeExact(read);
  if (kind !== "request") return;
  const { request } = read as ReturnType<typeof resolveRequest>;
  expect(prescribe(snapshot.policy, request).decision.sequence).toBe(1n);
}
