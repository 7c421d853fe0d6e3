/**
 * `calybris regret`: compares the reward of decisions with that of other policies, from a journal's outcomes.
 * @module
 */
import { loadPolicy, type RegretReport } from "@calybris/engine";
import { Measure, REGRET_GROUPINGS, type RegretGrouping, regretReport } from "@calybris/engine/internal";
import { Command, InvalidArgumentError } from "commander";
import { readerOf } from "../journal/reader-of.ts";
import { JournalProgress } from "../report/journal-progress.ts";
import {
  ALPHA,
  alphaOption,
  type JudgingOptions,
  MARGIN,
  marginOption,
  withJournalAndReport,
} from "../report/judging-options.ts";
import { clientOf } from "../service/target.ts";
import { jsonText } from "../terminal/json-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { writeOutput } from "../terminal/write-output.ts";
import { regretHtml } from "./html.ts";
import { TargetChoices } from "./target-choices.ts";
import { servedRegret } from "./served-regret.ts";
import { regretText } from "./text.ts";

interface RegretOptions extends JudgingOptions {
  readonly by?: readonly RegretGrouping[];
  readonly target?: string;
  readonly margin: number;
}

export function regretCommand(terminal: Terminal): Command {
  const command = new Command("regret")
    .description("compare the rewards of decisions with the estimated rewards of other policies")
    .option(
      "--by <fields>",
      `one row for each ${REGRET_GROUPINGS.join(", ")}, or several separated by commas`,
      groupings,
    )
    .option("--target <file>", "a policy, to estimate its reward and the difference to the candidates that ran")
    .addOption(alphaOption())
    .addOption(marginOption("largest loss that still counts as no worse"));
  return withJournalAndReport(command, "print the report as JSON: docs/estimate.md describes it")
    .addHelpText("after", HELP)
    .action((options: RegretOptions) => regret(options, terminal));
}

const HELP = `
Rewards are shares of the largest reward there is: 1 is an answer that succeeded at no cost.
Only outcomes of the learner's own decisions count: a client that gives the floor leaves it nothing to choose.
With --url, the service answers the report that it keeps; with --by, --target, --alpha or --margin its entries are read (scope audit).
Entries are not verified first: run \`calybris verify\` for that.
Exit code: 0 reported, also where a policy cannot be estimated; 2 an argument or file is invalid.`;

async function regret(options: RegretOptions, terminal: Terminal): Promise<void> {
  const client = isServed(options) ? clientOf(options) : undefined;
  const report = client === undefined ? await measured(options) : await servedRegret(client);
  if (options.html !== undefined) writeOutput(options.html, regretHtml(report));
  terminal.print(options.json ? jsonText(report) : regretText(report, options.html));
}

/** Whether the service has the report: it maintains one for the default settings only. For others, its entries are read. */
function isServed({ by, target, alpha, margin }: RegretOptions): boolean {
  return by === undefined && target === undefined && alpha === ALPHA && margin === MARGIN;
}

async function measured(options: RegretOptions): Promise<RegretReport> {
  const { source } = await readerOf(options);
  const target = options.target === undefined ? undefined : await loadPolicy(options.target);
  const { alpha, margin, by } = options;
  const settings = { alpha, margin, ...(by === undefined ? {} : { by }) };
  const measure = new Measure(target === undefined ? settings : { ...settings, target: new TargetChoices(target) });
  const progress = await JournalProgress.start(options);
  try {
    for await (const entry of source.from(1)) {
      measure.add(entry);
      progress.read(entry);
    }
  } finally {
    progress.stop();
  }
  return regretReport(measure.measured(), { ...settings, target: target?.name });
}

function groupings(text: string): readonly RegretGrouping[] {
  const fields = text.split(",").map((one) => one.trim());
  const isOne = (one: string): one is RegretGrouping => REGRET_GROUPINGS.some((known) => known === one);
  if (fields.every(isOne)) return [...new Set(fields)] as readonly RegretGrouping[];
  throw new InvalidArgumentError(`Write one or more of ${REGRET_GROUPINGS.join(", ")}, separated by commas.`);
}
