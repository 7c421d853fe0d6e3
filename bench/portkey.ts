/**
 * Portkey's gateway, as npm has it, in a cache folder that no package of this repository knows of. `@hono/node-server` is pinned:
 * with the version that npm resolves for it today, every stream is answered 500.
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

/** The file that starts it, installed where it is not yet; what is wrong where npm cannot be reached. */
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
