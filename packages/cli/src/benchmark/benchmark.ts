/**
 * `calybris benchmark`: runs the full protocol on data sets, or on the user's own table, and compares results with targets.
 * @module
 */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { CalybrisError } from "@calybris/kernel";
import { Command, InvalidArgumentError, Option } from "commander";
import { frontierSvg } from "./frontiers.ts";
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
    .description("evaluate the router on labelled data: savings against misses, next to baselines")
    .option("--set <name>", `data set to run; repeatable (default: all of ${setNames().join(", ")})`, collected)
    .option("--data <file>", "a table of your own (with --map), or a set's own file (with --set)")
    .option("--map <file>", "map of the table's columns: docs/tables.md")
    .addOption(new Option("--track <name>", "run one track only").choices([...TRACKS]))
    .option(
      "--seeds <count>",
      `trials of each randomised policy (default: ${SEEDS}; ${SEEDS_QUICK} with --quick)`,
      parseSeeds,
    )
    .option("--quick", "fewer rows and trials: under a minute, for a first look")
    .option("--json", "print all measurements as JSON")
    .option("--html <file>", "write an HTML page with the frontiers, readable offline")
    .option("--markdown <file>", "write the report of docs/learning-results.md, and its plots as an SVG next to it")
    .option("--out <file>", "also write the JSON to a file")
    .option("--rows <count>", "evaluate at most this many rows of a set, evenly spaced", parseRows)
    .option("--from <files...>", "report earlier runs, written with --out, as one; measures nothing")
    .option("--quiet", "no progress bar")
    .addHelpText(
      "after",
      "\nData sets are read from CALYBRIS_DATA; `flights` comes with npm.\nExit code: 0 measured, whether targets were met or not; 2 an argument or file is invalid.",
    )
    .action((options: BenchmarkOptions) => benchmark(options, terminal));
}

async function benchmark(options: BenchmarkOptions, terminal: Terminal): Promise<void> {
  const result =
    options.from === undefined ? await measured(options) : merged(await Promise.all(options.from.map(earlier)));
  if (options.out !== undefined) writeOutput(options.out, `${benchmarkJson(result)}\n`);
  if (options.html !== undefined) writeOutput(options.html, await benchmarkHtml(result));
  if (options.markdown !== undefined) {
    const picture = options.markdown.replace(/(\.md)?$/, ".svg");
    writeOutput(picture, frontierSvg(result.sets));
    writeOutput(options.markdown, benchmarkMarkdown(result, basename(picture)));
  }
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

/** The result as JSON, with numbers rounded to six digits, which exceeds their precision. */
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
