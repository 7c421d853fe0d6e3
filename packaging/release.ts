/**
 * Releases every package under one version: a version, a section of the changelog, a build, and `npm publish` for each
 * package after those it depends on. Without `--publish` nothing leaves the machine.
 *
 *     npm run release -- 0.2.0             sets the version everywhere, builds, and rehearses the publication
 *     npm run release -- 0.2.0 --publish   in a build service: publishes, with a statement of where it was built
 *
 * A package whose version is in the registry already is passed over, so a release that broke off is run again.
 * @module
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build, type PublishedPackage, publishedPackages, stagedFolder } from "./build.ts";

const ROOT = join(import.meta.dirname, "..");
const TARGET = join(ROOT, "dist");
const VERSION = /^\d+\.\d+\.\d+(?:-[0-9a-z.-]+)?$/;

/** Sets the version of every package, of the checkout, and of each dependency of one package on another. */
export async function setVersion(version: string): Promise<void> {
  const packages = await publishedPackages();
  const names = new Set(packages.map(({ name }) => name));
  for (const folder of [".", ...packages.map(({ folder }) => folder)]) {
    const file = join(ROOT, folder, "package.json");
    writeFileSync(file, withVersion(readFileSync(file, "utf8"), version, names));
  }
}

/**
 * The manifest's text under another version; layout and everything else stay.
 *
 * @example
 * ```ts
 * withVersion('{ "version": "0.1.0", "zod": "4.6.7" }', "0.2.0", new Set()); // '{ "version": "0.2.0", "zod": "4.6.7" }'
 * ```
 */
export function withVersion(text: string, version: string, names: ReadonlySet<string>): string {
  return text.replace(/"([^"]+)": "\d+\.\d+\.\d+[^"]*"/g, (member, key: string) =>
    key === "version" || names.has(key) ? `"${key}": "${version}"` : member,
  );
}

/** What prevents a release; empty when nothing does. */
export function obstacles(version: string, changelog: string, changedFiles: string): readonly string[] {
  const found: string[] = [];
  if (!VERSION.test(version)) found.push(`${JSON.stringify(version)} is not a version like 1.2.3 or 1.2.3-rc.1.`);
  if (!changelog.split("\n").some((line) => line.startsWith(`## ${version}`)))
    found.push(`CHANGELOG.md has no section "## ${version}".`);
  if (changedFiles !== "") found.push(`Files are not committed:\n${changedFiles}`);
  return found;
}

/**
 * Publishes what is staged, or rehearses it.
 *
 * @returns what npm printed, by package.
 */
export function publish(
  packages: readonly PublishedPackage[],
  target: string,
  isRehearsal: boolean,
): ReadonlyMap<string, string> {
  const printed = new Map<string, string>();
  for (const each of packages) {
    const folder = stagedFolder(target, each);
    if (!isRehearsal && isPublished(each)) continue;
    if (!isRehearsal) addRepository(folder, each);
    // A rehearsal neither needs the registry nor an identity to state where it was built.
    const words = isRehearsal ? ["--dry-run", "--provenance=false", "--offline"] : ["--provenance"];
    printed.set(each.name, execFileSync("npm", ["publish", folder, ...words], { encoding: "utf8", stdio: "pipe" }));
  }
  return printed;
}

function isPublished({ name, manifest }: PublishedPackage): boolean {
  try {
    return execFileSync("npm", ["view", `${name}@${manifest.version}`, "version"], { encoding: "utf8" }).trim() !== "";
  } catch {
    return false;
  }
}

/** npm holds a statement of provenance against `repository`, so it is the one that the build service builds. */
function addRepository(folder: string, { folder: directory }: PublishedPackage): void {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository } = process.env;
  if (server === undefined || repository === undefined)
    throw new Error("Provenance needs a build service: GITHUB_SERVER_URL and GITHUB_REPOSITORY are not set.");
  const file = join(folder, "package.json");
  const manifest = JSON.parse(readFileSync(file, "utf8")) as object;
  const place = { type: "git", url: `git+${server}/${repository}.git`, directory };
  writeFileSync(file, `${JSON.stringify({ ...manifest, repository: place }, null, 2)}\n`);
}

async function release(): Promise<void> {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { publish: { type: "boolean" } } });
  const [version = ""] = positionals;
  const isPublishing = values.publish === true;
  const changed = execFileSync("git", ["status", "--porcelain"], { cwd: ROOT, encoding: "utf8" });
  const inTheWay = obstacles(version, readFileSync(join(ROOT, "CHANGELOG.md"), "utf8"), changed);
  if (inTheWay.length > 0) {
    console.error(inTheWay.join("\n"));
    process.exitCode = 1;
    return;
  }
  await setVersion(version);
  // Versions of workspaces are in the lockfile.
  execFileSync("npm", ["install", "--package-lock-only", "--ignore-scripts"], { cwd: ROOT, stdio: "inherit" });
  const packages = await publishedPackages();
  await build(packages, TARGET);
  const done = publish(packages, TARGET, !isPublishing);
  console.log(
    `${isPublishing ? "published" : "rehearsed"} ${version}: ${[...done.keys()].join(", ") || "nothing new"}`,
  );
}

if (import.meta.main) await release();
