/**
 * Temporary files of a run are in one folder, which is removed at its end: those of tests, of the processes that they start,
 * and of workers that are ended before they clean up.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What `os.tmpdir()` looks at, by platform. */
const VARIABLES: readonly string[] = ["TMPDIR", "TEMP", "TMP"];

export default function runFolder(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "calybris-run-"));
  for (const name of VARIABLES) process.env[name] = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}
