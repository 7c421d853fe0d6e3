import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { somePlanted } from "../../../../test/share.ts";
import { MUTANTS } from "./mutants.ts";
import { runPlanted } from "./planted.ts";

// Goal: the searches are worth something. Method: a bug is planted, and the search must turn red because of it.

test("no two planted bugs have one name, and each is one text that stands in its file once", () => {
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
  const lost = MUTANTS.filter(({ file, find }) => {
    const source = readFileSync(join(import.meta.dirname, "../../src", file), "utf8");
    return source.split(find).length !== 2;
  });
  expect(lost.map(({ name }) => name)).toEqual([]);
});

test.concurrent.each(somePlanted(MUTANTS, 60))("planted bug: $name", { timeout: 240_000 }, async ({ name }) => {
  expect((await runPlanted(name)).trim().split("\n").at(-1)).toMatch(/^red /);
});
