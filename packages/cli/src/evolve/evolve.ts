/**
 * `calybris evolve`: proposes better quality floors from a journal, with evidence. It never applies them.
 * @module
 */
import { Command } from "commander";
import type { ReadEntry } from "../journal/entries.ts";
import { policyNamed } from "../policy/journal-policies.ts";
import { readerOf } from "../journal/reader-of.ts";
import { JournalProgress } from "../report/journal-progress.ts";
import { alphaOption, type JudgingOptions, marginOption, withJournalAndReport } from "../report/judging-options.ts";
import { escaped, listHtml, rangePlot, reportPage, tableHtml } from "../report/page.ts";
import { jsonText } from "../terminal/json-text.ts";
import { tableText } from "../terminal/table.ts";
import { printable } from "../terminal/terminal-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { writeOutput } from "../terminal/write-output.ts";
import { whatIfReport } from "../whatif/report.ts";
import { moneyOf, signed } from "../whatif/text.ts";
import { FloorChoice, floorText, isChoosing, type Proposal, proposalOf } from "./proposal.ts";

interface EvolveOptions extends JudgingOptions {
  readonly margin: number;
}

export function evolveCommand(terminal: Terminal): Command {
  const command = new Command("evolve")
    .description("propose better quality floors from a journal, with evidence; nothing is applied")
    .addOption(alphaOption())
    .addOption(marginOption("largest drop in success that still counts as kept"));
  return withJournalAndReport(command, "print the proposal as JSON: docs/whatif.md describes it")
    .addHelpText("after", HELP)
    .action((options: EvolveOptions) => evolve(options, terminal));
}

const HELP = `
Floors are chosen on one half of the decisions and valued on the other. PROMOTE: more than 5 % is saved, and success is shown to be kept.
REVIEW: it may be so. REJECT: it is not. Try a proposal with \`calybris policy stage\`.
Entries are not verified first: run \`calybris verify\` for that.
Exit code: 0 proposed, whatever the verdict; 2 an argument or file is invalid.`;

async function evolve(options: EvolveOptions, terminal: Terminal): Promise<void> {
  const { snapshot } = await policyNamed(options, undefined);
  const { source } = await readerOf(options);
  const choice = new FloorChoice(snapshot, options);
  const progress = await JournalProgress.start(options, 2);
  let proposal: Proposal;
  try {
    let lastEntryHash = "";
    for await (const read of source.from(1)) {
      if (isOfHalf(read, true)) choice.add(read);
      progress.read(read);
      lastEntryHash = read.entryHash;
    }
    const floors = choice.floors();
    const value = choice.chosen(floors);
    progress.nextPass();
    for await (const read of source.from(1)) {
      if (isOfHalf(read, false)) value.add(read);
      progress.read(read);
    }
    const { name: policy } = snapshot;
    const valued = whatIfReport(value.result(), { policy, alpha: options.alpha, by: "floor", list: undefined });
    proposal = proposalOf(floors, valued, options, lastEntryHash);
  } finally {
    progress.stop();
  }
  if (options.html !== undefined) writeOutput(options.html, evolveHtml(proposal));
  terminal.print(options.json ? jsonText(proposal) : evolveText(proposal, options.html));
}

/** Whether an entry is in a half: a decision and its outcome are in the same half, all other entries in both. */
function isOfHalf({ head, data, sequence }: ReadEntry, isChoosingHalf: boolean): boolean {
  if (head.kind === "decision") return isChoosing(sequence) === isChoosingHalf;
  if (head.kind !== "outcome") return true;
  const of = /"kind":"outcome","of":([0-9]+)/.exec(data)?.[1];
  return isChoosing(Number(of)) === isChoosingHalf;
}

const COLUMNS = ["of", "floor", "tried", "saved $", "success", "low", "high"] as const;

function rowsOf({ floors, valued }: Proposal): string[][] {
  const money = moneyOf(valued);
  return floors.flatMap(({ name, fromBps, toBps, tried }) =>
    tried.map(({ floorBps, savedMicrocents, success }) => [
      name,
      `${floorText(fromBps)}${fromBps === toBps ? "" : ` -> ${floorText(toBps)}`}`,
      `${floorText(floorBps)}${floorBps === toBps ? " *" : ""}`,
      money(savedMicrocents),
      success.difference === null ? "-" : signed(success.difference),
      success.interval === null ? "-" : signed(success.interval.lower),
      success.interval === null ? "-" : signed(success.interval.upper),
    ]),
  );
}

function evolveText(proposal: Proposal, html: string | undefined): string {
  const { verdict, reasons, digest } = proposal;
  const rows = rowsOf(proposal).map((cells) => cells.map(printable));
  const lines = [
    `${verdict}: ${reasons.map(printable).join("; ")}.`,
    ...(rows.length === 0
      ? []
      : [
          tableText(
            COLUMNS.map((name, at) => `${at < 3 ? "<" : ">"}${name}`),
            rows,
          ),
        ]),
    `Digest of the evidence: ${digest}`,
  ];
  if (html !== undefined) lines.push(`Written: ${html}`);
  return lines.join("\n");
}

function evolveHtml(proposal: Proposal): string {
  const { verdict, reasons, digest, floors } = proposal;
  const plots = floors.map(({ name, tried }) => {
    const bars = tried.flatMap(({ floorBps, success: { difference, interval } }) =>
      difference === null || interval === null
        ? []
        : [{ title: `floor ${floorText(floorBps)}`, value: difference, low: interval.lower, high: interval.upper }],
    );
    return `<h2>${escaped(name)}</h2>${rangePlot(`Success by floor, ${name}`, bars, { title: "what ran", value: 0 })}`;
  });
  return reportPage(
    "evolve",
    "Proposed quality floors",
    `<p class="lead"><b>${verdict}</b></p>${listHtml(reasons)}${plots.join("\n")}${tableHtml(COLUMNS, rowsOf(proposal))}<p>Digest of the evidence: <code>${digest}</code></p>`,
  );
}
