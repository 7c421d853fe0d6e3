/**
 * `calybris tail`: prints the last entries of a journal, one line each, and those that follow.
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type EntryBody, writeExact } from "@calybris/kernel";
import { Command, InvalidArgumentError, Option } from "commander";
import { configOption } from "../service/config-file.ts";
import { apiKeyFileOption, type TargetOptions, urlOption } from "../service/target.ts";
import { sentenceOf } from "../show/sentence.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";
import { secondText } from "../terminal/time-text.ts";
import { EntryFilter, type FilterOptions } from "./entry-filter.ts";
import { keyFileOption } from "./key-file.ts";
import { journalOption } from "./place.ts";
import type { JournalReader, ReadBody, ReadDecision } from "./reader.ts";
import { readerOf } from "./reader-of.ts";
import { sinceUs } from "./since.ts";

const POLL_MS = 250;

/** All kinds of this version, in the order of the help. */
export const KINDS: readonly string[] = Object.keys({
  ...{ decision: 0, settlement: 0, release: 0, hold: 0, expiry: 0, reconciliation: 0, correction: 0, outcome: 0 },
  ...{ grant: 0, limit: 0, period: 0, policy: 0, key: 0, clock: 0, genesis: 0, attempt: 0 },
  ...{ belief: 0, regimes: 0, prior: 0, certificate: 0, seal: 0, state: 0, checkpoint: 0 },
} satisfies Readonly<Record<EntryBody["kind"], 0>>);

interface TailOptions extends TargetOptions, FilterOptions {
  readonly lines: number;
  readonly follow?: true;
  readonly json?: true;
}

const HELP = `
Filters combine: an entry is printed when all of them match. A settlement or an outcome is of the tenant of its decision.
With --json, each line is the entry's data exactly as the journal holds it.

Examples:
  calybris tail
  calybris tail --kind decision --tenant acme --since 1h
  calybris tail --kind policy grant --actor ada --follow`;

export function tailCommand(terminal: Terminal): Command {
  return new Command("tail")
    .description("print the last entries of a journal, one line each")
    .option("-n, --lines <count>", "number of entries", wholeCount, 10)
    .option("-f, --follow", "print new entries as they come, until interrupted")
    .addOption(new Option("--kind <kind...>", "only these kinds of entries").choices(KINDS))
    .option("--tenant <name>", "only entries of this tenant")
    .option("--actor <name>", "only entries by this key or system user")
    .option("--since <time>", "only entries from this time on: 15m, 2h, 7d, or 2026-01-31T12:00Z", sinceUs)
    .addOption(journalOption())
    .addOption(configOption())
    .addOption(urlOption())
    .addOption(apiKeyFileOption())
    .addOption(keyFileOption())
    .option("--json", "print JSON lines")
    .addHelpText("after", HELP)
    .action((options: TailOptions) => tail(options, terminal));
}

async function tail(options: TailOptions, terminal: Terminal): Promise<void> {
  const reader = await readerOf(options);
  const filter = new EntryFilter(reader, options);
  for (const line of await lastLines(reader, filter, options)) terminal.print(line);
  while (options.follow === true && terminal.isOpen()) {
    await sleep(POLL_MS);
    for await (const read of reader.source.following()) {
      const found = await filter.read(read);
      if (found !== undefined) terminal.print(await lineOf(found, reader, options));
    }
  }
}

async function lastLines(reader: JournalReader, filter: EntryFilter, options: TailOptions): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const read of reader.source.backwards()) {
    if (lines.length >= options.lines || filter.isPast(read)) break;
    const found = await filter.read(read);
    if (found !== undefined) lines.push(await lineOf(found, reader, options));
  }
  return lines.toReversed();
}

async function lineOf(
  found: ReadBody | ReadDecision,
  reader: JournalReader,
  { json }: Pick<TailOptions, "json">,
): Promise<string> {
  if (json === true) return printable(found.data);
  return printable(entryLine(found, "snapshot" in found ? undefined : await reader.decisionOf(found.entry)));
}

const KIND_WIDTH = Math.max(...KINDS.map((kind) => kind.length));

/** One entry on one line. */
export function entryLine(found: ReadBody | ReadDecision, of?: ReadDecision): string {
  const { head, isChained } = found;
  const altered = isChained === false ? " ALTERED" : "";
  return `${head.sequence} ${secondText(head.at)} ${head.kind.padEnd(KIND_WIDTH)} ${sentenceOf(found, of)}${labels(found)}${altered}`;
}

/** The caller's labels of a request. */
function labels(found: ReadBody | ReadDecision): string {
  if (!("snapshot" in found)) return "";
  const { requestId, tenant, useCase } = found.entry;
  const parts = [
    ...(tenant === undefined ? [] : [`tenant ${writeExact(tenant)}`]),
    ...(requestId === undefined ? [] : [`request ${writeExact(requestId)}`]),
    `use case ${useCase}`,
  ];
  return ` (${parts.join(", ")})`;
}

const LINES_MAX = 1_000_000;

function wholeCount(text: string): number {
  if (!/^[0-9]{1,7}$/.test(text) || Number(text) > LINES_MAX)
    throw new InvalidArgumentError(`Write a whole number up to ${LINES_MAX}.`);
  return Number(text);
}
