/**
 * `calybris replay`: decides every request of a file and makes each decision durable.
 * @module
 */
import { resolve } from "node:path";
import { Engine, loadPolicy } from "@calybris/engine";
import { Command, InvalidArgumentError } from "commander";
import { keyFileOption, readKey, requireKeyOfJournal } from "./key-file.ts";
import { startProgress } from "./replay-progress.ts";
import { replayJson, replayText } from "./replay-report.ts";
import { checkRows, openRows } from "./replay-rows.ts";
import { runReplay } from "./replay-run.ts";

interface ReplayOptions {
  readonly policy: string;
  readonly requests: string;
  readonly journal: string;
  readonly map?: string;
  readonly keyFile?: string;
  readonly concurrency: number;
  readonly json?: true;
  readonly quiet?: true;
}

/** The engine's own bound on what may wait for the disk. */
const CONCURRENCY_MAX = 4_096;

export function replayCommand(): Command {
  return new Command("replay")
    .description("decide every request of a file, durably; the same file again decides nothing twice")
    .requiredOption("--policy <file>", "the policy to decide under")
    .requiredOption("--requests <file>", "JSON Lines or CSV, also as .gz; - for standard input")
    .requiredOption("--journal <directory>", "where decisions are kept; created when it does not exist")
    .option("--map <file>", "for CSV: from each field of a request to its column")
    .addOption(keyFileOption())
    .option("--concurrency <count>", "decisions that wait for the disk at once", parseConcurrency, 256)
    .option("--json", "print the summary as JSON")
    .option("--quiet", "no progress bar")
    .action(replay);
}

async function replay(options: ReplayOptions): Promise<void> {
  const policy = await loadPolicy(options.policy);
  const key = readKey(options.keyFile);
  const source = await openRows(options.requests, options.map);
  await checkRows(source, policy);
  const directory = resolve(options.journal);
  requireKeyOfJournal(directory, options.keyFile, key);
  const engine = await Engine.open({ directory, policy, key });
  const progress = startProgress(source.lineCount, options.quiet === true || options.json === true);
  try {
    const { concurrency } = options;
    const { summary, failure } = await runReplay({ engine, source, concurrency, onProgress: progress.update });
    progress.stop();
    console.log(options.json ? replayJson(summary, directory, failure) : replayText(summary, directory));
    if (failure === undefined) return;
    const { decisions, lastLine } = summary;
    console.error(
      decisions === 0
        ? "Nothing was decided."
        : `${decisions} requests were decided before the mistake (all up to line ${lastLine}) and are in the journal. ` +
            "A mended file is another file: rows without a requestId of their own will be decided again.",
    );
    throw failure;
  } finally {
    progress.stop();
    await engine.close();
  }
}

function parseConcurrency(text: string): number {
  const count = Number(text);
  if (/^[0-9]+$/.test(text) && count >= 1 && count <= CONCURRENCY_MAX) return count;
  throw new InvalidArgumentError(`Write a whole number from 1 to ${CONCURRENCY_MAX}.`);
}
