/**
 * Time until an engine is ready on a large journal of a killed process: from the start of the process, and from the call
 * that opens it. It reads all entries, checks every hash, folds the state, and rewrites the data that may only be in the
 * page cache.
 * @module
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Engine } from "@calybris/engine";
import { markdownTable, median } from "./harness.ts";
import { directoryBytes, makeKilledJournal } from "./large-journal.ts";

const ENTRIES = 1_000_000;
const SMOKE_ENTRIES = 1_000;
const ROUNDS = 3;

interface Ready {
  readonly entries: number;
  readonly openMs: number;
  readonly processMs: number;
  readonly residentBytes: number;
}

/** Prints a table. `entries` is the journal's length; default: a million. */
export async function benchReady(options: { readonly full: boolean; readonly entries?: number }): Promise<string> {
  const directory = mkdtempSync(join(process.cwd(), ".bench-"));
  const count = options.entries ?? (options.full ? ENTRIES : SMOKE_ENTRIES);
  try {
    const rounds: Ready[] = [];
    let bytes = 0;
    for (let round = 0; round < (options.full ? ROUNDS : 1); round++) {
      const journal = join(directory, `journal-${round}`);
      await makeKilledJournal(journal, count);
      bytes = directoryBytes(journal);
      rounds.push(JSON.parse(execFileSync(process.execPath, [import.meta.filename, journal]).toString()) as Ready);
      rmSync(journal, { recursive: true });
    }
    const middle = (of: (ready: Ready) => number): number => median(rounds.map(of));
    return markdownTable(
      ["entries", "MB", "ready after start of process, s", "of which opening, s", "entries/s", "peak memory, MB"],
      [
        [
          middle(({ entries }) => entries).toLocaleString("en"),
          (bytes / 1e6).toFixed(0),
          (middle(({ processMs }) => processMs) / 1_000).toFixed(2),
          (middle(({ openMs }) => openMs) / 1_000).toFixed(2),
          Math.round(middle(({ entries, openMs }) => (entries / openMs) * 1_000)).toLocaleString("en"),
          (middle(({ residentBytes }) => residentBytes) / 1e6).toFixed(0),
        ],
      ],
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function open(directory: string): Promise<Ready> {
  const began = performance.now();
  const engine = await Engine.open({ directory });
  const openMs = performance.now() - began;
  const processMs = performance.now();
  const { entries } = engine.recovery;
  await engine.close();
  return { entries, openMs, processMs, residentBytes: process.resourceUsage().maxRSS * 1_024 };
}

if (import.meta.main) console.log(JSON.stringify(await open(process.argv[2] as string)));
