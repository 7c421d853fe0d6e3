/**
 * The packages as npm would publish them and as it installs them, on each supported major version of Node: every entry point is imported, a consumer is
 * type-checked and bundled, and a newcomer gets from `npx calybris init` to a restored backup. A failure does not depend on
 * the seed.
 * @module
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publishedPackages } from "../../packaging/build.ts";
import { publish } from "../../packaging/release.ts";
import { InstalledCommand } from "../newcomer/installed-command.ts";
import { newcomer, type Step, stepTable } from "../newcomer/newcomer.ts";
import { bundle, entryPoints, importAll, typeCheck } from "../packages/consumer.ts";
import { linkInto, npmInto, type Project } from "../packages/install.ts";
import { type Packed, packAll } from "../packages/pack.ts";
import { read } from "../sources.ts";
import type { Budget, Found } from "./search.ts";

export const name = "installed packages";

/** From an installed package to the first useful result. */
const FIRST_RESULT_MS_MAX = 60_000;
/** The oldest that is supported, and the newest of the next. */
const NODES: readonly string[] = ["22.18.0", "24"];

export async function run({ milliseconds, progress }: Budget): Promise<Found> {
  const endMs = performance.now() + milliseconds;
  const folder = mkdtempSync(join(tmpdir(), "calybris-installed-"));
  try {
    const packed = await packAll(folder);
    progress?.(`${packed.length} packages are packed`);
    const seen: string[] = [];
    let cases = 0;
    const rehearsed = publish(await publishedPackages(), join(folder, "staged"), true);
    progress?.(`${rehearsed.size} publications are rehearsed`);
    for (const version of NODES) {
      if (cases > 0 && performance.now() > endMs) {
        seen.push(`Node ${version}: skipped, because the time is over`);
        continue;
      }
      const installing = performance.now();
      const project = installed(join(folder, `node-${version}`), packed, version);
      if (project === undefined) {
        seen.push(`Node ${version}: skipped, because the registry cannot be reached`);
        continue;
      }
      const seconds = ((performance.now() - installing) / 1_000).toFixed(2);
      cases += await tryOut(project, packed, ["npx"], (text) => {
        seen.push(`Node ${version}, npm install ${seconds} s\n${text}`);
      });
      progress?.(`Node ${version} is done`);
    }
    // Without a registry at least the tarballs themselves are tried, on the Node that runs here.
    if (cases === 0) {
      cases = await tryOut(linkInto(join(folder, "linked"), packed), packed, [], (text) => seen.push(text));
    }
    return { cases, summary: seen.join("\n") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `undefined` where npm cannot reach its registry; every other failure is one. */
function installed(folder: string, packed: readonly Packed[], version: string): Project | undefined {
  try {
    return npmInto(folder, packed, version);
  } catch (error) {
    const { stderr } = error as { readonly stderr?: string };
    if (/\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ENOTCACHED)\b/.test(stderr ?? ""))
      return undefined;
    throw new Error(`npm install: ${stderr}`, { cause: error });
  }
}

async function tryOut(
  project: Project,
  packed: readonly Packed[],
  runner: readonly string[],
  say: (text: string) => void,
): Promise<number> {
  const entries = entryPoints(packed);
  const counts = importAll(project, entries);
  const empty = Object.entries(counts).filter(([, count]) => count === 0);
  if (empty.length > 0) throw new Error(`without exports: ${empty.map(([entry]) => entry).join(", ")}`);
  typeCheck(project, entries);
  bundle(project);
  const steps = [...(await newcomer(project, { runner }))];
  const [first] = steps;
  if (first === undefined || first.milliseconds > FIRST_RESULT_MS_MAX)
    throw new Error(`the first result takes too long:\n${stepTable(steps)}`);
  if (runner.length > 0) steps.push(...(await queries(project, runner)));
  say(stepTable(steps));
  return entries.length + steps.length;
}

/** Installs DuckDB as its page says, and asks every query of the page of the newcomer's journal. */
async function queries(project: Project, runner: readonly string[]): Promise<readonly Step[]> {
  const page = read("docs/query.md");
  const install = /^npm install (@duckdb\/\S+)$/m.exec(page)?.[1] ?? "";
  execFileSync("npm", ["install", "--no-audit", "--no-fund", install], {
    cwd: project.folder,
    env: project.env,
    stdio: "pipe",
  });
  const command = new InstalledCommand(project, runner);
  const steps: Step[] = [];
  for (const [, sql = ""] of page.matchAll(/calybris query "([^"]+)"/g)) {
    const startedMs = performance.now();
    await command.run("query", sql);
    steps.push({ name: `query ${sql.slice(0, QUERY_SHOWN_MAX)}`, milliseconds: performance.now() - startedMs });
  }
  if (steps.length === 0) throw new Error("docs/query.md has no query");
  return steps;
}

const QUERY_SHOWN_MAX = 40;
