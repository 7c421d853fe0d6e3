/**
 * A project that has the packages installed: by npm from a registry, as anybody has them, or by links, without a network.
 * @module
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "../sources.ts";
import type { Packed } from "./pack.ts";

export interface Project {
  readonly folder: string;
  /** The Node that runs there. */
  readonly node: string;
  /** The environment of its commands: `npx`, and that Node first. */
  readonly env: NodeJS.ProcessEnv;
}

/** Tools of the consumer, at the versions of this checkout. */
const TOOLS: readonly string[] = ["typescript", "esbuild", "@types/node"];

/**
 * Unpacks each tarball into a folder of its own, which sees its declared dependencies and nothing else: an import that no
 * manifest declares fails. Third-party packages are those of this checkout.
 */
export function linkInto(folder: string, packed: readonly Packed[]): Project {
  const modules = join(folder, "node_modules");
  writeProject(folder);
  for (const { name, tarball } of packed) {
    mkdirSync(storeOf(folder, name), { recursive: true });
    execFileSync("tar", ["-xzf", tarball, "--strip-components=1", "-C", storeOf(folder, name)]);
  }
  const ours = new Map(packed.map(({ name, folder: source }) => [name, source]));
  for (const [name, source] of ours) {
    for (const dependency of dependenciesOf(storeOf(folder, name))) {
      const target = ours.has(dependency) ? storeOf(folder, dependency) : installedHere(dependency, source);
      link(target, join(storeOf(folder, name), "node_modules", dependency));
    }
    link(storeOf(folder, name), join(modules, name));
  }
  for (const tool of TOOLS) link(installedHere(tool, ""), join(modules, tool));
  for (const bin of ["tsc", "esbuild"]) link(join(ROOT, "node_modules", ".bin", bin), join(modules, ".bin", bin));
  link(join(modules, "calybris", "bin", "calybris.cjs"), join(modules, ".bin", "calybris"));
  return project(folder, process.execPath);
}

/**
 * Installs the tarballs with npm, and a Node of the given version beside them.
 *
 * @param nodeRange - "22.18.0" or "24".
 * @throws an error with npm's output, where the registry cannot be reached too.
 */
export function npmInto(folder: string, packed: readonly Packed[], nodeRange: string): Project {
  writeProject(folder);
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  const tools = TOOLS.map((tool) => `${tool}@${manifest.devDependencies[tool]}`);
  // What `node@22` installs by a script of its own.
  const node = `node-${process.platform}-${process.arch}@${nodeRange}`;
  const tarballs = packed.map(({ tarball }) => tarball);
  const words = ["install", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
  execFileSync("npm", [...words, ...tarballs, node, ...tools], { cwd: folder, encoding: "utf8", stdio: "pipe" });
  return project(folder, join(folder, "node_modules", ".bin", "node"));
}

function project(folder: string, node: string): Project {
  const path = [dirname(node), join(folder, "node_modules", ".bin"), process.env["PATH"]].join(":");
  return { folder, node, env: { ...process.env, PATH: path, NO_COLOR: "1", NODE_OPTIONS: "" } };
}

function writeProject(folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "name": "newcomer", "private": true, "type": "module" }\n');
}

function storeOf(folder: string, name: string): string {
  return join(folder, "store", name.replace("/", "+"));
}

function dependenciesOf(folder: string): readonly string[] {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    readonly dependencies?: Readonly<Record<string, string>>;
  };
  return Object.keys(manifest.dependencies ?? {});
}

/** Where npm put a third-party package for one of ours. */
function installedHere(dependency: string, source: string): string {
  const own = join(ROOT, source, "node_modules", dependency);
  return realpathSync(existsSync(own) ? own : join(ROOT, "node_modules", dependency));
}

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
}
