/**
 * `calybris benchmark`: the whole protocol on data sets, or on anyone's table; what was measured beside what was aimed at.
 * @module
 */
import { readFile } from "node:fs/promises";
import { CalybrisError } from "@calybris/kernel";
import { Command, InvalidArgumentError, Option } from "commander";
import { benchmarkHtml } from "./html.ts";
import { benchmarkMarkdown } from "./markdown.ts";
import { type BenchmarkResult, merged, runBenchmark, TRACKS, type TrackName } from "./run.ts";
import { benchmarkText } from "./text.ts";
import { collected, setNames, tablesOf } from "../learning/data.ts";
import { startProgress } from "../terminal/progress.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { writeOutput } from "../terminal/write-output.ts";

interface BenchmarkOptions {
  readonly set?: readonly string[];
  readonly data?: string;
  readonly map?: string;
  readonly track?: TrackName;
  readonly seeds?: number;
  readonly quick?: true;
  readonly json?: true;
  readonly quiet?: true;
  readonly html?: string;
  readonly markdown?: string;
  readonly out?: string;
  readonly from?: readonly string[];
  readonly rows?: number;
}

const SEEDS = 30;
const SEEDS_QUICK = 3;

export function benchmarkCommand(terminal: Terminal): Command {
  return new Command("benchmark")
    .description("judge the router on labelled data: savings against misses, beside everything it is compared with")
    .option(
      "--set <name>",
      `a data set, as often as wanted; all when none is named: ${setNames().join(", ")}`,
      collected,
    )
    .option("--data <file>", "a table of your own (with --map), or a set's own file (with --set)")
    .option("--map <file>", "which columns of the table are what: docs/tables.md")
    .addOption(new Option("--track <name>", "only one of the tracks").choices([...TRACKS]))
    .option("--seeds <count>", `trials of everything that draws; ${SEEDS}, or ${SEEDS_QUICK} when quick`, parseSeeds)
    .option("--quick", "thinned rows and few trials: under a minute, and only a first look")
    .option("--json", "print everything that was measured as JSON")
    .option("--html <file>", "write a page with the frontiers; it needs no network")
    .option("--markdown <file>", "write the report that docs/learning-results.md is")
    .option("--out <file>", "write the JSON to a file as well")
    .option("--rows <count>", "judge at most so many rows of a set, every n-th of them in order", parseRows)
    .option("--from <files...>", "measure nothing: report what earlier runs wrote with --out, as one")
    .option("--quiet", "no progress bar")
    .addHelpText(
      "after",
      "\nData sets are looked for in CALYBRIS_DATA; `flights` comes with npm.\nExit code: 0 measured, whatever it came to; 2 something given cannot be used.",
    )
    .action((options: BenchmarkOptions) => benchmark(options, terminal));
}

async function benchmark(options: BenchmarkOptions, terminal: Terminal): Promise<void> {
  const result =
    options.from === undefined ? await measured(options) : merged(await Promise.all(options.from.map(earlier)));
  if (options.out !== undefined) writeOutput(options.out, `${benchmarkJson(result)}\n`);
  if (options.html !== undefined) writeOutput(options.html, await benchmarkHtml(result));
  if (options.markdown !== undefined) writeOutput(options.markdown, benchmarkMarkdown(result));
  terminal.print(options.json === true ? benchmarkJson(result) : benchmarkText(result));
}

const STEPS_PER_SET = 1_000;

async function measured(options: BenchmarkOptions): Promise<BenchmarkResult> {
  const tables = await tablesOf(options);
  const isQuiet = options.quiet === true || options.json === true;
  const format = "{bar} {percentage}% | {step} | {eta_formatted} left";
  const progress = startProgress(isQuiet ? undefined : tables.length * STEPS_PER_SET, format.replace("{step} | ", ""));
  try {
    return await runBenchmark(tables, {
      isQuick: options.quick === true,
      seeds: options.seeds ?? (options.quick === true ? SEEDS_QUICK : SEEDS),
      track: options.track,
      rows: options.rows,
      isWhole: options.set === undefined && options.data === undefined,
      command: `calybris benchmark${options.quick === true ? " --quick" : ""}${(options.set ?? []).map((name) => ` --set ${name}`).join("")}${options.track === undefined ? "" : ` --track ${options.track}`}${options.rows === undefined ? "" : ` --rows ${options.rows}`}${options.seeds === undefined ? "" : ` --seeds ${options.seeds}`}`,
      onProgress: (share) => progress.update(Math.floor(share * tables.length * STEPS_PER_SET)),
    });
  } finally {
    progress.stop();
  }
}

async function earlier(file: string): Promise<BenchmarkResult> {
  try {
    const result = JSON.parse(await readFile(file, "utf8")) as BenchmarkResult;
    if (result.format === 1) return result;
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new CalybrisError("CAL_INPUT_UNREADABLE", { file, problem }, { cause });
  }
  throw new CalybrisError("CAL_INPUT_MALFORMED", { file, problem: "is not what `calybris benchmark --out` writes" });
}

/** Six digits say all that a measurement can. */
function benchmarkJson(result: BenchmarkResult): string {
  return JSON.stringify(result, (_key, value: unknown) =>
    typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value,
  );
}

function parseRows(text: string): number {
  const count = Number(text);
  if (/^[0-9]{1,9}$/.test(text) && count >= 100) return count;
  throw new InvalidArgumentError("Write a whole number from 100 on.");
}

function parseSeeds(text: string): number {
  const count = Number(text);
  if (/^[0-9]{1,4}$/.test(text) && count >= 1 && count <= 1_000) return count;
  throw new InvalidArgumentError("Write a whole number from 1 to 1000.");
}
