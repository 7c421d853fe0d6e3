/**
 * What a program does with the installed packages: import every entry point, type-check against them, and bundle those that
 * run in a browser.
 * @module
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Project } from "./install.ts";
import type { Packed } from "./pack.ts";

/** Packages that touch nothing but the language and the web platform. */
const FOR_BROWSERS: readonly string[] = ["@calybris/kernel", "@calybris/audit", "@calybris/client"];

const STRICT = {
  module: "nodenext",
  moduleResolution: "nodenext",
  target: "es2022",
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noEmit: true,
};

/** Specifiers of every entry point that has types. */
export function entryPoints(packed: readonly Packed[]): readonly string[] {
  return packed.flatMap(({ name, staged }) => {
    const { exports = {} } = JSON.parse(readFileSync(join(staged, "package.json"), "utf8")) as {
      readonly exports?: Readonly<Record<string, unknown>>;
    };
    return Object.entries(exports).flatMap(([entry, target]) =>
      typeof target === "object" ? [name + entry.slice(1)] : [],
    );
  });
}

/** Imports each entry point in a process of its own Node. @returns how many names each exports. */
export function importAll(
  { folder, node, env }: Project,
  entries: readonly string[],
): Readonly<Record<string, number>> {
  const lines = entries.map((entry) => `counts["${entry}"] = Object.keys(await import("${entry}")).length;`);
  writeFileSync(
    join(folder, "import-all.js"),
    `const counts = {};\n${lines.join("\n")}\nconsole.log(JSON.stringify(counts));\n`,
  );
  const printed = execFileSync(node, ["--no-warnings", "import-all.js"], { cwd: folder, env, encoding: "utf8" });
  return JSON.parse(printed) as Readonly<Record<string, number>>;
}

/** Type-checks a program for Node, and one for a browser without Node's types. @throws an error with what tsc printed. */
export function typeCheck(project: Project, entries: readonly string[]): void {
  const all = entries.map((entry, index) => `export * as module${index} from "${entry}";`);
  const embedding = `
import { Engine, type Decided, loadPolicy } from "@calybris/engine";
export async function decide(): Promise<Decided> {
  const engine = await Engine.open({ directory: "journal", policy: await loadPolicy("policy.json") });
  const decided = await engine.decide({ inputTokens: 1 });
  const action: "execute" | "substitute" | "reject" = decided.decision.action;
  if (action !== decided.decision.action) throw new Error();
  await engine.close();
  // @ts-expect-error A misspelt field is an error, so the types are there.
  await engine.decide({ inputTokenz: 1 });
  return decided;
}
`;
  check(project, "node", { lib: ["es2022"], types: ["node"] }, all.join("\n") + embedding);
  const web = FOR_BROWSERS.map((entry, index) => `export * as module${index} from "${entry}";`).join("\n");
  check(project, "web", { lib: ["es2022", "dom", "dom.iterable"], types: [] }, web);
}

function check({ folder, env }: Project, name: string, options: object, source: string): void {
  writeFileSync(join(folder, `${name}.ts`), `${source}\n`);
  const compilerOptions = { ...STRICT, ...options };
  writeFileSync(join(folder, `tsconfig.${name}.json`), JSON.stringify({ compilerOptions, files: [`${name}.ts`] }));
  run("tsc", ["-p", `tsconfig.${name}.json`], { cwd: folder, env });
}

/**
 * Bundles the packages for a browser and runs the result without Node's modules.
 *
 * @returns the bundle's size in bytes.
 * @throws an error with what esbuild printed, where a package reaches for Node.
 */
export function bundle({ folder, node, env }: Project): number {
  const source = `
import { createAudit } from "@calybris/audit";
import { CalybrisClient } from "@calybris/client";
import { prescribe, samplePolicy, sampleRequest } from "@calybris/kernel";
const client = new CalybrisClient({ url: "http://127.0.0.1:1" });
console.log(prescribe(samplePolicy(), sampleRequest()).decision.action, createAudit().finish().status, typeof client.decide);
`;
  writeFileSync(join(folder, "browser.js"), source);
  const words = ["browser.js", "--bundle", "--platform=browser", "--format=iife", "--outfile=bundle.cjs"];
  run("esbuild", [...words, "--log-level=warning"], { cwd: folder, env });
  const printed = execFileSync(node, ["bundle.cjs"], { cwd: folder, env, encoding: "utf8" }).trim();
  if (!/^execute \w+ function$/.test(printed)) throw new Error(`the bundle printed ${JSON.stringify(printed)}`);
  return readFileSync(join(folder, "bundle.cjs")).byteLength;
}

function run(
  command: string,
  words: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): void {
  try {
    execFileSync(command, words, { ...options, encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
    throw new Error(`${command} ${words.join(" ")}\n${stdout}${stderr}`, { cause: error });
  }
}
