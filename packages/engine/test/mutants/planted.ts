/**
 * Starts the process that searches with one bug planted.
 * @module
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const PROCESS = join(import.meta.dirname, "process.ts");
const PLANT = new URL("./plant.ts", import.meta.url).href;

/** What `process.ts` prints when it runs with the bug of that name. */
export async function runPlanted(name: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "mutant-"));
  const env = {
    ...process.env,
    NODE_OPTIONS: `--import ${PLANT}`,
    CALYBRIS_MUTANT: name,
    CALYBRIS_MUTANT_PLANTED: join(folder, "planted"),
  };
  try {
    return (await promisify(execFile)(process.execPath, [PROCESS, name], { env })).stdout;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
