/**
 * Examples that run. A line `expression; // value` in an example is a claim; running the example gives, for each claim,
 * what the expression came to and what was stated.
 * @module
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { pathToFileURL } from "node:url";
import { ROOT } from "./sources.ts";

export interface Claim {
  readonly expression: string;
  readonly actual: unknown;
  readonly stated: unknown;
}

/** The TypeScript blocks in the `@example` parts of a source file's comments. */
export function docstringExamples(source: string): string[] {
  return [...source.matchAll(/\/\*\*[\s\S]*?\*\//g)].flatMap(([comment]) => {
    const text = comment.replace(/^\s*\* ?/gm, "");
    return text.includes("@example") ? fences(text.slice(text.indexOf("@example")), "ts") : [];
  });
}

/** The bodies of a text's code fences in one language. */
export function fences(markdown: string, language: string): string[] {
  const pattern = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm");
  return [...markdown.matchAll(pattern)].map(([, body = ""]) => body);
}

const CLAIM = /^(?!(?:const|let|import|export|return|if|for)\b)(\S.*?);\s*\/\/ (.+)$/;
const FOLDER = `${ROOT}node_modules/.cache/calybris-examples/`;

/** Runs an example as a module of its own, below the repository so that its packages resolve. */
export async function runExample(name: string, example: string): Promise<readonly Claim[]> {
  const lines = example.split("\n").map((line) => {
    const [, expression, stated] = CLAIM.exec(line) ?? [];
    if (expression === undefined) return line;
    return `claims.push({ expression: ${JSON.stringify(expression)}, actual: (${expression}), stated: (${stated}) });`;
  });
  const file = `${FOLDER}${name.replace(/[^a-z0-9]+/gi, "-")}.mjs`;
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(file, `export const claims = [];\n${stripTypeScriptTypes(lines.join("\n"))}`);
  const module = (await import(`${pathToFileURL(file).href}?run=${Date.now()}`)) as { claims: readonly Claim[] };
  return module.claims;
}
