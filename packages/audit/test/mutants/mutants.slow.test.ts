import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { somePlanted } from "../../../../test/share.ts";
import { MUTANTS } from "./mutants.ts";
import { Runners } from "./runners.ts";

// Goal: the tests of router and audit are worth something. Method: a bug is planted, and the test must turn red because of it.

const ROOT = join(import.meta.dirname, "../../../..");
const runners = new Runners(2);

afterAll(() => runners.close());

test("no two planted bugs have one name, and each is one text that stands in its file once", () => {
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
  const lost = MUTANTS.filter(
    ({ file, find }) => readFileSync(join(ROOT, "packages", file), "utf8").split(find).length !== 2,
  );
  expect(lost.map(({ name }) => name)).toEqual([]);
});

test.concurrent.each(somePlanted(MUTANTS, 60))("planted bug: $name", { timeout: 240_000 }, async ({ name }) => {
  expect(await runners.verdictOn(name)).toBe("red");
});
