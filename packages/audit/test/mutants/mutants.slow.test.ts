import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { MUTANTS, type Mutant } from "./mutants.ts";

// Goal: the tests of router and audit are worth something. Method: a bug is planted, and the test must turn red because of it.

const ROOT = join(import.meta.dirname, "../../../..");
const VITEST = join(ROOT, "node_modules/vitest/vitest.mjs");
const CONFIG = join(import.meta.dirname, "mutants.config.ts");
const run = promisify(execFile);

test("no two planted bugs have one name, and each is one text that stands in its file once", () => {
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
  const lost = MUTANTS.filter(
    ({ file, find }) => readFileSync(join(ROOT, "packages", file), "utf8").split(find).length !== 2,
  );
  expect(lost.map(({ name }) => name)).toEqual([]);
});

test.concurrent.each(MUTANTS)("planted bug: $name", { timeout: 240_000 }, async (mutant) => {
  expect(await verdictOf(mutant)).toBe("red");
});

async function verdictOf({ name, test: file, title }: Mutant): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "mutant-"));
  const planted = join(folder, "planted");
  const env = { ...process.env, CALYBRIS_MUTANT: name, CALYBRIS_MUTANT_PLANTED: planted };
  const titled = title === undefined ? [] : ["-t", title];
  try {
    const args = [VITEST, "run", "--config", CONFIG, ...titled, `packages/${file}`];
    const verdict = await run(process.execPath, args, { cwd: ROOT, env }).then(
      () => "green",
      (error: { readonly stdout: string }) =>
        /Tests.* failed/.test(error.stdout) ? "red" : `no test ran: ${error.stdout}`,
    );
    return existsSync(planted) ? verdict : `never planted, ${verdict}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
