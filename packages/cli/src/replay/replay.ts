/**
 * `calybris replay`: decides every request of a file and makes each decision durable.
 * @module
 */
import { resolve } from "node:path";
import { Engine, loadPolicy } from "@calybris/engine";
import { CalybrisError } from "@calybris/kernel";
import { Command, InvalidArgumentError } from "commander";
import { keyFileOption, readKey, requireKeyOfJournal } from "../journal/key-file.ts";
import { type JournalOptions, journalOption, placeOf } from "../journal/place.ts";
import { configOption } from "../service/config-file.ts";
import { startProgress } from "../terminal/progress.ts";
import { replayJson, replayText } from "./report.ts";
import { checkRows, openRows } from "./rows.ts";
import { type ReplaySummary, runReplay } from "./run.ts";
import { count } from "../terminal/number-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { CliError } from "../cli-errors.ts";

interface ReplayOptions extends JournalOptions {
  readonly policy: string;
  readonly requests: string;
  readonly map?: string;
  readonly concurrency: number;
  readonly json?: true;
  readonly quiet?: true;
}

/** The engine's limit of decisions that wait for the disk. */
const CONCURRENCY_MAX = 4_096;

export function replayCommand(terminal: Terminal): Command {
  return new Command("replay")
    .description("decide every request of a file, durably; running it again decides nothing twice")
    .requiredOption("--policy <file>", "policy file")
    .requiredOption("--requests <file>", "JSON Lines or CSV, plain or compressed; - is standard input")
    .addOption(journalOption())
    .addOption(configOption())
    .option("--map <file>", "for CSV: map from request fields to columns")
    .addOption(keyFileOption())
    .option("--concurrency <count>", "maximum decisions that wait for the disk", parseConcurrency, 256)
    .option("--json", "print the summary as JSON")
    .option("--quiet", "no progress bar")
    .addHelpText("after", HELP)
    .action((options: ReplayOptions) => replay(options, terminal));
}

const PROGRESS = "{bar} {percentage}% | line {value} of {total} | {eta_formatted} left";

const HELP = `
The journal is created if it does not exist. A row without a requestId gets one from its content and line, so running the same file again decides nothing twice.
Ctrl-C finishes open requests, seals the journal and reports; run the same command again to continue.
Exit code: 0 all decided, 1 the journal failed, 2 an argument or file is invalid, 130 interrupted.`;

async function replay(options: ReplayOptions, terminal: Terminal): Promise<void> {
  const policy = await loadPolicy(options.policy);
  const { directory: named, keyFile } = await placeOf(options, "may begin");
  const directory = resolve(named);
  const key = readKey(keyFile);
  const source = await openRows(options.requests, options.map);
  await checkRows(source, policy);
  requireKeyOfJournal(directory, keyFile, key);
  const engine = await Engine.open({ directory, policy, key });
  const isQuiet = options.quiet === true || options.json === true;
  const progress = startProgress(isQuiet ? undefined : source.lineCount, PROGRESS);
  const interruption = new AbortController();
  const release = terminal.onInterrupt(() => interruption.abort());
  try {
    const run = { engine, source, concurrency: options.concurrency, onProgress: progress.update };
    const { summary, failure, isWhole } = await runReplay({ ...run, stop: interruption.signal });
    progress.stop();
    const { decisions, lastLine } = summary;
    const stopped = isWhole ? undefined : new CliError("CAL_REPLAY_STOPPED", { decisions, lastLine, directory });
    const end = failure ?? stopped;
    terminal.print(options.json ? replayJson(summary, directory, end) : replayText(summary, directory));
    if (end === undefined) return;
    if (failure !== undefined && !options.json) terminal.complain(halfwayText(summary, failure));
    throw end;
  } finally {
    release();
    progress.stop();
    await engine.close();
  }
}

/** The state after a failure: the rows that were decided, and how to continue. */
function halfwayText({ decisions, lastLine }: ReplaySummary, failure: unknown): string {
  if (decisions === 0) return "Nothing was decided.";
  const decided = `${count(decisions)} requests were decided (all up to line ${lastLine}) and are in the journal.`;
  const isMistake = failure instanceof CalybrisError && failure.status < 500;
  return isMistake
    ? `${decided} A corrected file counts as another file: rows without a requestId of their own are decided again.`
    : `${decided} Once the cause is fixed, run the same command again to continue.`;
}

function parseConcurrency(text: string): number {
  const count = Number(text);
  if (/^[0-9]+$/.test(text) && count >= 1 && count <= CONCURRENCY_MAX) return count;
  throw new InvalidArgumentError(`Write a whole number from 1 to ${CONCURRENCY_MAX}.`);
}
