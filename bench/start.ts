/**
 * Time to start an engine on a large journal, with and without a state snapshot, which replaces the entries before it, so
 * that only later ones are read and folded. The journal is that of a killed process; its decisions reserve, and nine in ten
 * are settled. Processor time is that of all threads, and does not depend on other programs.
 * @module
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { Engine } from "@calybris/engine";
import { snapshotSequence } from "@calybris/engine/internal";
import { markdownTable, median } from "./harness.ts";
import { makeKilledJournal } from "./large-journal.ts";
import { snapshotPauses } from "./snapshot-pause.ts";

const ENTRIES: readonly number[] = [1_000_000, 3_000_000];
const SMOKE_ENTRIES = 1_000;
const ROUNDS = 3;
const OPEN: readonly number[] = [10_000, 100_000, 300_000];
const MIB = 2 ** 20;

interface Started {
  readonly entries: number;
  readonly folded: number;
  readonly openMs: number;
  readonly processorMs: number;
  readonly processMs: number;
  readonly residentBytes: number;
}

/** Prints two tables. `entries` is the journal's length; default: one and three million. */
export async function benchStart(options: { readonly full: boolean; readonly entries?: number }): Promise<string> {
  const counts = options.entries === undefined ? (options.full ? ENTRIES : [SMOKE_ENTRIES]) : [options.entries];
  const directory = mkdtempSync(join(process.cwd(), ".bench-"));
  try {
    const rows: string[][] = [];
    for (const count of counts) {
      const journal = join(directory, `journal-${count}`);
      await makeKilledJournal(journal, count, "settles");
      // The first start after the kill rewrites the data that may only be in the page cache.
      started(journal);
      const rounds = options.full ? ROUNDS : 1;
      const mib = bytesOf(journal, (name) => name.startsWith("segment-")) / MIB;
      const snapshots = readdirSync(journal).filter((name) => snapshotSequence(name) !== undefined);
      const newest = snapshots.sort().at(-1);
      const snapshotMib = newest === undefined ? 0 : statSync(join(journal, newest)).size / MIB;
      rows.push(row("with a snapshot", mib, snapshotMib, measured(journal, rounds)));
      for (const name of snapshots) rmSync(join(journal, name));
      rows.push(row("without", mib, 0, measured(journal, rounds)));
      rmSync(journal, { recursive: true });
    }
    const starts = markdownTable(
      [
        "start",
        "entries",
        "journal MiB",
        "snapshot MiB",
        "entries folded",
        "opening, s",
        "processor time of it, s",
        "process to ready, s",
        "peak MB",
      ],
      rows,
    );
    return `${starts}\n\n${snapshotPauses(options.full ? OPEN : [SMOKE_ENTRIES])}`;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function row(start: string, mib: number, snapshotMib: number, rounds: readonly Started[]): string[] {
  const middle = (of: (each: Started) => number): number => median(rounds.map(of));
  return [
    start,
    middle(({ entries }) => entries).toLocaleString("en"),
    mib.toFixed(0),
    snapshotMib.toFixed(1),
    middle(({ folded }) => folded).toLocaleString("en"),
    (middle(({ openMs }) => openMs) / 1_000).toFixed(2),
    (middle(({ processorMs }) => processorMs) / 1_000).toFixed(2),
    (middle(({ processMs }) => processMs) / 1_000).toFixed(2),
    (middle(({ residentBytes }) => residentBytes) / 1e6).toFixed(0),
  ];
}

function measured(journal: string, rounds: number): readonly Started[] {
  return Array.from({ length: rounds }, () => started(journal));
}

/** Measures a start in a separate process. */
function started(journal: string): Started {
  return JSON.parse(execFileSync(process.execPath, [import.meta.filename, journal]).toString()) as Started;
}

function bytesOf(directory: string, isCounted: (name: string) => boolean): number {
  return readdirSync(directory)
    .filter(isCounted)
    .reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
}

async function start(directory: string): Promise<Started> {
  const began = performance.now();
  const used = process.cpuUsage();
  const engine = await Engine.open({ directory });
  const { user, system } = process.cpuUsage(used);
  const processorMs = (user + system) / 1_000;
  const openMs = performance.now() - began;
  const processMs = performance.now();
  const { entries, fromSequence } = engine.recovery;
  await engine.close();
  const residentBytes = process.resourceUsage().maxRSS * 1_024;
  return { entries, folded: entries - fromSequence, openMs, processorMs, processMs, residentBytes };
}

if (import.meta.main) console.log(JSON.stringify(await start(process.argv[2] as string)));
