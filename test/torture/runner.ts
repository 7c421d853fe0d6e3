/**
 * Runs searches, each in a process of its own, so that one that hangs or dies is a failure and not the end.
 * @module
 */
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Budget, Search } from "./search.ts";

const FOLDER = new URL("./", import.meta.url);
const NO_SEARCHES: readonly string[] = ["runner.ts", "search.ts", "soak.ts", "torture.ts"];
/** Beyond its budget a search may finish the case at hand. */
const GRACE_MILLISECONDS = 60_000;

/** The files of all searches, in the order of their names. */
export function searchFiles(): string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".ts") && !NO_SEARCHES.includes(file))
    .sort();
}

/** Runs one search in a child process, its output passed through; says whether it ended well. */
export function runApart(file: string, budget: Budget): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const child = spawn(
    process.execPath,
    [fileURLToPath(import.meta.url), file, String(budget.seed), String(budget.milliseconds)],
    { stdio: "inherit", timeout: budget.milliseconds + GRACE_MILLISECONDS, killSignal: "SIGKILL" },
  );
  child.on("error", (error) => {
    console.log(`${file}: cannot be started: ${error.message}`);
    resolve(false);
  });
  child.on("exit", (code, signal) => {
    if (signal !== null) console.log(`${file}: FAILED, ended by ${signal}: it died, or ran past its time`);
    resolve(code === 0);
  });
  return promise;
}

/** What the child does. */
async function runHere(file: string, budget: Budget): Promise<void> {
  const search = (await import(new URL(file, FOLDER).href)) as Search;
  const startedMs = performance.now();
  try {
    const { cases } = await search.run(budget);
    const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
    console.log(`${search.name}: passed, ${cases} cases, seed ${budget.seed}, ${seconds} s`);
    process.exitCode = cases > 0 ? 0 : 1;
    if (cases === 0) console.log(`${search.name}: FAILED, it looked at nothing`);
  } catch (error) {
    console.log(`${search.name}: FAILED, seed ${budget.seed}`);
    console.log(error);
    process.exitCode = 1;
  }
}

if (import.meta.main) {
  const [file = "", seed = "", milliseconds = ""] = process.argv.slice(2);
  await runHere(file, { seed: Number(seed), milliseconds: Number(milliseconds) });
}
