import { expect, test } from "vitest";
import type { Decided } from "../../src/flows/decided.ts";
import { Engine, type EngineOptions } from "../../src/engine.ts";
import { parseBudgets } from "../../src/intake/budgets-file.ts";
import { nodeChain, nodeSha256 } from "../../src/journal/chain-hash.ts";
import { recover } from "../../src/journal/recovery.ts";
import { InlineDriver } from "../../src/journal/thread-driver.ts";
import { Writer } from "../../src/journal/writer.ts";
import { proveConservation } from "../../src/ledger/proof.ts";
import { readBody } from "../../src/state/read-entry.ts";
import { EngineState } from "../../src/state/state.ts";
import { MemoryDisk } from "../support/memory-disk.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";

const HOUR_US = 3_600_000_000;

class Clock {
  now = Date.UTC(2026, 0, 15, 12) * 1_000;
  readonly nowUs = (): number => ++this.now;
}

function inMemory(disk: MemoryDisk, clock: Clock, options: Partial<EngineOptions> = {}): Promise<Engine> {
  return Engine.open({
    directory: "memory",
    policy: sampleSnapshot(),
    disk,
    nowUs: clock.nowUs,
    driver: (start) => new InlineDriver(new Writer(disk, start, undefined, () => 0)),
    ...options,
  });
}

const ask = (engine: Engine, tenant?: string): Promise<Decided> =>
  engine.decide({
    inputTokens: 1_000_000,
    outputTokens: 500_000,
    valueMicrocents: 100_000_000,
    requested: "better",
    ...(tenant === undefined ? {} : { tenant }),
  });

async function withTenants(
  tenants: object,
  grants: Readonly<Record<string, bigint>> = {},
): Promise<{ engine: Engine; clock: Clock; disk: MemoryDisk }> {
  const disk = new MemoryDisk();
  const clock = new Clock();
  const engine = await inMemory(disk, clock);
  await engine.ledger.apply(parseBudgets({ tenants }));
  for (const [tenant, amountMicrocents] of Object.entries(grants))
    await engine.ledger.grant({ tenant, amountMicrocents, id: `first ${tenant}` });
  return { engine, clock, disk };
}

/** Live balances are those that are folded from the journal, digest and all; and those of a fresh start. */
async function assertFolded(engine: Engine, disk: MemoryDisk, clock: Clock): Promise<void> {
  const live = engine.ledger.prove();
  const state = new EngineState();
  recover(disk.copy(), "memory", nodeChain(), false, (entry) =>
    state.apply(entry.head.sequence, entry.head.at, readBody(entry, state)),
  );
  expect(state.digest()).toBe(engine.stateDigest());
  expect(proveConservation(state.ledger, state.sequence, clock.now, nodeSha256)).toEqual(live);
  expect(live.conserved).toBe(true);
  const again = await inMemory(disk.copy(), clock);
  expect({ ...again.ledger.prove(), sequence: 0, digest: "" }).toEqual({ ...live, sequence: 0, digest: "" });
}

test("a decision reserves what it may cost; settling takes the actual cost and gives the rest back", async () => {
  const { engine, disk, clock } = await withTenants({ acme: {} }, { acme: 1_000_000n });
  const decided = await ask(engine, "acme");
  const cost = decided.decision.costMicrocents;
  expect(cost).toBeGreaterThan(0n);
  expect(engine.ledger.balance("acme")).toMatchObject({
    grantedMicrocents: 1_000_000n,
    remainingMicrocents: 1_000_000n - cost,
    reservedMicrocents: cost,
    settledMicrocents: 0n,
  });
  const settled = await engine.ledger.settle({ decisionId: decided.decisionId, actualMicrocents: 10 });
  expect(settled).toMatchObject({ state: "settled", actualMicrocents: 10n, repeated: false });
  expect(settled.balance).toMatchObject({
    remainingMicrocents: 999_990n,
    reservedMicrocents: 0n,
    settledMicrocents: 10n,
  });
  await assertFolded(engine, disk, clock);
});

test("a tenant without headroom gets the best that fits, then nothing; the reason says so", async () => {
  const probe = await withTenants({ acme: {} }, { acme: 10_000_000n });
  const better = await ask(probe.engine, "acme");
  const { engine, disk, clock } = await withTenants({ acme: {} }, { acme: better.decision.costMicrocents - 1n });
  const cheaper = await ask(engine, "acme");
  expect(cheaper.decision.action).toBe("substitute");
  expect(cheaper.shortfall?.headroomMicrocents).toBe(better.decision.costMicrocents - 1n);
  for (;;) {
    const next = await ask(engine, "acme");
    if (next.decision.action !== "reject") continue;
    expect(next.decision.reason).toBe("budget");
    expect(next.shortfall).toBeDefined();
    break;
  }
  expect(engine.ledger.balance("acme").remainingMicrocents).toBeGreaterThanOrEqual(0n);
  await assertFolded(engine, disk, clock);
});

test("onShortfall reject: a tenant that wants no substitute is refused instead", async () => {
  const probe = await withTenants({ acme: {} }, { acme: 10_000_000n });
  const better = await ask(probe.engine, "acme");
  const { engine } = await withTenants(
    { acme: { onShortfall: "reject" } },
    { acme: better.decision.costMicrocents - 1n },
  );
  expect((await ask(engine, "acme")).decision).toMatchObject({ action: "reject", reason: "budget" });
});

test("a reservation is made on every level or on none", async () => {
  const { engine } = await withTenants(
    { org: {}, team: { parent: "org" }, key: { parent: "team" } },
    { org: 1_000_000n, team: 1_000_000n, key: 1n },
  );
  expect((await ask(engine, "key")).decision.action).toBe("reject");
  expect(engine.ledger.balance("org").reservedMicrocents).toBe(0n);
  await engine.ledger.grant({ tenant: "key", amountMicrocents: 1_000_000n, id: "more" });
  const decided = await ask(engine, "key");
  for (const tenant of ["org", "team", "key"])
    expect(engine.ledger.balance(tenant).reservedMicrocents).toBe(decided.decision.costMicrocents);
  expect(engine.ledger.prove().total.grantedMicrocents).toBe(1_000_000n);
});

test("an overrun takes what is there, the rest is a debt that closes the tenant until a grant pays it", async () => {
  const { engine, disk, clock } = await withTenants({ acme: {} }, { acme: 1_000_000n });
  const first = await ask(engine, "acme");
  await engine.ledger.settle({ decisionId: first.decisionId, actualMicrocents: 1_500_000n });
  expect(engine.ledger.balance("acme")).toMatchObject({
    remainingMicrocents: 0n,
    settledMicrocents: 1_000_000n,
    debtMicrocents: 500_000n,
  });
  expect((await ask(engine, "acme")).decision).toMatchObject({ action: "reject", reason: "budget" });
  const granted = await engine.ledger.grant({ tenant: "acme", amountMicrocents: 700_000n, id: "pay" });
  expect(granted.balance).toMatchObject({
    debtMicrocents: 0n,
    remainingMicrocents: 200_000n,
    settledMicrocents: 1_500_000n,
  });
  await assertFolded(engine, disk, clock);
});

test("what a tenant below another cannot cover is held for an operator: its debt never closes its siblings", async () => {
  const tenants = { org: {}, acme: { parent: "org" }, globex: { parent: "org" } };
  const grants = { org: 5_000_000n, acme: 1_000_000n, globex: 1_000_000n };
  const { engine, disk, clock } = await withTenants(tenants, grants);
  const spent = await ask(engine, "acme");
  const reserved = spent.decision.costMicrocents;
  // Beyond its own grant, though far below ten times the reservation, or a dollar.
  const claimed = await engine.ledger.settle({ decisionId: spent.decisionId, actualMicrocents: 1_000_001n });
  expect(claimed.state).toBe("held");
  expect(await engine.ledger.settle({ decisionId: spent.decisionId, actualMicrocents: 1_000_001n })).toMatchObject({
    sequence: claimed.sequence,
    repeated: true,
  });
  expect(engine.ledger.balance("org")).toMatchObject({ debtMicrocents: 0n, reservedMicrocents: reserved });
  expect((await ask(engine, "globex")).decision.action).not.toBe("reject");
  // Up to what every level has, an overrun is settled.
  const other = await ask(engine, "acme");
  const headroom = engine.ledger.balance("acme").remainingMicrocents;
  const most = other.decision.costMicrocents + headroom;
  const settled = await engine.ledger.settle({ decisionId: other.decisionId, actualMicrocents: most });
  expect(settled.state).toBe("settled");
  expect(engine.ledger.balance("acme")).toMatchObject({ remainingMicrocents: 0n, debtMicrocents: 0n });
  expect((await ask(engine, "globex")).decision.action).not.toBe("reject");
  // An operator may decide otherwise.
  const total = { decisionId: spent.decisionId, actualMicrocents: 1_000_001n };
  expect((await engine.ledger.reconcile(total)).state).toBe("reconciled");
  expect(engine.ledger.balance("acme").debtMicrocents).toBeGreaterThan(0n);
  await assertFolded(engine, disk, clock);
});

test("a command again gets the first result; another one about the same thing is refused with it", async () => {
  const { engine } = await withTenants({ acme: {} }, { acme: 1_000_000n });
  const { decisionId } = await ask(engine, "acme");
  const [one, two] = await Promise.all([
    engine.ledger.settle({ decisionId, actualMicrocents: 7n }),
    engine.ledger.settle({ decisionId, actualMicrocents: 7n }),
  ]);
  expect(two).toEqual({ ...one, repeated: true });
  await expect(engine.ledger.settle({ decisionId, actualMicrocents: 8n })).rejects.toMatchObject({
    code: "CAL_LEDGER_RESERVATION_STATE",
    details: { state: "settled", sequence: one.sequence, actualMicrocents: 7n },
  });
  await expect(engine.ledger.release({ decisionId })).rejects.toMatchObject({ code: "CAL_LEDGER_RESERVATION_STATE" });
  const grant = { tenant: "acme", amountMicrocents: 5n, id: "g" };
  const granted = await engine.ledger.grant(grant);
  expect(await engine.ledger.grant(grant)).toEqual({ ...granted, repeated: true });
  await expect(engine.ledger.grant({ ...grant, amountMicrocents: 6n })).rejects.toMatchObject({
    code: "CAL_LEDGER_ID_REUSED",
  });
});

test("what is held stays reserved until it is reconciled; what is overdue is settled in full and can be corrected", async () => {
  const { engine, clock, disk } = await withTenants({ acme: { reservationSeconds: 60 } }, { acme: 1_000_000n });
  const held = await ask(engine, "acme");
  const left = await ask(engine, "acme");
  const cost = held.decision.costMicrocents;
  await engine.ledger.hold({ decisionId: held.decisionId, cause: "stream_cut" });
  await expect(engine.ledger.settle({ decisionId: held.decisionId, actualMicrocents: 1n })).rejects.toMatchObject({
    code: "CAL_LEDGER_RESERVATION_STATE",
  });
  await engine.ledger.reconcile({ decisionId: held.decisionId, actualMicrocents: 3n });
  expect(engine.ledger.balance("acme")).toMatchObject({ settledMicrocents: 3n, reservedMicrocents: cost });
  clock.now += HOUR_US;
  expect(engine.ledger.prove().reservations).toMatchObject([{ decisionId: left.decisionId, state: "overdue" }]);
  expect(await engine.ledger.sweep()).toBe(1);
  expect(engine.ledger.balance("acme")).toMatchObject({ settledMicrocents: 3n + cost, reservedMicrocents: 0n });
  await engine.ledger.correct({ decisionId: left.decisionId, actualMicrocents: 1n });
  expect(engine.ledger.balance("acme")).toMatchObject({ settledMicrocents: 4n, remainingMicrocents: 999_996n });
  await assertFolded(engine, disk, clock);
});

test("a period's boundary withdraws what is unspent; a reservation's refund goes with its period", async () => {
  const { engine, clock, disk } = await withTenants({
    acme: {
      period: { every: "month", timeZone: "Europe/Berlin", allotmentMicrocents: 1_000_000 },
      reservationSeconds: 2_000_000,
    },
  });
  const january = await ask(engine, "acme");
  expect(engine.ledger.balance("acme").period).toMatchObject({ index: 1, endsAt: Date.UTC(2026, 0, 31, 23) * 1_000 });
  clock.now = Date.UTC(2026, 3, 2) * 1_000;
  expect(await engine.ledger.sweep()).toBe(1);
  const april = await ask(engine, "acme");
  expect(engine.ledger.balance("acme").period).toMatchObject({ index: 4 });
  expect(engine.ledger.balance("acme")).toMatchObject({
    remainingMicrocents: 1_000_000n - april.decision.costMicrocents,
    reservedMicrocents: april.decision.costMicrocents,
    settledMicrocents: january.decision.costMicrocents,
  });
  await engine.ledger.settle({ decisionId: april.decisionId, actualMicrocents: 0n });
  expect(engine.ledger.balance("acme").remainingMicrocents).toBe(1_000_000n);
  await assertFolded(engine, disk, clock);
});

test("what was there before the first period lasts as long as that, reserved or not", async () => {
  const { engine, clock, disk } = await withTenants({ acme: { reservationSeconds: 2_678_400 } }, { acme: 900_000n });
  const early = await ask(engine, "acme");
  const late = await ask(engine, "acme");
  const reserved = early.decision.costMicrocents;
  const period = { every: "day", timeZone: "UTC", allotmentMicrocents: 1_000_000 };
  await engine.ledger.apply(parseBudgets({ tenants: { acme: { period, reservationSeconds: 2_678_400 } } }));
  expect(engine.ledger.balance("acme")).toMatchObject({ period: { index: 1 }, grantedMicrocents: 1_900_000n });
  await engine.ledger.settle({ decisionId: early.decisionId, actualMicrocents: 1n });
  expect(engine.ledger.balance("acme")).toMatchObject({
    grantedMicrocents: 1_900_000n,
    remainingMicrocents: 1_900_000n - 1n - late.decision.costMicrocents,
  });
  await engine.ledger.correct({ decisionId: early.decisionId, actualMicrocents: 0n });
  expect(engine.ledger.balance("acme")).toMatchObject({ grantedMicrocents: 1_900_000n, settledMicrocents: 0n });
  clock.now += 24 * HOUR_US;
  await engine.ledger.grant({ tenant: "acme", amountMicrocents: 1n, id: "next" });
  await engine.ledger.release({ decisionId: late.decisionId });
  expect(engine.ledger.balance("acme")).toMatchObject({
    period: { index: 2 },
    grantedMicrocents: 1_000_001n,
    remainingMicrocents: 1_000_001n,
    reservedMicrocents: 0n,
  });
  expect(reserved).toBeGreaterThan(1n);
  await assertFolded(engine, disk, clock);
});

test("a limit of one tenant leaves every other one unmetered, and requests without a tenant until default has a limit", async () => {
  const disk = new MemoryDisk();
  const clock = new Clock();
  const engine = await inMemory(disk, clock);
  const others = async (): Promise<readonly (string | undefined)[]> => {
    const decided = [await ask(engine), await ask(engine, "globex"), await ask(engine, "default")];
    expect(decided.map(({ decision }) => decision.action)).not.toContain("reject");
    return decided.map(({ tenant }) => tenant);
  };
  expect(await others()).toEqual([undefined, "globex", "default"]);
  await engine.ledger.apply(parseBudgets({ tenants: { acme: {} } }));
  expect(await others()).toEqual([undefined, "globex", "default"]);
  expect((await ask(engine, "acme")).decision).toMatchObject({ action: "reject", reason: "budget" });
  expect(engine.ledger.prove().reservations).toEqual([]);
  await assertFolded(engine, disk, clock);
  await engine.ledger.apply(parseBudgets({ tenants: { default: {} } }));
  expect((await ask(engine)).decision).toMatchObject({ action: "reject", reason: "budget" });
  await engine.ledger.apply(parseBudgets({ tenants: { default: { unlimited: true } } }));
  expect((await ask(engine)).tenant).toBe("default");
  await assertFolded(engine, disk, clock);
});

test("where unknown tenants are refused, a tenant without a limit is, whether or not others have one; no tenant never is", async () => {
  const engine = await inMemory(new MemoryDisk(), new Clock());
  engine.unknownTenants = "refuse";
  const unknown = { code: "CAL_LEDGER_TENANT_UNKNOWN", details: { tenant: "globex" } };
  await expect(ask(engine, "globex")).rejects.toMatchObject(unknown);
  await engine.ledger.apply(parseBudgets({ tenants: { acme: { unlimited: true } } }));
  await expect(ask(engine, "globex")).rejects.toMatchObject(unknown);
  expect((await ask(engine)).tenant).toBeUndefined();
  expect((await ask(engine, "acme")).tenant).toBe("acme");
  engine.unknownTenants = "unmetered";
  expect((await ask(engine, "globex")).tenant).toBe("globex");
});

test("a tenant may have so many reservations open and no more, of nothing too; a closed one makes headroom, siblings keep theirs", async () => {
  const disk = new MemoryDisk();
  const engine = await inMemory(disk, new Clock(), { openReservationsMax: 3 });
  const tenants = { org: {}, acme: { parent: "org" }, globex: { parent: "org" } };
  await engine.ledger.apply(parseBudgets({ tenants }));
  const free = { inputTokens: 0, outputTokens: 0, tenant: "acme" };
  for (const tenant of ["org", "acme", "globex"])
    await engine.ledger.grant({ tenant, amountMicrocents: 1_000_000_000n, id: tenant });
  const [first] = [await engine.decide(free), await engine.decide(free), await ask(engine, "acme")];
  const full = { code: "CAL_LEDGER_RESERVATIONS_FULL", status: 429, details: { tenant: "acme", open: 3 } };
  const sequence = engine.reading.head.sequence;
  await expect(engine.decide(free)).rejects.toMatchObject(full);
  expect(await engine.decideMany([free])).toMatchObject([{ refused: full }]);
  expect(engine.reading.head.sequence).toBe(sequence);
  expect((await ask(engine, "globex")).decision.action).not.toBe("reject");
  await engine.ledger.release({ decisionId: first.decisionId });
  await engine.decide({ ...free, requestId: "again" });
  await expect(engine.decide(free)).rejects.toMatchObject(full);
  expect((await engine.decide({ ...free, requestId: "again" })).repeated).toBe(true);
});
