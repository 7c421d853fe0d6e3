/**
 * Makes a large journal and dies over it: a process of its own fills a directory, without waiting for the disk, and is
 * killed. What it leaves is what a crash leaves: prepared space, no seal, the head where it was.
 *
 *     node bench/large-journal.ts DIRECTORY ENTRIES [settles]
 * @module
 */
import { Engine, loadPolicy, type Disk, type DiskFile } from "@calybris/engine";
import { InlineDriver, nodeDisk, parseBudgets, Writer } from "@calybris/engine/internal";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { seededBelow } from "./harness.ts";

const POLICY = join(import.meta.dirname, "..", "examples", "demo", "policy.jsonc");
/** Requests asked at once. */
const TURN = 1_000;
const SETTLING_TURN = 500;

/**
 * Fills a directory with decisions, one entry each besides those of the journal itself, as a killed process leaves it.
 *
 * @param settles - each decision reserves, and nine of ten are settled, so that about half of the entries are settlements.
 */
export async function makeKilledJournal(directory: string, entries: number, settles = false): Promise<void> {
  const words = [import.meta.filename, directory, String(entries), ...(settles ? ["settles"] : [])];
  const child = spawn(process.execPath, words, { stdio: "inherit" });
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  if (signal !== "SIGKILL") throw new Error(`the journal was not made: exit ${code}`);
}

/** What the files of a directory take. */
export function directoryBytes(directory: string): number {
  return readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
}

async function fill(directory: string, entries: number, settles: boolean): Promise<void> {
  const engine = await Engine.open({
    directory,
    policy: await loadPolicy(POLICY),
    disk: unsynced,
    driver: (start) => new InlineDriver(new Writer(unsynced, start)),
    waitingMax: TURN,
    openReservationsMax: entries,
  });
  if (settles) {
    await engine.ledger.apply(parseBudgets({ tenants: { default: {} } }));
    await engine.ledger.grant({ tenant: "default", amountMicrocents: 10n ** 18n, id: "first" });
  }
  const names = engine.snapshot.candidateNames;
  const below = seededBelow(7);
  const turn = settles ? SETTLING_TURN : TURN;
  for (let done = 1; done < entries; done += settles ? 2 * turn : turn) {
    const count = Math.min(turn, entries - done);
    const decided = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        engine.decide({
          requestId: `0193f6d2-7a61-7c33-9a41-${String(done + index).padStart(12, "0")}`,
          requested: names[below(names.length)] as string,
          inputTokens: 50 + below(6_000),
          outputTokens: 20 + below(1_500),
          riskBps: below(6_000),
        }),
      ),
    );
    if (settles)
      await Promise.all(
        decided
          .filter(({ decision }, index) => decision.action !== "reject" && index % 10 !== 0)
          .map(({ decisionId }) => engine.ledger.settle({ decisionId, actualMicrocents: 1n })),
      );
  }
}

/** The real disk, but for the waiting. */
export const unsynced: Disk = {
  ...nodeDisk,
  open: (directory, name, create) => {
    const file = nodeDisk.open(directory, name, create);
    return file === undefined ? undefined : withoutSyncs(file);
  },
  syncDirectory: () => undefined,
};

function withoutSyncs(file: DiskFile): DiskFile {
  return {
    write: (bytes, position) => file.write(bytes, position),
    read: (bytes, position) => file.read(bytes, position),
    syncData: () => undefined,
    sync: () => undefined,
    truncate: (length) => file.truncate(length),
    size: () => file.size(),
    close: () => file.close(),
  };
}

if (import.meta.main) {
  const [directory = "", entries = "", settles] = process.argv.slice(2);
  await fill(directory, Number(entries), settles === "settles");
  process.kill(process.pid, "SIGKILL");
}
