/**
 * Builds every published package into `dist`, ready for `npm publish`: modules, declarations and source maps, the files
 * its manifest names, README, LICENSE and NOTICE.
 * @module
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, glob, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { type Manifest, publishedManifest } from "./manifest.ts";

const ROOT = join(import.meta.dirname, "..");
/** Beside the compiled code and what the manifest names. */
const ALWAYS: readonly string[] = ["README.md", "LICENSE", "NOTICE"];

export interface PublishedPackage {
  readonly name: string;
  /** Relative to the checkout. */
  readonly folder: string;
  readonly manifest: Manifest;
  /** Folder of its sources, relative to the package; `undefined` for a package of data. */
  readonly sources: string | undefined;
}

/** Every published package, each after those it depends on. */
export async function publishedPackages(): Promise<readonly PublishedPackage[]> {
  const { workspaces } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as { workspaces: string[] };
  const manifests = await Array.fromAsync(
    glob(
      workspaces.map((folder) => `${folder}/package.json`),
      { cwd: ROOT },
    ),
  );
  const found = await Promise.all(manifests.sort().map((file) => readPackage(dirname(file))));
  const ordered = new Set<PublishedPackage>();
  const add = (each: PublishedPackage): void => {
    for (const other of found) if (other.name in (each.manifest.dependencies ?? {})) add(other);
    ordered.add(each);
  };
  for (const each of found) add(each);
  return [...ordered];
}

async function readPackage(folder: string): Promise<PublishedPackage> {
  const manifest = JSON.parse(await readFile(join(ROOT, folder, "package.json"), "utf8")) as Manifest;
  const sources = ["src", "index.ts"].find((entry) => existsSync(join(ROOT, folder, entry)))?.replace("index.ts", "");
  return { name: manifest.name, folder, manifest, sources };
}

/**
 * Compiles every package and writes it to its folder below `target`, which is emptied first.
 *
 * @param packages - in the order they are published in; see {@link publishedPackages}.
 */
export async function build(packages: readonly PublishedPackage[], target: string): Promise<void> {
  const compiled = await mkdtemp(join(tmpdir(), "calybris-build-"));
  try {
    await rm(target, { recursive: true, force: true });
    const tsc = join(ROOT, "node_modules", ".bin", "tsc");
    execFileSync(tsc, ["-p", join(ROOT, "packaging"), "--outDir", compiled], { stdio: "inherit" });
    execFileSync(process.execPath, [join(ROOT, "packages/console/build.ts")], { stdio: "inherit" });
    await Promise.all(packages.map((each) => stage(each, compiled, stagedFolder(target, each))));
  } finally {
    await rm(compiled, { recursive: true, force: true });
  }
}

/** Where a package is staged: as in the checkout, so that the whole of it can take the place of the sources. */
export function stagedFolder(target: string, { folder }: PublishedPackage): string {
  return join(target, folder);
}

async function stage({ folder, manifest, sources }: PublishedPackage, compiled: string, target: string): Promise<void> {
  await mkdir(target, { recursive: true });
  const published = publishedManifest(manifest, sources);
  await writeFile(join(target, "package.json"), `${JSON.stringify(published, null, 2)}\n`);
  for (const name of ALWAYS) {
    const own = join(ROOT, folder, name);
    await cp(existsSync(own) ? own : join(ROOT, name), join(target, name));
  }
  for await (const file of glob([...(manifest.files ?? [])], { cwd: join(ROOT, folder), exclude: ["package.json"] }))
    await cp(join(ROOT, folder, file), join(target, file), { recursive: true });
  if (sources !== undefined) await stageCompiled(folder, sources, compiled, target);
  for (const [file, source] of Object.entries(manifest.bundled ?? {}))
    await cp(join(ROOT, "node_modules", source), join(target, file), { recursive: true });
}

async function stageCompiled(folder: string, sources: string, compiled: string, target: string): Promise<void> {
  const from = join(compiled, folder, sources);
  await rewriteFiles(from, /\.map$/, withSourceNames);
  await cp(from, join(target, "dist"), { recursive: true });
  await rewriteFiles(target, /\.(?:js|cjs|ts)$/, (text) => withCompiledPaths(text, sources));
}

/**
 * The compiler rewrites imports of modules only. Workers, the launcher and declarations name files too, and a package has no
 * folder of sources. Columns stay, so source maps hold.
 */
function withCompiledPaths(text: string, sources: string): string {
  return text.replace(/"(\.\.?\/[^"\n]+)\.ts"/g, '"$1.js"').replaceAll(`"../${sources}/`, '"../dist/');
}

/** Sources are in the map itself; their names are paths of the checkout, not the way to it from here. */
function withSourceNames(text: string, path: string): string {
  const map = JSON.parse(text) as { readonly sources: readonly string[] };
  const sources = map.sources.map((source) => `calybris:///${relative(ROOT, resolve(dirname(path), source))}`);
  return JSON.stringify({ ...map, sources });
}

async function rewriteFiles(
  folder: string,
  named: RegExp,
  rewrite: (text: string, path: string) => string,
): Promise<void> {
  const files = await readdir(folder, { recursive: true, encoding: "utf8" });
  const paths = files.filter((file) => named.test(file)).map((file) => join(folder, file));
  await Promise.all(paths.map(async (path) => await writeFile(path, rewrite(await readFile(path, "utf8"), path))));
}

if (import.meta.main) await build(await publishedPackages(), join(ROOT, "dist"));
