/**
 * Recovery after a kill: the time from the start of the service on a killed process's journal to its first answer, and the
 * speed of verifying that journal, compared with a program that only reads and hashes it.
 * @module
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { markdownTable, median } from "./harness.ts";
import { makeKilledJournal } from "./large-journal.ts";

const COMMAND = join(import.meta.dirname, "..", "packages", "cli", "src", "main.ts");
const MIB = 2 ** 20;

export async function recovery(directory: string, entries: number, rounds: number): Promise<string> {
  const journal = join(directory, "killed");
  mkdirSync(journal);
  await makeKilledJournal(journal, entries);
  const bytes = journalBytes(journal);
  const readyMs = await timeToReady(journal);
  const verifyMs: number[] = [];
  const hashMs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    hashMs.push(await timed("sh", ["-c", `cat "$1"/segment-*.jsonl | sha256sum`, "sh", journal]));
    verifyMs.push(await timed(process.execPath, [COMMAND, "verify", journal, "--json"]));
  }
  const rate = (milliseconds: readonly number[]): string => (bytes / MIB / (median(milliseconds) / 1_000)).toFixed(0);
  return markdownTable(
    ["entries", "journal MiB", "kill to ready s", "verify MiB/s", "sha256sum MiB/s", "verify s"],
    [
      [
        String(entries),
        (bytes / MIB).toFixed(0),
        (readyMs / 1_000).toFixed(2),
        rate(verifyMs),
        rate(hashMs),
        (median(verifyMs) / 1_000).toFixed(2),
      ],
    ],
  );
}

/** Time from the start of the process to an answer of `/ready`. */
async function timeToReady(journal: string): Promise<number> {
  const startedMs = performance.now();
  const words = ["serve", "--journal", journal, "--port", "0", "--log-level", "silent"];
  const child = spawn(process.execPath, [COMMAND, ...words], { stdio: ["ignore", "ignore", "pipe"] });
  const exited = once(child, "exit");
  let said = "";
  for await (const piece of child.stderr) {
    said += String(piece);
    const url = /listens on (\S+)/.exec(said)?.[1];
    if (url === undefined) continue;
    const response = await fetch(`${url}/ready`);
    if (!response.ok) throw new Error(await response.text());
    break;
  }
  const milliseconds = performance.now() - startedMs;
  child.kill("SIGTERM");
  await exited;
  if (child.exitCode !== 0) throw new Error(said);
  return milliseconds;
}

async function timed(command: string, words: readonly string[]): Promise<number> {
  const startedMs = performance.now();
  await promisify(execFile)(command, [...words], { maxBuffer: 1 << 26 });
  return performance.now() - startedMs;
}

function journalBytes(directory: string): number {
  return readdirSync(directory)
    .filter((name) => name.startsWith("segment-"))
    .reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
}
