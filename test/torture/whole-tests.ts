/**
 * Every case of the tests of which `npm test` tries a share (`test/share.ts`), and the long ones, `*.long.test.ts`, which it
 * leaves out. Of planted bugs a fifteenth, another one each day; and each day another file comes first, so that a machine
 * whose time ends before the last file reaches all of them in the end.
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

const PLANTED_PARTS = 15;
const DAY_MS = 86_400_000;

/** A file of tests is a case. Properties without a seed of their own draw another each time. */
export async function run({ seed, milliseconds, progress }: Budget): Promise<Found> {
  const day = Math.floor(Date.now() / DAY_MS) + seed - 1;
  const planted = `${day % PLANTED_PARTS}/${PLANTED_PARTS}`;
  const endMs = performance.now() + milliseconds;
  const found = globSync("{packages,test,bench,datasets}/**/*.test.ts", { cwd: ROOT, exclude: ["**/node_modules/**"] })
    .filter((file) => file.endsWith(".long.test.ts") || readFileSync(join(ROOT, file), "utf8").includes('/share.ts"'))
    .toSorted();
  const first = day % found.length;
  const files = [...found.slice(first), ...found.slice(0, first)];
  let cases = 0;
  for (const file of files) {
    if (cases > 0 && performance.now() >= endMs) break;
    const env = { ...process.env, CALYBRIS_CASES: "all", CALYBRIS_PLANTED: planted };
    const words = [VITEST, "run", "--reporter", "dot", file];
    const leftMs = Math.max(1, Math.ceil(endMs - performance.now()));
    // However slow the machine, one file is done: a search that looked at nothing has failed.
    const timeout = cases === 0 ? Math.max(leftMs, FIRST_FILE_MILLISECONDS) : leftMs;
    const child = spawn(process.execPath, words, { cwd: ROOT, env, stdio: ["ignore", "ignore", "inherit"], timeout });
    const [code] = (await once(child, "exit")) as [number | null];
    // What the time ended has neither passed nor failed.
    if (cases > 0 && performance.now() >= endMs) break;
    if (code !== 0)
      throw new Error(`CALYBRIS_CASES=all CALYBRIS_PLANTED=${planted} npx vitest run ${file}: exit ${code}`);
    cases += 1;
    progress?.(`${cases} of ${files.length} files`);
  }
  return { cases, summary: `${cases} of ${files.length} files from ${files[0]} on, planted bugs ${planted}` };
}
