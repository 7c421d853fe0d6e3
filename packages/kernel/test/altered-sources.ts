/**
 * The kernel's sources with pieces of text replaced, and what they compile to: faults planted to see that tests notice,
 * and marks set to see which way a decision went.
 * @module
 */
import { compileSources, readSources } from "../assembly/build.ts";

export interface Alteration {
  readonly file: string;
  /** Stands in the file exactly once, else a change of the source would leave the alteration without effect. */
  readonly from: string;
  readonly to: string;
}

export function alterSources(
  sources: ReadonlyMap<string, string>,
  alterations: readonly Alteration[],
): ReadonlyMap<string, string> {
  const altered = new Map(sources);
  for (const { file, from, to } of alterations) {
    const text = altered.get(file) ?? "";
    const count = text.split(from).length - 1;
    if (count !== 1) throw new Error(`${file} holds ${JSON.stringify(from)} ${count} times, expected once`);
    altered.set(
      file,
      text.replace(from, () => to),
    );
  }
  return altered;
}

/** The module that the altered Wasm kernel compiles to. */
export async function compileAltered(alterations: readonly Alteration[]): Promise<WebAssembly.Module> {
  return new WebAssembly.Module(await compileSources(alterSources(await readSources(), alterations), "-O0"));
}
