/**
 * The repository as the tests of the house see it: every source file that a person wrote, by its path from the root.
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The top of the repository, with a slash at its end. */
export const ROOT: string = fileURLToPath(new URL("../", import.meta.url));

const NOT_OURS = new Set(["node_modules", "dist", "coverage", "results"]);
/** Written by a build. */
const GENERATED = new Set([
  "packages/kernel/src/wasm/binary.ts",
  "packages/kernel/src/wasm/lanes-binary.ts",
  "packages/client/src/api.ts",
]);

/** Paths of all files below a folder whose name ends so; folders that begin with a dot are left out. */
export function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(ROOT + folder, { withFileTypes: true })
    .flatMap((item) => {
      const path = folder === "" ? item.name : `${folder}/${item.name}`;
      if (item.isDirectory())
        return item.name.startsWith(".") || NOT_OURS.has(item.name) ? [] : filesBelow(path, ending);
      return item.isFile() && item.name.endsWith(ending) && !GENERATED.has(path) ? [path] : [];
    })
    .sort();
}

export function read(path: string): string {
  return readFileSync(ROOT + path, "utf8");
}

/** The text with its comments emptied, line by line, so that line numbers stay. Enough for sources that a formatter wrote. */
export function withoutComments(source: string): string {
  return source
    .replace(/^\s*\/\*\*?[\s\S]*?\*\//gm, (comment) => comment.replace(/[^\n]/g, ""))
    .replace(/(^|[\s;,{(])\/\/ .*$/gm, "$1");
}

/** The rows of the first Markdown table in a text, cell by cell, without its heading. */
export function tableRows(markdown: string): string[][] {
  return markdown
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .slice(2)
    .map((line) =>
      line
        .slice(1, -1)
        .split(" | ")
        .map((cell) => cell.trim()),
    );
}
