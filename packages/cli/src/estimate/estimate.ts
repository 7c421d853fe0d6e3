/**
 * `calybris estimate`: estimates the reward of another policy from any bandit log.
 * @module
 */
import { statSync } from "node:fs";
import {
  BanditLog,
  type BanditMap,
  type BanditRow,
  readBanditMap,
  readTargetPolicy,
  type TargetSource,
  unknownArm,
} from "@calybris/datasets";
import { type Analysis, LogAnalysis } from "@calybris/estimate";
import { nameRemedy, showValue } from "@calybris/engine/internal";
import { CalybrisError } from "@calybris/kernel";
import { Command, InvalidArgumentError, Option } from "commander";
import { jsonText } from "../terminal/json-text.ts";
import { startProgress } from "../terminal/progress.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { writeOutput } from "../terminal/write-output.ts";
import { estimateHtml } from "./html.ts";
import { reportOf } from "./report.ts";
import { estimateText } from "./text.ts";
import { CliError } from "../cli-errors.ts";

interface EstimateOptions {
  readonly log: string;
  readonly map: string;
  readonly target: string;
  readonly k?: number;
  readonly alpha: number;
  readonly interval: "betting" | "bernstein" | "drifting";
  readonly html?: string;
  readonly json?: true;
  readonly quiet?: true;
}

const ARM_TARGET = "arm:";
const ALPHA = 0.05;
const PROGRESS = "{bar} {percentage}% | {eta_formatted} left";
/** The file is read twice: for its arms, and for the estimates. */
const READINGS = 2;

export function estimateCommand(terminal: Terminal): Command {
  return new Command("estimate")
    .description("estimate what another policy would have earned, from a log of choices and their probabilities")
    .requiredOption("--log <file>", "the log: CSV with a header; gzip and zstd as well")
    .requiredOption("--map <file>", "which columns hold the arm, its probability and its reward: docs/estimate.md")
    .option(
      "--target <policy>",
      "uniform, column or policy (of the map), FILE.json (a target policy), or arm:NAME",
      "uniform",
    )
    .option(
      "--k <number>",
      "bound at which predictions are clipped in the interval (default: half of the largest weight)",
      parseK,
    )
    .option("--alpha <share>", "probability that the interval ever misses the true value", parseAlpha, ALPHA)
    .addOption(
      new Option("--interval <method>", "drifting where values change over time")
        .choices(["betting", "bernstein", "drifting"])
        .default("betting"),
    )
    .option("--html <file>", "write the report as a page with plots; it needs no network")
    .option("--json", "print the report as JSON: docs/estimate.md describes it")
    .option("--quiet", "no progress bar")
    .addHelpText("after", HELP)
    .action((options: EstimateOptions) => estimate(options, terminal));
}

const HELP = `
A log that cannot answer gets a refusal with its reason instead of a number to act on.
Exit code: 0 estimated, even if some rows were left out; 1 refused; 2 an argument or file is invalid.`;

async function estimate(options: EstimateOptions, terminal: Terminal): Promise<void> {
  const map = await mapFor(options);
  const isQuiet = options.quiet === true || options.json === true;
  const bytes = statSync(options.log, { throwIfNoEntry: false })?.size;
  const progress = startProgress(isQuiet || bytes === undefined ? undefined : READINGS * bytes, PROGRESS);
  try {
    const log = await BanditLog.open(options.log, map, sourceOf(options.target), progress.update);
    const analysis = await analysed(log, options, (read) => progress.update((bytes ?? 0) + read));
    progress.stop();
    const report = reportOf(log, analysis, options.target);
    if (options.html !== undefined) writeOutput(options.html, estimateHtml(report));
    terminal.print(options.json ? jsonText(report) : estimateText(report, options.html));
    if (report.refusals.length > 0) terminal.exitCode = 1;
  } finally {
    progress.stop();
  }
}

async function analysed(
  log: BanditLog,
  { target, k, alpha, interval }: EstimateOptions,
  onRead: (bytes: number) => void,
): Promise<Analysis> {
  const targetOf = targetBy(target, log);
  const { arms, rowCount } = log;
  const settings = { arms: arms.length, rowCount, alpha, method: interval, isTuned: true };
  const fold = new LogAnalysis(k === undefined ? settings : { ...settings, k });
  for await (const row of log.rows(onRead)) {
    try {
      fold.add({ ...row, target: targetOf(row) });
    } catch (error) {
      if (!(error instanceof CalybrisError) || error.code !== "CAL_ESTIMATE_ROW_INVALID") throw error;
      const { field, problem } = error.details as { readonly field: string; readonly problem: string };
      log.leaveOut(`${field} ${problem}`, row.line);
    }
  }
  return fold.analysis();
}

/** The map; a target policy from a file replaces its own. */
async function mapFor({ map: file, target }: EstimateOptions): Promise<BanditMap> {
  const map = await readBanditMap(file);
  if (target === "column" || target === "policy") requireInMap(target === "column" ? "target" : "policy", map, file);
  return isFile(target) ? { ...map, policy: await readTargetPolicy(target) } : map;
}

function sourceOf(target: string): TargetSource {
  if (target === "column") return "column";
  return target === "policy" || isFile(target) ? "policy" : "none";
}

function isFile(target: string): boolean {
  return !target.startsWith(ARM_TARGET) && /\.jsonc?$/.test(target);
}

/** The target's probabilities for a row. */
function targetBy(target: string, { arms, map }: BanditLog): (row: BanditRow) => readonly number[] {
  if (target === "uniform") {
    const shares = arms.map(() => 1 / arms.length);
    return () => shares;
  }
  if (sourceOf(target) !== "none") {
    const stranger = map.policy === undefined ? undefined : unknownArm(map.policy, arms);
    if (isFile(target) && stranger !== undefined)
      throw usage(
        `${showValue(target)} names ${showValue(stranger)}, which is not an arm. ${nameRemedy(stranger, arms)}`,
      );
    return (row) => row.target ?? [];
  }
  const name = target.startsWith(ARM_TARGET) ? target.slice(ARM_TARGET.length) : undefined;
  const problem =
    name === undefined
      ? `--target must be uniform, column, policy, a file that ends in .json, or arm:NAME, and is ${showValue(target)}`
      : `--target names ${showValue(name)}, which is not an arm. ${nameRemedy(name, arms)}`;
  const arm = arms.indexOf(name ?? "");
  if (arm === -1) throw usage(problem);
  const shares = arms.map((_, index) => (index === arm ? 1 : 0));
  return () => shares;
}

function requireInMap(member: "target" | "policy", map: BanditMap, file: string): void {
  if (map[member] !== undefined) return;
  const target = member === "target" ? "column" : "policy";
  throw usage(`--target ${target} needs \`${member}\` in ${showValue(file)}`);
}

function usage(problem: string): CliError {
  return new CliError("CAL_USAGE_INVALID", { command: "estimate", problem });
}

function parseK(text: string): number {
  const k = Number(text);
  if (text.trim() !== "" && k >= 0 && Number.isFinite(k)) return k;
  throw new InvalidArgumentError("Write a number from 0 on.");
}

function parseAlpha(text: string): number {
  const alpha = Number(text);
  if (alpha > 0 && alpha < 1) return alpha;
  throw new InvalidArgumentError("Write a share between 0 and 1, such as 0.05.");
}
