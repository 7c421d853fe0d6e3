/** Every case of the properties and exhaustive tests of which `npm test` tries a share (`test/share.ts`). @module */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Budget, Found } from "./search.ts";

export const name = "properties with all their cases";

const ROOT = join(import.meta.dirname, "../..");
const VITEST = fileURLToPath(import.meta.resolve("vitest/vitest.mjs"));

/** A file of tests is a case. Properties without a seed of their own draw another each time. */
export async function run({ milliseconds, progress }: Budget): Promise<Found> {
  const endMs = performance.now() + milliseconds;
  const files = globSync("{packages,test}/**/*.test.ts", { cwd: ROOT, exclude: ["**/node_modules/**"] })
    .filter((file) => readFileSync(join(ROOT, file), "utf8").includes('/share.ts"'))
    .toSorted();
  let cases = 0;
  for (const file of files) {
    if (performance.now() >= endMs) break;
    const env = { ...process.env, CALYBRIS_CASES: "all" };
    const words = [VITEST, "run", "--project", "fast", "--reporter", "dot", file];
    const child = spawn(process.execPath, words, { cwd: ROOT, env, stdio: ["ignore", "ignore", "inherit"] });
    const [code] = (await once(child, "exit")) as [number | null];
    if (code !== 0) throw new Error(`CALYBRIS_CASES=all npx vitest run --project fast ${file}: exit ${code}`);
    cases += 1;
    progress?.(`${cases} of ${files.length} files`);
  }
  return { cases, summary: `${cases} of ${files.length} files` };
}
