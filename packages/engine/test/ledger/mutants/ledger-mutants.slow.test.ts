import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { someOf, somePlanted } from "../../../../../test/share.ts";
import { LEDGER_MUTANTS, type LedgerSearch } from "./ledger-mutants.ts";

// Goal: the ledger's searches are worth something. Method: a bug is planted, and the search must turn red because of it.

const run = promisify(execFile);
const HOOKS = join(import.meta.dirname, "hooks.ts");
const PROCESS = join(import.meta.dirname, "process.ts");
const MILLISECONDS = 180_000;

async function lastLine(search: LedgerSearch, mutant?: string): Promise<string> {
  const env = { ...process.env, ...(mutant === undefined ? {} : { LEDGER_MUTANT: mutant }) };
  const { stdout } = await run(process.execPath, ["--import", HOOKS, PROCESS, search], { env, timeout: MILLISECONDS });
  return stdout.trim().split("\n").at(-1) ?? "";
}

test("each planted bug is one text that stands in its file once", () => {
  expect(new Set(LEDGER_MUTANTS.map(({ name }) => name)).size).toBe(LEDGER_MUTANTS.length);
  const lost = LEDGER_MUTANTS.filter(({ file, find }) => {
    const source = readFileSync(join(import.meta.dirname, "../../../src", file), "utf8");
    return source.split(find).length !== 2;
  });
  expect(lost.map(({ name }) => name)).toEqual([]);
});

test.concurrent.each(someOf(["interleavings", "sequences", "threads"] as const, 3))(
  "without a bug, %s is green",
  async (search) => {
    expect(await lastLine(search)).toBe("green");
  },
);

test.concurrent.each(somePlanted(LEDGER_MUTANTS, 40))("planted bug of the ledger: $name", async ({ name, search }) => {
  const found = await lastLine(search, name);
  console.log(`${name}: ${found}`);
  expect(found).toMatch(/^red /);
});
