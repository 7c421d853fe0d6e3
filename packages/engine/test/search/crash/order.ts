/**
 * Holds the real threads to the order that the crash search takes for granted of them: written, synced, answered; and the
 * head after the data. It reads what the threads asked of the system (`order-watch.ts`).
 * @module
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { nodeDisk } from "../../../src/journal/disk.ts";
import { scanJournal } from "../../../src/journal/scan.ts";
import { segmentName } from "../../../src/journal/segment.ts";
import { CrashViolation } from "./oracle.ts";

/** Where an entry ends. */
interface Entry {
  readonly path: string;
  readonly end: number;
  /** What it says to be durable. */
  readonly durable: number;
}

/** @returns how many answers and heads came after the sync that covers them. */
export function requireOrder(decisions: number): { readonly answers: number; readonly heads: number } {
  const folder = mkdtempSync(join(tmpdir(), "order-"));
  try {
    const directory = join(folder, "journal");
    const notes = join(folder, "notes");
    const answers = decideWatched(directory, notes, decisions);
    const entries = entriesIn(directory);
    const events = readFileSync(notes, "utf8").trimEnd().split("\n");
    const syncedAt = syncTimes(entries, events);
    for (const { sequence, atNs } of answers) {
      const synced = syncedAt.get(sequence);
      if (synced === undefined || synced > atNs)
        throw new CrashViolation(`entry ${sequence} was answered before the sync that covers it had returned`);
    }
    return { answers: answers.length, heads: events.filter((event) => event.startsWith("head ")).length };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function decideWatched(directory: string, notes: string, count: number): { sequence: number; atNs: bigint }[] {
  const watch = pathToFileURL(join(import.meta.dirname, "order-watch.ts")).href;
  const args = ["--import", watch, join(import.meta.dirname, "order-process.ts"), directory, String(count)];
  const env = { ...process.env, CALYBRIS_ORDER_NOTES: notes };
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: "utf8", env, maxBuffer: 1 << 28 });
  if (status !== 0) throw new CrashViolation(`the process ended with ${status}: ${stderr}`);
  return stdout.split("\n").map((line) => {
    const [sequence = "", atNs = ""] = line.split(" ");
    return { sequence: Number(sequence), atNs: BigInt(atNs) };
  });
}

function entriesIn(directory: string): Entry[] {
  return [...scanJournal(nodeDisk, directory)].map(({ segment, offset, bytes }) => ({
    path: join(directory, segmentName(segment)),
    end: offset + bytes.byteLength + 1,
    durable: Number(/"durable":([0-9]+)/.exec(Buffer.from(bytes).toString("latin1"))?.[1]),
  }));
}

/** When the first sync that covers each entry had returned, by sequence. No head and no entry may say so before that. */
function syncTimes(entries: readonly Entry[], events: readonly string[]): ReadonlyMap<number, bigint> {
  const syncedAt = new Map<number, bigint>();
  const written = new Map<string, number>();
  let durable = 0;
  for (const event of events) {
    const [kind = "", path = "", number = "0"] = event.split(" ");
    if (kind === "head" && Number(path) > durable)
      throw new CrashViolation(`the head named entry ${path} when ${durable} were durable`);
    if (kind === "write") {
      written.set(path, Math.max(written.get(path) ?? 0, Number(number)));
      for (
        let next = durable;
        (entries[next]?.end ?? Infinity) <= Number(number) && entries[next]?.path === path;
        next++
      )
        if ((entries[next]?.durable ?? 0) > durable)
          throw new CrashViolation(
            `entry ${next + 1} says that ${entries[next]?.durable} are durable, and ${durable} were`,
          );
    }
    if (kind !== "synced") continue;
    for (let next = entries[durable]; next?.path === path; next = entries[durable]) {
      if (next.end > (written.get(path) ?? 0)) break;
      durable += 1;
      syncedAt.set(durable, BigInt(number));
    }
  }
  return syncedAt;
}
