/**
 * The image of the Dockerfile without Docker: what its build stage runs is run in a copy of the checkout, what it copies is
 * copied, and the command of the result serves a decision and answers its own health check over HTTPS. A failure does not
 * depend on the seed.
 * @module
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../sources.ts";
import type { Budget, Found } from "./search.ts";

export const name = "the image";

interface Instruction {
  readonly word: string;
  readonly rest: string;
}

export async function run({ progress }: Budget): Promise<Found> {
  const folder = mkdtempSync(join(tmpdir(), "calybris-image-"));
  try {
    const [building = [], image = []] = stages(readFileSync(`${ROOT}Dockerfile`, "utf8"));
    const build = join(folder, "build");
    copyCheckout(build);
    let cases = 0;
    for (const { word, rest } of building) {
      if (word !== "RUN") continue;
      if (!tryRun(rest, build)) return { cases: 1, summary: "skipped, because the registry cannot be reached" };
      progress?.(rest);
      cases += 1;
    }
    const installed = join(folder, "opt", "calybris");
    mkdirSync(installed, { recursive: true });
    for (const { word, rest } of image) {
      const [, from = "", to = ""] = /^--from=build \/build\/(\S+) (\S+)$/.exec(word === "COPY" ? rest : "") ?? [];
      if (from === "") continue;
      cpSync(join(build, from), join(installed, to), { recursive: true, verbatimSymlinks: true });
      cases += 1;
    }
    rmSync(build, { recursive: true });
    cases += await serveAndAsk(join(installed, "packages", "cli", "bin", "calybris.cjs"), folder);
    return { cases };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The instructions of each stage. */
function stages(dockerfile: string): readonly (readonly Instruction[])[] {
  const found: Instruction[][] = [];
  for (const line of dockerfile.split("\n")) {
    const [, word = "", rest = ""] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
    if (word === "FROM") found.push([]);
    else if (word !== "") found.at(-1)?.push({ word, rest });
  }
  return found;
}

/** What git tracks, as a build context has it. */
function copyCheckout(to: string): void {
  const files = execFileSync("git", ["ls-files", "-z"], { cwd: ROOT, encoding: "utf8", maxBuffer: 1 << 26 });
  const ignored = /^(?:bench|docs|examples)\/|(?:^|\/)test\//;
  for (const file of files.split("\0").filter((each) => each !== "" && !ignored.test(each)))
    cpSync(join(ROOT, file), join(to, file));
}

/** `false` where npm cannot reach its registry. Every other failure is one, and so is a warning. */
function tryRun(command: string, cwd: string): boolean {
  const { status, stderr } = spawnSync("sh", ["-c", command], { cwd, encoding: "utf8", maxBuffer: 1 << 26 });
  if (status === 0 && !/\bwarn/i.test(stderr)) return true;
  if (/\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH)\b/.test(stderr)) return false;
  throw new Error(`${command} ended with ${status}:\n${stderr}`);
}

/** A port that nothing listens on right now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Starts the service over HTTPS as the image does, asks for its health, and stops it. @returns how much was tried. */
async function serveAndAsk(command: string, folder: string): Promise<number> {
  const [certificate, key] = [join(folder, "certificate.pem"), join(folder, "key.pem")];
  const subject = ["-subj", "/CN=calybris.example", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  const files = ["-keyout", key, "-out", certificate];
  execFileSync("openssl", ["req", "-x509", "-nodes", "-days", "1", ...subject, ...files], { stdio: "pipe" });
  const env = {
    ...process.env,
    NODE_ENV: "production",
    CALYBRIS_LISTEN_HOST: "127.0.0.1",
    CALYBRIS_LISTEN_PORT: String(await freePort()),
    CALYBRIS_JOURNAL_DIRECTORY: join(folder, "journal"),
    CALYBRIS_TLS_CERTIFICATE_FILE: certificate,
    CALYBRIS_TLS_KEY_FILE: key,
  };
  const service = spawn(process.execPath, [command, "serve"], { env, cwd: folder, stdio: "ignore" });
  const ended = new Promise<number | null>((resolve) => service.on("exit", resolve));
  try {
    const printed = execFileSync(process.execPath, [command, "health", "--wait", "60"], {
      env,
      cwd: folder,
      encoding: "utf8",
    });
    if (!printed.includes('"ready"')) throw new Error(`health printed ${printed}`);
    service.kill("SIGTERM");
    const code = await ended;
    if (code !== 0) throw new Error(`the service ended with ${code}`);
    return 2;
  } finally {
    service.kill("SIGKILL");
  }
}
