/**
 * `calybris whatif`: decide a journal's requests again under another policy: what changes, what it saves, what it risks.
 * @module
 */
import { loadPolicy } from "@calybris/engine";
import { Command, Option } from "commander";
import type { ReadEntry } from "../journal/entries.ts";
import { logFiles } from "../journal/log-lines.ts";
import { placeOf } from "../journal/place.ts";
import { readerOf } from "../journal/reader-of.ts";
import { alphaOption, type JudgingOptions, withJournalAndReport } from "../report/judging-options.ts";
import type { TargetOptions } from "../service/target.ts";
import { jsonText } from "../terminal/json-text.ts";
import { startProgress } from "../terminal/progress.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { writeOutput } from "../terminal/write-output.ts";
import { DiffList } from "./diff-list.ts";
import { GROUPINGS, type Grouping } from "./groups.ts";
import { whatIfHtml } from "./html.ts";
import { whatIfReport } from "./report.ts";
import { whatIfText } from "./text.ts";
import { WhatIf } from "./what-if.ts";

interface WhatIfOptions extends JudgingOptions {
  readonly policy: string;
  readonly by?: Grouping;
  readonly wins?: string;
  readonly diff?: true | string;
  readonly quiet?: true;
}

const PROGRESS = "{bar} {percentage}% | {eta_formatted} left";

export function whatIfCommand(terminal: Terminal): Command {
  const command = new Command("whatif")
    .description("decide a journal's requests again under another policy: what changes, what it saves, what it risks")
    .requiredOption("--policy <file>", "the other policy")
    .addOption(new Option("--by <field>", "one row for each").choices([...GROUPINGS]))
    .option("--wins <candidate>", "what would have to change for this candidate to win")
    .option("--diff [file]", "list decisions that change: the first 50, or every one as JSON Lines into a file")
    .addOption(alphaOption());
  return withJournalAndReport(command, "print the report as JSON: docs/whatif.md describes it")
    .option("--quiet", "no progress bar")
    .addHelpText("after", HELP)
    .action((options: WhatIfOptions) => whatIf(options, terminal));
}

const HELP = `
Costs are the estimates that decisions are made with. Nothing is changed, and the policy is not activated.
What a change risks is estimated from outcomes, as far as the journal's own choices overlap with those of the policy.
Entries are not verified first: run \`calybris verify\` for that.
Exit code: 0 reported, also where the risk cannot be estimated; 2 an argument or file is invalid.`;

async function whatIf(options: WhatIfOptions, terminal: Terminal): Promise<void> {
  const other = await loadPolicy(options.policy);
  const { source } = await readerOf(options);
  const { alpha, by, wins, diff, html } = options;
  const list = diff === undefined ? undefined : new DiffList(diff === true ? undefined : diff);
  const settings = { other, alpha, ...(by === undefined ? {} : { by }), ...(wins === undefined ? {} : { wins }) };
  const fold = new WhatIf(settings, list === undefined ? undefined : (changed) => list.add(changed));
  const isQuiet = options.quiet === true || options.json === true;
  const progress = startProgress(isQuiet ? undefined : await bytesOf(options), PROGRESS);
  const done = new BytesRead();
  try {
    for await (const entry of source.from(1)) {
      fold.add(entry);
      if (done.read(entry)) progress.update(done.bytes);
    }
  } finally {
    progress.stop();
    list?.close();
  }
  const report = whatIfReport(fold.result(), { policy: other.name, ...settings, list });
  if (html !== undefined) writeOutput(html, whatIfHtml(report));
  terminal.print(options.json ? jsonText(report) : whatIfText(report, html));
}

/** `undefined` for a service: it does not say how much there is. */
async function bytesOf(options: TargetOptions): Promise<number | undefined> {
  return options.url === undefined ? logFiles((await placeOf(options)).directory).bytes : undefined;
}

/** How far a journal was read. */
class BytesRead {
  bytes = 0;
  #file = "";
  #before = 0;
  #entries = 0;

  /** Whether it is time to say so. */
  read({ file, byteEnd }: ReadEntry): boolean {
    if (file !== this.#file) {
      this.#before = this.bytes;
      this.#file = file;
    }
    this.bytes = this.#before + byteEnd;
    this.#entries += 1;
    return this.#entries % ENTRIES_A_STEP === 0;
  }
}

const ENTRIES_A_STEP = 4_096;
