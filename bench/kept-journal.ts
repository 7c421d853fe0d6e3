/**
 * A cache of journals that take long to make, under node_modules/.cache. A journal is made again if its inputs change.
 * @module
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
const CACHE = join(ROOT, "node_modules", ".cache", "calybris-bench");
/** The sources that determine the format of entries. */
const FORMAT = [
  "packages/kernel/src/entry.ts",
  "packages/kernel/src/decision-entry.ts",
  "packages/kernel/src/outcome-entry.ts",
  "bench/learned-journal.ts",
];

export interface KeptJournal {
  readonly directory: string;
  /** Time to make it; `undefined` if it was in the cache. */
  readonly madeSeconds: number | undefined;
}

/**
 * The journal for a name and parameters. One with the same name and other inputs is deleted.
 *
 * @param parameters - its inputs, as text.
 * @param make - fills an empty directory.
 */
export async function keptJournal(
  name: string,
  parameters: readonly string[],
  make: (directory: string) => Promise<void>,
): Promise<KeptJournal> {
  const hash = createHash("sha256").update(JSON.stringify(parameters));
  for (const file of FORMAT) hash.update(readFileSync(join(ROOT, file)));
  const directory = join(CACHE, `${name}-${hash.digest("hex").slice(0, 16)}`);
  if (existsSync(directory)) return { directory, madeSeconds: undefined };
  mkdirSync(CACHE, { recursive: true });
  for (const older of readdirSync(CACHE))
    if (older.startsWith(`${name}-`)) rmSync(join(CACHE, older), { recursive: true, force: true });
  const began = performance.now();
  // Has another name until it is complete, so that the result of an interrupted run is never used.
  const part = mkdtempSync(join(CACHE, `${basename(directory)}.part-`));
  await make(part);
  renameSync(part, directory);
  return { directory, madeSeconds: (performance.now() - began) / 1_000 };
}
