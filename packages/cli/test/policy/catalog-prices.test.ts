import { rmSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { calybris } from "../support/captured-terminal.ts";
import { CATALOG, Sandbox } from "../support/sample-files.ts";

let files: Sandbox;
beforeEach(() => {
  files = new Sandbox();
});
afterEach(() => rmSync(files.path, { recursive: true, force: true }));

interface Row {
  readonly name: string;
  readonly finding?: string;
}

async function rowsOf(...words: readonly string[]): Promise<{ readonly exit: number; readonly rows: readonly Row[] }> {
  const { exit, out, complaints } = await calybris("catalog", ...words, "--json");
  expect(complaints).toBe("");
  return { exit, rows: JSON.parse(out) as readonly Row[] };
}

test("a check lists every candidate with what was found, and fails where a price or a name is not the provider's", async () => {
  const { exit, rows } = await rowsOf("check", "llm");
  const found = new Map(rows.map(({ name, finding }) => [name, finding]));
  expect(exit).toBe(1);
  expect([found.get("gpt-5.1"), found.get("claude-3-5-haiku"), found.get("llama-3.1-8b")]).toEqual([
    "same",
    "inexact",
    "no source",
  ]);
  const { out } = await calybris("catalog", "check", "llm");
  expect(out).toMatch(/claude-3-5-haiku .* no exact id; the nearest is claude-3-5-haiku-latest/);
  expect(out).toMatch(/\d+ of 28 candidates have an exact id and today's prices$/);
  expect(out).not.toContain("gpt-5.1 ");
});

test("a comparison lists what only one source has and whose prices differ, and nothing between equals", async () => {
  const file = files.write("catalog.json", JSON.stringify(CATALOG));
  expect(await rowsOf("diff", file, file)).toEqual({ exit: 0, rows: [] });
  const [first, ...others] = CATALOG["candidates"] as readonly { readonly [key: string]: unknown }[];
  const dearer = { ...first, inputPriceDollarsPerMillion: "77" };
  const changed = files.write("changed.json", JSON.stringify({ ...CATALOG, candidates: [dearer, ...others.slice(1)] }));
  const { exit, rows } = await rowsOf("diff", file, changed);
  expect(exit).toBe(1);
  expect(rows.map(({ name }) => name).sort()).toEqual([first?.["name"], others[0]?.["name"]].sort());
  expect((await rowsOf("diff", "llm", "genai-prices")).rows.length).toBeGreaterThan(500);
});

test("a catalog that is not there is refused, with its name", async () => {
  expect(await calybris("catalog", "check", files.at("none.json"))).toMatchObject({
    exit: 2,
    complaints: expect.stringContaining("none.json"),
  });
});
