/**
 * What an engine leaves behind when it cannot be opened, or is closed after a failure: counted by a process of its own.
 * @module
 */
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Left } from "./open-leaks-process.ts";

/** Open files are read from `/proc`, and a full disk is played by a limit on the size of files. */
export const CAN_COUNT: boolean = process.platform === "linux" && spawnSync("prlimit", ["--version"]).status === 0;

/** V8 may end a process whose threads strip types: docs/adr/0016-threads-without-compiled-wrappers.md. */
const NO_WRAPPERS = "--wasm-wrapper-tiering-budget=2147483647";

/**
 * Tries all ways to open and close, or the one of that name. Returns how many were tried.
 *
 * @throws Error naming each way that left something, or ended otherwise than it must.
 */
export async function requireNothingLeft(only?: string): Promise<number> {
  const root = mkdtempSync(join(tmpdir(), "open-leaks-"));
  try {
    const file = join(import.meta.dirname, "open-leaks-process.ts");
    const { stdout } = await promisify(execFile)(process.execPath, [
      NO_WRAPPERS,
      file,
      root,
      ...(only === undefined ? [] : [only]),
    ]);
    const lines = stdout.split("\n").filter((line) => line !== "");
    const ways = lines.map((line) => JSON.parse(line) as Left);
    const wrong = ways.flatMap(problemOf);
    if (wrong.length > 0) throw new Error(wrong.join("\n"));
    return ways.length;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function problemOf({ way, expected, codes, more }: Left): readonly string[] {
  if (codes.some((code) => code !== expected)) return [`${way}: ended with ${codes.join(", ")}, not with ${expected}`];
  if (more.length > 0) return [`${way}: left ${more.join(", ")}`];
  return [];
}
