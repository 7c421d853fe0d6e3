import { readdirSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { BUILT_IN_CATALOGS } from "@calybris/engine";
import { jsonSchemas, readJsonFile } from "@calybris/engine/internal";
import { expect, test } from "vitest";
import { schemaTakes } from "../../../engine/test/intake/documents.ts";
import { calybris } from "../support/captured-terminal.ts";
import { POLICY, rows, Sandbox } from "../support/sample-files.ts";

const files = new Sandbox();
const schemas = new URL("../../schemas/", import.meta.url);

test("the schemas that are written are those of the code: `npm run build:schemas` writes them", () => {
  expect(readdirSync(schemas).sort()).toEqual(
    Object.keys(jsonSchemas())
      .map((name) => `${name}.schema.json`)
      .sort(),
  );
  for (const [name, schema] of Object.entries(jsonSchemas())) {
    const written = readFileSync(new URL(`${name}.schema.json`, schemas), "utf8");
    expect(JSON.parse(written), name).toEqual(JSON.parse(JSON.stringify(schema)));
  }
});

test.each(BUILT_IN_CATALOGS)("what init writes for %s names its schema, and is taken by it", async (name) => {
  const out = files.at(`${name}.jsonc`);
  expect((await calybris("init", "--catalog", name, "--out", out)).exit).toBe(0);
  const { $schema, ...policy } = (await readJsonFile(out)).value as Record<string, unknown>;
  const schema = JSON.parse(readFileSync(resolve(dirname(out), String($schema)), "utf8")) as object;
  expect(schemaTakes(schema)(JSON.stringify(policy))).toBe(true);
});

test("a policy that holds its catalog and rows of requests are taken by their schemas", () => {
  expect(schemaTakes(jsonSchemas().policy)(JSON.stringify(POLICY))).toBe(true);
  for (const line of rows(20).trimEnd().split("\n")) expect(schemaTakes(jsonSchemas().request)(line)).toBe(true);
});
