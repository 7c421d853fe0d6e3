/**
 * Time of `calybris verify` on a large journal, compared with `sha256sum` over the same files. It checks every hash of the
 * chain, and decides every request again, with its digests.
 * @module
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { verifyLog } from "../packages/cli/src/verify/verify.ts";
import { markdownTable, median } from "./harness.ts";
import { directoryBytes, makeKilledJournal } from "./large-journal.ts";

const ENTRIES = 1_000_000;
const SMOKE_ENTRIES = 1_000;
const ROUNDS = 3;

interface Verified {
  readonly status: string;
  readonly entries: number;
  readonly verifyMs: number;
  readonly residentBytes: number;
}

/** Prints a table. `entries` is the journal's length; default: a million. */
export async function benchVerify(options: { readonly full: boolean; readonly entries?: number }): Promise<string> {
  const directory = mkdtempSync(join(process.cwd(), ".bench-"));
  const count = options.entries ?? (options.full ? ENTRIES : SMOKE_ENTRIES);
  try {
    const journal = join(directory, "journal");
    await makeKilledJournal(journal, count);
    const megabytes = directoryBytes(journal) / 1e6;
    const verified: Verified[] = [];
    const sumMs: number[] = [];
    for (let round = 0; round < (options.full ? ROUNDS : 1); round++) {
      verified.push(JSON.parse(execFileSync(process.execPath, [import.meta.filename, journal]).toString()) as Verified);
      sumMs.push(sha256sumMs(journal));
    }
    const verifyMs = median(verified.map((one) => one.verifyMs));
    const { entries, status } = verified[0] as Verified;
    const rate = (ms: number): string => ((megabytes / ms) * 1_000).toFixed(0);
    return markdownTable(
      ["", "entries", "MB", "s", "MB/s", "entries/s", "peak memory, MB"],
      [
        [
          `calybris verify (${status})`,
          entries.toLocaleString("en"),
          megabytes.toFixed(0),
          (verifyMs / 1_000).toFixed(2),
          rate(verifyMs),
          Math.round((entries / verifyMs) * 1_000).toLocaleString("en"),
          (median(verified.map(({ residentBytes }) => residentBytes)) / 1e6).toFixed(0),
        ],
        ["sha256sum", "", megabytes.toFixed(0), (median(sumMs) / 1_000).toFixed(2), rate(median(sumMs)), "", ""],
      ],
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function sha256sumMs(directory: string): number {
  const began = performance.now();
  execFileSync("sha256sum", readdirSync(directory), { cwd: directory });
  return performance.now() - began;
}

async function verify(directory: string): Promise<Verified> {
  const began = performance.now();
  const { status, entries } = await verifyLog(directory);
  const verifyMs = performance.now() - began;
  return { status, entries, verifyMs, residentBytes: process.resourceUsage().maxRSS * 1_024 };
}

if (import.meta.main) console.log(JSON.stringify(await verify(process.argv[2] as string)));
