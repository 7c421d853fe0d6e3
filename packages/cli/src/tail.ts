/**
 * `calybris tail`: the last decisions of a journal, one line each, and those that follow.
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { writeExact } from "@calybris/kernel";
import { Command, InvalidArgumentError } from "commander";
import { dollars } from "./explain-table.ts";
import { candidateName, JournalReader, type ReadDecision, type ReadEntry } from "./journal-reader.ts";

const POLL_MS = 250;

interface TailOptions {
  readonly lines: number;
  readonly follow?: boolean;
  readonly json?: boolean;
}

export function tailCommand(): Command {
  return new Command("tail")
    .description("the last decisions of a journal, one line each")
    .argument("<directory>", "a journal directory")
    .option("-n, --lines <count>", "how many", wholeCount, 10)
    .option("-f, --follow", "go on with those that follow, until interrupted")
    .option("--json", "print JSON lines")
    .action(async (directory: string, options: TailOptions) => {
      const reader = new JournalReader(directory);
      const print = (entry: ReadEntry): void => {
        const decision = reader.decision(entry);
        process.stdout.write(`${options.json === true ? entry.data : decisionLine(decision)}\n`);
      };
      for (const entry of lastDecisions(reader, options.lines)) print(entry);
      while (options.follow === true) {
        await sleep(POLL_MS);
        for (const entry of reader.entries()) if (entry.head.kind === "decision") print(entry);
      }
    });
}

const LINES_MAX = 1_000_000;

function wholeCount(text: string): number {
  if (!/^[0-9]{1,7}$/.test(text) || Number(text) > LINES_MAX)
    throw new InvalidArgumentError(`a whole number up to ${LINES_MAX}`);
  return Number(text);
}

/** The last decisions in order; holds no more than it returns. */
export function lastDecisions(reader: JournalReader, count: number): ReadEntry[] {
  const ring: ReadEntry[] = [];
  let decisions = 0;
  for (const entry of reader.entries()) {
    if (entry.head.kind !== "decision" || count === 0) continue;
    ring[decisions % count] = entry;
    decisions += 1;
  }
  const oldest = decisions > count ? decisions % count : 0;
  return [...ring.slice(oldest), ...ring.slice(0, oldest)];
}

/** One decision on one line. */
export function decisionLine({ head, entry, snapshot }: ReadDecision): string {
  const { request, decision } = entry;
  const asked = candidateName(snapshot, request.requestedId);
  const chosen =
    decision.action === "reject"
      ? `${asked} → nothing`
      : `${asked} → ${candidateName(snapshot, decision.selectedId)} $${dollars(decision.costMicrocents)}`;
  const id = entry.requestId === undefined ? "" : ` ${writeExact(entry.requestId)}`;
  const at = new Date(head.at / 1000).toISOString();
  return `${head.sequence} ${at} ${decision.action.padEnd(10)} ${chosen} (${decision.reason}, ${entry.useCase})${id}`;
}
