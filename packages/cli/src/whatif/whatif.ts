/**
 * `calybris whatif`: decides a journal's requests again under another policy, and reports changes, savings and risks.
 * @module
 */
import { loadPolicy } from "@calybris/engine";
import { Command, Option } from "commander";
import { readerOf } from "../journal/reader-of.ts";
import { JournalProgress } from "../report/journal-progress.ts";
import { alphaOption, type JudgingOptions, withJournalAndReport } from "../report/judging-options.ts";
import { jsonText } from "../terminal/json-text.ts";
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
}

export function whatIfCommand(terminal: Terminal): Command {
  const command = new Command("whatif")
    .description("decide a journal's requests again under another policy: what changes, what it saves, what it risks")
    .requiredOption("--policy <file>", "the other policy")
    .addOption(new Option("--by <field>", "one row for each").choices([...GROUPINGS]))
    .option("--wins <candidate>", "what would have to change for this candidate to win")
    .option("--diff [file]", "list decisions that change: the first 50, or every one as JSON Lines into a file")
    .addOption(alphaOption());
  return withJournalAndReport(command, "print the report as JSON: docs/whatif.md describes it")
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
  const progress = await JournalProgress.start(options);
  try {
    for await (const entry of source.from(1)) {
      fold.add(entry);
      progress.read(entry);
    }
  } finally {
    progress.stop();
    list?.close();
  }
  const report = whatIfReport(fold.result(), { policy: other.name, ...settings, list });
  if (html !== undefined) writeOutput(html, whatIfHtml(report));
  terminal.print(options.json ? jsonText(report) : whatIfText(report, html));
}
