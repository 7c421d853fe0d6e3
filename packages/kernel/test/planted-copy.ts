/**
 * Copies of the kernel's sources with one piece of text replaced, each loaded beside the others.
 * @module
 */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const SOURCES = fileURLToPath(new URL("../src/", import.meta.url));

/** A text that stands in `file` (below `src/`, without its extension) once, and what replaces it. */
export interface Planted {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** JavaScript of every source by its path below `src/`. Types are stripped here once, and not by the loader for each copy. */
export type Stripped = ReadonlyMap<string, string>;

export async function stripSources(): Promise<Stripped> {
  const files = (await readdir(SOURCES, { recursive: true })).filter((file) => file.endsWith(".ts"));
  const texts = files.map(async (file) => [file, strip(await readFile(join(SOURCES, file), "utf8"))] as const);
  return new Map(await Promise.all(texts));
}

/** Writes the sources with the bug to `folder` and loads `entry`. @throws Error unless the file contains the text exactly once. */
export async function loadPlanted<Loaded>(
  stripped: Stripped,
  { file, from, to }: Planted,
  folder: string,
  entry: string,
): Promise<Loaded> {
  const path = `${file}.ts`;
  const text = await readFile(join(SOURCES, path), "utf8");
  if (text.split(from).length !== 2) throw new Error(`${path} does not hold ${JSON.stringify(from)} once`);
  const altered = new Map(stripped).set(path, strip(text.replace(from, () => to)));
  const folders = new Set([...altered.keys()].map((source) => join(folder, dirname(source))));
  for (const made of folders) await mkdir(made, { recursive: true });
  const written = [...altered].map(([source, code]) => writeFile(join(folder, compiled(source)), code));
  await Promise.all(written);
  return (await import(pathToFileURL(join(folder, compiled(`${entry}.ts`))).href)) as Loaded;
}

function strip(source: string): string {
  return stripTypeScriptTypes(source).replaceAll(/(?<=\bfrom "\.[^"\n]*)\.ts(?=")/g, ".mjs");
}

function compiled(source: string): string {
  return source.replace(/\.ts$/, ".mjs");
}
