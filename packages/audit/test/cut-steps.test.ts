import { type Caller, type ClientRequest, type Decided, Engine, parseBudgets } from "@calybris/engine";
import { HEAD_FILE, InlineDriver, LEARNING_DEFAULTS, segmentName, Writer } from "@calybris/engine/internal";
import { bps, type KeyIdentity, type PolicySnapshot, sequence, type TenantProof } from "@calybris/kernel";
import { expect, test } from "vitest";
import { stride } from "../../../test/share.ts";
import { MemoryDisk } from "../../engine/test/support/memory-disk.ts";
import { sampleSnapshot } from "../../engine/test/support/sample-snapshot.ts";
import { auditLines } from "./histories/search-histories.ts";
import { linesOf } from "./money-workload.ts";

// Goal: no step writes entries of which a prefix alone is wrong.
// Method: commands that write several entries are given one after another. Each is cut after each of its entries; what is left
// is audited, recovered, and given the command again: the money is then what it is without the cut.

const START_US = Date.UTC(2026, 0, 15, 12) * 1_000;
const DAY_US = 86_400_000_000;
const WARM_UP = 6;
const KEY: KeyIdentity = { name: "service", sha256: "ab".repeat(32), tenants: ["acme"], scopes: ["decide"] };
const PERIOD = { every: "day", timeZone: "UTC", allotmentMicrocents: 1_000_000 };

const learning = { ...LEARNING_DEFAULTS, warmUpRequests: WARM_UP, holdoutBps: bps(0) };
const policy = (epoch: bigint): PolicySnapshot => {
  const sample = sampleSnapshot();
  return { ...sample, policy: { ...sample.policy, policyEpoch: sequence(epoch) }, learning };
};

/** The journal's engine, and the ids of decisions that were answered. */
interface World {
  readonly engine: Engine;
  readonly ids: Map<string, string>;
}

const byKey = (engine: Engine): Caller => ({ actor: engine.keys.introduce({ ...KEY }) });

/** A month: nothing is overdue before the end, which an engine that starts would settle first. */
const asked = (requestId: string): ClientRequest => ({
  requestId,
  tenant: "acme",
  inputTokens: 1_000_000,
  outputTokens: 500_000,
  reservationSeconds: 2_678_400,
  valueMicrocents: 100_000_000,
  requested: "better",
});

async function decide({ engine, ids }: World, requestId: string, caller: Caller = {}): Promise<Decided> {
  const decided = await engine.decide(asked(requestId), caller.actor);
  ids.set(requestId, decided.decisionId);
  return decided;
}

const idOf = ({ ids }: World, requestId: string): string => ids.get(requestId) ?? "";

/** What is done, and how long after the start. */
const COMMANDS: readonly {
  readonly does: string;
  readonly at: number;
  readonly run: (world: World) => Promise<unknown>;
}[] = [
  {
    does: "limits with periods",
    at: 0,
    run: ({ engine }) =>
      engine.ledger.apply(
        parseBudgets({
          tenants: {
            org: { period: PERIOD },
            acme: { parent: "org", period: PERIOD, overrunFactor: 2, overrunFloorMicrocents: 0 },
          },
        }),
      ),
  },
  {
    does: "a grant after its period is over",
    at: DAY_US,
    run: ({ engine }) => engine.ledger.grant({ tenant: "acme", amountMicrocents: 5_000_000n, id: "more" }),
  },
  { does: "a policy that learns", at: DAY_US, run: ({ engine }) => engine.setPolicy(policy(2n)) },
  ...Array.from({ length: WARM_UP + 3 }, (_, index) => ({
    does: `decision ${index}, the first of a period on two levels, or with regimes and a table`,
    at: (index + 2) * DAY_US,
    run: (world: World) => decide(world, `r${index}`),
  })),
  {
    does: "a decision by a key that acts for the first time",
    at: 12 * DAY_US,
    run: (world) => decide(world, "by key", byKey(world.engine)),
  },
  {
    does: "an outcome that settles, of the same key",
    at: 12 * DAY_US,
    run: (world) =>
      world.engine.learning.observe(
        { decisionId: idOf(world, "by key"), succeeded: true, costMicrocents: 40, settle: true, observedAt: 1 },
        byKey(world.engine),
      ),
  },
  { does: "another decision", at: 12 * DAY_US, run: (world) => decide(world, "held") },
  {
    does: "a hold with a known part",
    at: 12 * DAY_US,
    run: (world) =>
      world.engine.ledger.hold({ decisionId: idOf(world, "held"), cause: "stream_cut", knownMicrocents: 100 }),
  },
  {
    does: "a total below what was known",
    at: 12 * DAY_US,
    run: (world) => world.engine.ledger.reconcile({ decisionId: idOf(world, "held"), actualMicrocents: 7 }),
  },
  { does: "one more", at: 12 * DAY_US, run: (world) => decide(world, "beyond") },
  {
    does: "a cost far beyond its reservation, with an outcome",
    at: 12 * DAY_US,
    run: (world) =>
      world.engine.learning.observe({
        decisionId: idOf(world, "beyond"),
        succeeded: false,
        costMicrocents: 9_000_000,
        settle: true,
        observedAt: 1,
      }),
  },
  {
    does: "a policy, a limit and a revoked key together",
    at: 13 * DAY_US,
    // As the service does at each start: the policy if it is another one, limits and keys always.
    run: ({ engine }) =>
      engine.reconfigure({
        policy: engine.snapshot.policy.policyEpoch === 3n ? undefined : policy(3n),
        budgets: parseBudgets({ tenants: { later: { period: PERIOD } } }),
        keys: [],
      }),
  },
  {
    does: "a batch: periods on two levels, a table, and three decisions",
    at: 14 * DAY_US,
    run: ({ engine }) => engine.decideMany(["b1", "b2", "b3"].map((requestId) => asked(requestId))),
  },
  { does: "expiries", at: 60 * DAY_US, run: ({ engine }) => engine.ledger.sweep() },
];

let now = START_US;

/** @param segmentBytesMax - 1: every batch begins with a rotation. */
async function open(disk: MemoryDisk, segmentBytesMax?: number): Promise<Engine> {
  return Engine.open({
    segmentBytesMax,
    directory: "memory",
    policy: disk.files.size === 0 ? sampleSnapshot() : undefined,
    disk,
    nowUs: () => now,
    randomBytes: (count) => new Uint8Array(count).fill(7),
    driver: (start) => new InlineDriver(new Writer(disk, start, undefined, () => 0)),
  });
}

/** The journal up to an entry, with what stood beside it before the step. */
function cut(before: MemoryDisk, lines: readonly string[], count: number): MemoryDisk {
  const disk = before.copy();
  disk.files.set(segmentName(1), Buffer.from(`${lines.slice(0, count).join("\n")}\n`));
  return disk;
}

/** With every period begun that is due: one that was cut off begins with whatever spends or grants next. */
async function balances(engine: Engine): Promise<readonly TenantProof[]> {
  for (const { tenant } of engine.ledger.prove().tenants)
    await engine.ledger.grant({ tenant, amountMicrocents: 1n, id: `begins what is due ${tenant}` });
  return engine.ledger.prove().tenants;
}

test("a step that is cut after any of its entries recovers, audits as intact, and is completed by the same command", async () => {
  const disk = new MemoryDisk();
  now = START_US;
  const world: World = { engine: await open(disk), ids: new Map() };
  let cuts = 0;
  for (const { does, at, run } of COMMANDS) {
    now = START_US + at;
    const before = disk.copy();
    const first = linesOf(before).length;
    await run(world);
    const lines = linesOf(disk);
    const uncut = await open(disk.copy());
    const wanted = await balances(uncut);
    await uncut.close();
    for (let count = first; count < lines.length; count++) {
      const left = cut(before, lines, count);
      const { status, findings } = auditLines(linesOf(left));
      expect([does, status, findings]).toEqual([does, "intact", []]);
      const engine = await open(left);
      await run({ engine, ids: new Map(world.ids) });
      expect([does, await balances(engine)]).toEqual([does, wanted]);
      expect([does, engine.ledger.prove().conserved]).toEqual([does, true]);
      await engine.close();
      expect([does, auditLines(linesOf(left)).findings]).toEqual([does, []]);
      cuts += 1;
    }
  }
  await world.engine.close();
  expect(cuts).toBeGreaterThan(2 * COMMANDS.length);
  expect(disk.files.has(HEAD_FILE)).toBe(true);
});

/** As {@link cut}, of a journal of many segments. */
function cutRotated(before: MemoryDisk, after: MemoryDisk, count: number): MemoryDisk {
  const disk = before.copy();
  let left = count;
  for (const name of after.list().filter((each) => each.startsWith("segment-"))) {
    const lines = Buffer.from(after.files.get(name) ?? [])
      .toString()
      .split("\n")
      .filter((line) => line !== "");
    disk.files.set(
      name,
      Buffer.from(
        lines
          .slice(0, left)
          .map((line) => `${line}\n`)
          .join(""),
      ),
    );
    left -= Math.min(left, lines.length);
    if (left === 0) break;
  }
  return disk;
}

test("a rotation that is cut between its seal and its state entry, or after either, recovers and is completed", async () => {
  const disk = new MemoryDisk();
  now = START_US;
  const world: World = { engine: await open(disk, 1), ids: new Map() };
  const kinds = new Map<string, number>();
  for (const { does, at, run } of COMMANDS.slice(0, 12)) {
    now = START_US + at;
    const before = disk.copy();
    const first = linesOf(before).length;
    await run(world);
    const lines = linesOf(disk);
    const uncut = await open(disk.copy(), 1);
    const wanted = await balances(uncut);
    await uncut.close();
    for (let count = first; count < lines.length; count++) {
      const kind = `${kindOf(lines[count - 1])} | ${kindOf(lines[count])}`;
      if (kind !== "seal | state" && count % stride(3) !== 0) continue;
      const left = cutRotated(before, disk, count);
      expect(linesOf(left)).toEqual(lines.slice(0, count));
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      expect([does, kind, auditLines(linesOf(left)).findings]).toEqual([does, kind, []]);
      const engine = await open(left, 1);
      await run({ engine, ids: new Map(world.ids) });
      expect([does, kind, await balances(engine)]).toEqual([does, kind, wanted]);
      await engine.close();
      expect([does, kind, auditLines(linesOf(left)).findings]).toEqual([does, kind, []]);
    }
  }
  await world.engine.close();
  expect(kinds.get("seal | state")).toBeGreaterThan(3);
});

function kindOf(line: string | undefined): string {
  return /"kind":"([a-z]+)"/.exec(line ?? "")?.[1] ?? "";
}
