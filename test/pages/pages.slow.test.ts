/**
 * Every command of every page runs as it is written, with the packages installed from their tarballs in a folder that is
 * no part of the checkout, and prints what the page shows.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { linkInto, type Project } from "../packages/install.ts";
import { packAll } from "../packages/pack.ts";
import { filesBelow, ROOT, read } from "../sources.ts";
import { parsePage } from "./page.ts";
import { someOf } from "../share.ts";

const PAGES = filesBelow("", ".md").map((file) => ({ file, page: parsePage(read(file)) }));

/** Every reason for which a block is not run; a new one is added here by hand. */
const REASONS: readonly string[] = [
  "a clone",
  "docker",
  "kubernetes",
  "systemd",
  "the registry",
  "zstd is not installed everywhere",
  "takes minutes",
  "releases",
  "another page runs it",
];

/**
 * `npx` looks for the command longer than the command runs. It finds the one that is first in the path; README.md is run
 * with the real one.
 */
const DIRECTLY = 'npx() { if [ "$1" = calybris ]; then shift; calybris "$@"; else command npx "$@"; fi; }\n';

describe("pages", () => {
  test("hold no command in a block that is neither run nor said not to be", () => {
    const unmarked = PAGES.flatMap(({ file, page }) => page.unmarked.map((block) => `${file}: ${block}`));
    expect(unmarked).toEqual([]);
  });

  test("give one of the known reasons for each block that is not run", () => {
    const skipped = PAGES.flatMap(({ file, page }) => page.skipped.map((block) => ({ file, ...block })));
    for (const { file, reason, commands } of skipped) console.log(`${file}: not run (${reason}): ${commands.trim()}`);
    expect(skipped.filter(({ reason }) => !REASONS.some((known) => reason.startsWith(known)))).toEqual([]);
  });
});

// Skipped where there is no shell to type into.
describe.skipIf(process.platform === "win32")("commands", () => {
  let folder: string;
  let project: Project;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "calybris-pages-"));
    project = linkInto(join(folder, "project"), await packAll(join(folder, "packed")));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(
    someOf(
      PAGES.filter(({ page }) => page.runCount > 0),
      30,
    ),
  )("of $file run as they are written", async ({ file, page }) => {
    const cwd = join(project.folder, file.replaceAll(/[^a-z0-9]+/gi, "-"));
    mkdirSync(cwd);
    for (const [path, name] of page.needs) cpSync(join(ROOT, path), join(cwd, name), { recursive: true });
    for (const { name, text } of page.files) writeFileSync(join(cwd, name), text);
    const script = file === "README.md" ? page.script : DIRECTLY + page.script;
    const printed = await run(script, cwd, project.env);
    const lines = new Set(printed.split("\n").map(comparable));
    expect(page.shown.filter((line) => !lines.has(comparable(line)))).toEqual([]);
  });
});

/** Runs a script to its end, and ends what it left running. The port of the pages is one that is free. */
async function run(script: string, cwd: string, env: NodeJS.ProcessEnv): Promise<string> {
  const port = await freePort();
  const child = spawn("sh", ["-ec", script.replaceAll("127.0.0.1:8787", `127.0.0.1:${port}`)], {
    cwd,
    env: { ...env, CALYBRIS_LISTEN_PORT: String(port) },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (data: Buffer) => {
      printed += data.toString();
    });
  const [code] = (await once(child, "exit")) as [number | null];
  try {
    process.kill(-(child.pid ?? 0), "SIGTERM");
  } catch {
    // Nothing is left running.
  }
  if (code !== 0) throw new Error(`exit code ${code}:\n${printed.slice(-3_000)}`);
  return printed;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  server.close();
  return port;
}

/** A byte offset moves with the format of an entry. */
function comparable(line: string): string {
  return line.replace(/at byte \d+/, "at byte N");
}
