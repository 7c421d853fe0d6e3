/**
 * Journals that benchmarks read and that take long to make: made once, kept under node_modules/.cache, and made again when what they
 * are made from changes.
 * @module
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
const CACHE = join(ROOT, "node_modules", ".cache", "calybris-bench");
/** The sources that say how an entry is written. */
const FORMAT = [
  "packages/kernel/src/entry.ts",
  "packages/kernel/src/decision-entry.ts",
  "packages/kernel/src/outcome-entry.ts",
  "bench/learned-journal.ts",
];

export interface KeptJournal {
  readonly directory: string;
  /** How long it took to make; `undefined` where it was kept. */
  readonly madeSeconds: number | undefined;
}

/**
 * The journal of a name and its parameters. An older one of that name is deleted.
 *
 * @param parameters - what it is made from, as text.
 * @param make - fills the directory that it is given.
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
  // Under another name until it is complete, so that an interrupted run leaves nothing that would be taken for it.
  const part = mkdtempSync(join(CACHE, `${basename(directory)}.part-`));
  await make(part);
  renameSync(part, directory);
  return { directory, madeSeconds: (performance.now() - began) / 1_000 };
}
