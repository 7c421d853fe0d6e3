/**
 * Every case of the tests of which `npm test` tries a share (`test/share.ts`), and the long ones, `*.long.test.ts`, which it
 * leaves out.
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Budget, Found } from "./search.ts";

export const name = "tests with all their cases";

const ROOT = join(import.meta.dirname, "../..");
const FIRST_FILE_MILLISECONDS = 600_000;
const VITEST = join(ROOT, "node_modules/vitest/vitest.mjs");

/** A file of tests is a case. Properties without a seed of their own draw another each time. */
export async function run({ milliseconds, progress }: Budget): Promise<Found> {
  const endMs = performance.now() + milliseconds;
  const files = globSync("{packages,test,bench}/**/*.test.ts", { cwd: ROOT, exclude: ["**/node_modules/**"] })
    .filter((file) => file.endsWith(".long.test.ts") || readFileSync(join(ROOT, file), "utf8").includes('/share.ts"'))
    .toSorted((a, b) => Number(isLast(a)) - Number(isLast(b)));
  let cases = 0;
  for (const file of files) {
    if (cases > 0 && performance.now() >= endMs) break;
    const env = { ...process.env, CALYBRIS_CASES: "all" };
    const words = [VITEST, "run", "--reporter", "dot", file];
    const leftMs = Math.max(1, Math.ceil(endMs - performance.now()));
    // However slow the machine, one file is done: a search that looked at nothing has failed.
    const timeout = cases === 0 ? Math.max(leftMs, FIRST_FILE_MILLISECONDS) : leftMs;
    const child = spawn(process.execPath, words, { cwd: ROOT, env, stdio: ["ignore", "ignore", "inherit"], timeout });
    const [code] = (await once(child, "exit")) as [number | null];
    // What the time ended has neither passed nor failed.
    if (cases > 0 && performance.now() >= endMs) break;
    if (code !== 0) throw new Error(`CALYBRIS_CASES=all npx vitest run ${file}: exit ${code}`);
    cases += 1;
    progress?.(`${cases} of ${files.length} files`);
  }
  return { cases, summary: `${cases} of ${files.length} files` };
}

/** Planted bugs take longest. */
function isLast(file: string): boolean {
  return file.includes("mutants");
}
