/**
 * Makes a large journal as a crash leaves it: a separate process fills a directory without waiting for the disk and is
 * killed. The result has preallocated space, no seal, and an old head.
 *
 *     node bench/large-journal.ts DIRECTORY ENTRIES [decides|settles|learns]
 * @module
 */
import { type Decided, type Disk, type DiskFile, Engine, loadPolicy } from "@calybris/engine";
import { InlineDriver, LEARNING_DEFAULTS, nodeDisk, parseBudgets, Writer } from "@calybris/engine/internal";
import type { KeyIdentity, PolicySnapshot } from "@calybris/kernel";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { seededBelow } from "./harness.ts";

const POLICY = join(import.meta.dirname, "..", "examples", "demo", "policy.jsonc");
/**
 * Concurrent requests, and entries per request. With outcomes the number is small, so that each outcome finds its decision
 * in the data read for the previous one.
 */
const TURNS = {
  decides: { requests: 1_000, entriesEach: 1 },
  settles: { requests: 500, entriesEach: 2 },
  learns: { requests: 64, entriesEach: 2 },
} as const satisfies Readonly<Record<Workload, unknown>>;
const WAITING_MAX = 1_000;

/**
 * `decides`: decisions only. `settles`: nine of ten are settled. `learns`: a policy that learns by offsets recommends,
 * decisions reserve on two levels, and each is settled by its outcome (eight of ten), settled without one, or released.
 */
export type Workload = "decides" | "settles" | "learns";

/** Fills a directory with about this many entries, as a killed process leaves it. */
export async function makeKilledJournal(
  directory: string,
  entries: number,
  workload: Workload = "decides",
): Promise<void> {
  const words = [import.meta.filename, directory, String(entries), workload];
  const child = spawn(process.execPath, words, { stdio: "inherit" });
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  if (signal !== "SIGKILL") throw new Error(`the journal was not made: exit ${code}`);
}

/** Total size of the files in a directory. */
export function directoryBytes(directory: string): number {
  return readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
}

async function fill(directory: string, entries: number, workload: Workload): Promise<void> {
  const engine = await Engine.open({
    directory,
    policy: await policyFor(workload),
    disk: unsynced,
    driver: (start) => new InlineDriver(new Writer(unsynced, start)),
    waitingMax: WAITING_MAX,
    openReservationsMax: entries,
  });
  await grantAll(engine, workload);
  const key = workload === "learns" ? engine.keys.introduce(CALLER) : undefined;
  const names = engine.snapshot.candidateNames;
  const below = seededBelow(7);
  const { requests, entriesEach } = TURNS[workload];
  for (let done = 1; done < entries; done += requests * entriesEach) {
    const count = Math.min(requests, entries - done);
    const decided = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        engine.decide(
          {
            requestId: `0193f6d2-7a61-7c33-9a41-${String(done + index).padStart(12, "0")}`,
            requested: names[below(names.length)] as string,
            inputTokens: 50 + below(6_000),
            outputTokens: 20 + below(1_500),
            ...(workload === "learns" ? { tenant: `team-${below(TEAMS)}` } : { riskBps: below(6_000) }),
          },
          key,
        ),
      ),
    );
    const ran = decided.filter(({ decision }) => decision.action !== "reject");
    if (workload === "settles")
      await Promise.all(
        ran
          .filter((_, index) => index % 10 !== 0)
          .map(({ decisionId }) => engine.ledger.settle({ decisionId, actualMicrocents: 1n })),
      );
    if (workload === "learns") await Promise.all(ran.map((one, index) => end(engine, one, index % 10, below(10))));
  }
}

const TEAMS = 8;
const CALLER: KeyIdentity = { name: "bench", sha256: "0".repeat(64), scopes: ["decide"] };

async function policyFor(workload: Workload): Promise<PolicySnapshot> {
  const policy = await loadPolicy(POLICY);
  return workload === "learns" ? { ...policy, learning: { ...LEARNING_DEFAULTS, method: "offsets" } } : policy;
}

async function grantAll(engine: Engine, workload: Workload): Promise<void> {
  if (workload === "decides") return;
  const teams = Array.from({ length: TEAMS }, (_, team) => [`team-${team}`, { parent: "org" }] as const);
  const tenants = workload === "settles" ? { default: {} } : { org: {}, ...Object.fromEntries(teams) };
  await engine.ledger.apply(parseBudgets({ tenants }));
  for (const tenant of Object.keys(tenants))
    await engine.ledger.grant({ tenant, amountMicrocents: 10n ** 17n, id: `first of ${tenant}` });
}

/** Ends a decision with a reservation; eight of ten by an outcome. */
async function end(engine: Engine, { decisionId, decision }: Decided, of10: number, luck: number): Promise<void> {
  const { costMicrocents } = decision;
  if (of10 === 8) await engine.ledger.release({ decisionId });
  else if (of10 === 9) await engine.ledger.settle({ decisionId, actualMicrocents: costMicrocents });
  else await engine.learning.observe({ decisionId, succeeded: luck > 1, latencyMs: 900, costMicrocents, settle: true });
}

/** The real disk without syncs. */
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
  const [directory = "", entries = "", workload = "decides"] = process.argv.slice(2);
  await fill(directory, Number(entries), workload as Workload);
  process.kill(process.pid, "SIGKILL");
}
