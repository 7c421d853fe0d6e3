/**
 * Runs searches, each in a process of its own, so that one that hangs or dies is a failure and not the end.
 * @module
 */
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import type { Budget, Search } from "./search.ts";

const FOLDER = new URL("./", import.meta.url);
const NO_SEARCHES: readonly string[] = ["command-line.ts", "runner.ts", "search.ts", "soak.ts", "torture.ts"];
/** Beyond its budget a search may finish its case, such as an installation. A slow machine is no failure; a hang is. */
const GRACE_MILLISECONDS = 900_000;
/** A long search says how far it is this often, so that a build's log shows that it lives. */
const PROGRESS_MILLISECONDS = 15_000;
/** What is repeated of a failure at the end of the log. */
const FAILURE_CHARACTERS = 4_000;

/** V8 may end a process whose threads strip types: docs/adr/0016-threads-without-compiled-wrappers.md. */
const NO_WRAPPERS = "--wasm-wrapper-tiering-budget=2147483647";

/** The files of all searches, in the order of their names. */
export function searchFiles(): string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && !NO_SEARCHES.includes(file))
    .sort();
}

/** How a search ended. */
export interface Ended {
  readonly isPassed: boolean;
  readonly cases: number;
  /** Why it failed: the error and where it was thrown. Empty where it passed. */
  readonly failure: string;
}

/** What a child sends when its search ends. */
interface Report {
  readonly cases: number;
  readonly failure: string;
}

/** Runs one search in a child process, its output passed through. */
export function runApart(file: string, { seed, milliseconds }: Budget): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>();
  let report: Report = { cases: 0, failure: "it ended without a report" };
  const self = [fileURLToPath(import.meta.url), file, String(seed), String(milliseconds)];
  const child = spawn(process.execPath, [NO_WRAPPERS, ...self], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    timeout: milliseconds + GRACE_MILLISECONDS,
    killSignal: "SIGKILL",
  });
  child.on("message", (message) => {
    report = message as Report;
  });
  child.on("error", (error) => {
    console.log(`${file}: cannot be started: ${error.message}`);
    resolve({ isPassed: false, cases: 0, failure: error.message });
  });
  child.on("close", (code, signal) => {
    if (signal === null) return resolve({ isPassed: code === 0, ...report });
    const failure = `ended by ${signal}: it died, or ran past its time`;
    console.log(`${file}: FAILED, ${failure}`);
    return resolve({ isPassed: false, cases: report.cases, failure });
  });
  return promise;
}

/** What the child does. */
async function runHere(file: string, budget: Budget): Promise<void> {
  const search = (await import(new URL(file, FOLDER).href)) as Search;
  const startedMs = performance.now();
  const elapsed = (): string => `${((performance.now() - startedMs) / 1_000).toFixed(1)} s`;
  let saidMs = startedMs;
  const progress = (text: string): void => {
    if (performance.now() - saidMs < PROGRESS_MILLISECONDS) return;
    saidMs = performance.now();
    console.log(`  ${elapsed()}: ${text}`);
  };
  try {
    const { cases, summary } = await search.run({ ...budget, progress });
    process.send?.({ cases, failure: cases === 0 ? "it looked at nothing" : "" } satisfies Report);
    if (summary !== undefined) console.log(`  ${summary}`);
    console.log(`${search.name}: passed, ${cases} cases, seed ${budget.seed}, ${elapsed()}`);
    process.exitCode = cases > 0 ? 0 : 1;
    if (cases === 0) console.log(`${search.name}: FAILED, it looked at nothing`);
  } catch (error) {
    console.log(`${search.name}: FAILED, seed ${budget.seed}, ${elapsed()}`);
    console.log(error);
    process.send?.({ cases: 0, failure: inspect(error).slice(0, FAILURE_CHARACTERS) } satisfies Report);
    process.exitCode = 1;
  }
  process.disconnect?.();
}

if (import.meta.main) {
  const [file = "", seed = "", milliseconds = ""] = process.argv.slice(2);
  await runHere(file, { seed: Number(seed), milliseconds: Number(milliseconds) });
}
