/**
 * `calybris tail`: the last decisions of a journal, one line each, and those that follow.
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { writeExact } from "@calybris/kernel";
import { Command, InvalidArgumentError } from "commander";
import type { ReadEntry } from "./entries.ts";
import { candidateName, JournalReader, type ReadDecision } from "./reader.ts";
import { type JournalOptions, journalOption, placeOf } from "./place.ts";
import { configOption } from "../service/config-file.ts";
import { chainOfJournal, keyFileOption } from "./key-file.ts";
import { dollars } from "../terminal/money-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";

const POLL_MS = 250;

interface TailOptions extends JournalOptions {
  readonly lines: number;
  readonly follow?: boolean;
  readonly json?: boolean;
}

export function tailCommand(terminal: Terminal): Command {
  return new Command("tail")
    .description("print the last decisions of a journal, one line each")
    .option("-n, --lines <count>", "number of decisions", wholeCount, 10)
    .option("-f, --follow", "print new decisions as they come, until interrupted")
    .addOption(journalOption())
    .addOption(configOption())
    .addOption(keyFileOption())
    .option("--json", "print JSON lines")
    .action((options: TailOptions) => tail(options, terminal));
}

async function tail(options: TailOptions, terminal: Terminal): Promise<void> {
  const { directory, keyFile } = await placeOf(options);
  const reader = new JournalReader(directory, chainOfJournal(directory, keyFile));
  const print = (read: ReadEntry): void => {
    const line = options.json === true ? read.data : decisionLine(reader.decision(read));
    terminal.print(printable(line));
  };
  for (const entry of reader.last(options.lines)) print(entry);
  while (options.follow === true && terminal.isOpen()) {
    await sleep(POLL_MS);
    for (const entry of reader.following()) if (entry.head.kind === "decision") print(entry);
  }
}

const LINES_MAX = 1_000_000;

function wholeCount(text: string): number {
  if (!/^[0-9]{1,7}$/.test(text) || Number(text) > LINES_MAX)
    throw new InvalidArgumentError(`a whole number up to ${LINES_MAX}`);
  return Number(text);
}

/** One decision on one line. */
export function decisionLine({ head, entry, snapshot, isChained }: ReadDecision): string {
  const { request, decision } = entry;
  const asked = candidateName(snapshot, request.requestedId);
  const chosen =
    decision.action === "reject"
      ? `${asked} → nothing`
      : `${asked} → ${candidateName(snapshot, decision.selectedId)} $${dollars(decision.costMicrocents)}`;
  const id = entry.requestId === undefined ? "" : ` ${writeExact(entry.requestId)}`;
  const at = new Date(head.at / 1000).toISOString();
  const altered = isChained === false ? " ALTERED" : "";
  return `${head.sequence} ${at} ${decision.action.padEnd(10)} ${chosen} (${decision.reason}, ${entry.useCase})${id}${altered}`;
}
