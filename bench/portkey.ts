/**
 * Portkey's gateway from npm, installed in a cache folder outside this repository's packages. `@hono/node-server` is pinned:
 * with the version that npm resolves today, every stream fails with status 500.
 * @module
 */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const DEPENDENCIES = { "@portkey-ai/gateway": "1.15.2", "@hono/node-server": "1.12.2" };
const FOLDER = join(import.meta.dirname, "..", "node_modules", ".cache", "bench-portkey");
const SERVER = join(FOLDER, "node_modules", "@portkey-ai", "gateway", "build", "start-server.js");
const INSTALL_MS = 120_000;

/** The file that starts it, after an installation if needed; the problem if npm cannot be reached. */
export async function portkeyServer(): Promise<{ readonly file: string } | { readonly problem: string }> {
  if (existsSync(SERVER)) return { file: SERVER };
  mkdirSync(FOLDER, { recursive: true });
  const overrides = { "@hono/node-server": "$@hono/node-server" };
  writeFileSync(join(FOLDER, "package.json"), JSON.stringify({ private: true, dependencies: DEPENDENCIES, overrides }));
  try {
    const words = ["install", "--ignore-scripts", "--no-audit", "--no-fund"];
    await promisify(execFile)("npm", words, { cwd: FOLDER, timeout: INSTALL_MS });
    return { file: SERVER };
  } catch (error) {
    return { problem: `Portkey's gateway could not be installed from npm: ${String(error).split("\n")[0]}` };
  }
}
