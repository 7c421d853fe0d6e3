import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { BUILT_IN_CATALOGS, builtInCatalogPath, jsonSchemas, readJsonFile } from "../../src/intake/intake.ts";
import {
  changed,
  DOCUMENTS,
  fieldsOf,
  fieldsWithUnits,
  type Json,
  type Kind,
  type Schema,
  schemaOf,
  schemaTakes,
} from "./documents.ts";
import { LITERALS } from "./literals.ts";
import { KINDS, refusal } from "./reading.ts";

/** What somebody else's reader of schemas says of a value: nothing, when it is taken. */
function problems(kind: Kind, value: unknown): unknown {
  return (
    z.fromJSONSchema(jsonSchemas()[kind] as Parameters<typeof z.fromJSONSchema>[0]).safeParse(value).error?.issues ?? []
  );
}

describe.each(KINDS)("the schema of a %s", (kind) => {
  test("takes the whole document, and says of every value in it what it is", () => {
    expect(problems(kind, DOCUMENTS[kind])).toEqual([]);
    const isTold = (schema: Schema & { readonly description?: string }): boolean =>
      schema.description !== undefined || schema.properties !== undefined || schema.items !== undefined;
    expect(
      fieldsWithUnits(kind)
        .filter(({ schema }) => !isTold(schema))
        .map(({ path }) => path),
    ).toEqual([]);
  });

  test("takes whatever the program takes, so that an editor marks nothing that is right", () => {
    const takes = schemaTakes(schemaOf(kind));
    let taken = 0;
    for (const { path } of fieldsOf(kind)) {
      for (const literal of LITERALS) {
        // An integer that a JSON number cannot hold is beyond what a reader of schemas can see.
        if (/^-?[0-9]{16,}$/.test(literal) || literal === "0.99999999999999999999") continue;
        const text = JSON.stringify(changed(DOCUMENTS[kind], path, JSON.parse(literal) as Json));
        if (refusal(kind, text) !== undefined) continue;
        taken += 1;
        expect(takes(text), `${path.join(".")} = ${literal}`).toBe(true);
      }
    }
    expect(taken).toBeGreaterThan(50);
  });

  test("refuses what is misspelt and what is no object", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (key) => {
        fc.pre(schemaOf(kind).properties?.[key] === undefined && key !== "__proto__");
        expect(problems(kind, { ...(DOCUMENTS[kind] as object), [key]: 1 })).not.toEqual([]);
      }),
      { numRuns: 20 },
    );
    for (const value of [null, 7, "x", [], [DOCUMENTS[kind]]]) expect(problems(kind, value)).not.toEqual([]);
  });
});

test.each(BUILT_IN_CATALOGS)("the catalog %s is taken by its schema", async (name) => {
  expect(problems("catalog", (await readJsonFile(builtInCatalogPath(name))).value)).toEqual([]);
});

test("the demo's policy is taken by its schema", async () => {
  const file = fileURLToPath(new URL("../../../../examples/demo/policy.jsonc", import.meta.url));
  expect(problems("policy", (await readJsonFile(file)).value)).toEqual([]);
});
