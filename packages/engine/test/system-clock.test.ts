import fc from "fast-check";
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { type ClockStep, FOLLOWED_STEP_MS_MAX, SystemClock } from "../src/system-clock.ts";
import { parseBudgets } from "../src/intake/intake.ts";
import { CommandWorld } from "./support/command-world.ts";
import type { MemoryDisk } from "./support/memory-disk.ts";
import { sampleSnapshot } from "./support/sample-snapshot.ts";

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 0, 15, 12);

/** A system whose clock is stepped, and which is suspended: then the monotonic clock does not advance. */
class FakeSystem {
  wall = START_MS;
  monotonic = 5_000.25;
  /** The system gives whole milliseconds. */
  readonly wallMs = (): number => Math.floor(this.wall);
  readonly monotonicMs = (): number => this.monotonic;

  run(milliseconds: number): void {
    this.wall += milliseconds;
    this.monotonic += milliseconds;
  }

  step(milliseconds: number): void {
    this.wall += milliseconds;
  }
}

test("whatever the system clock does, time is within 50 ms of it, in whole microseconds, and grows with it", () => {
  const change = fc.oneof(
    fc.record({ run: fc.double({ min: 0, max: 5_000, noNaN: true }) }),
    fc.record({
      step: fc.oneof(fc.integer({ min: -60, max: 60 }), fc.integer({ min: -900 * DAY_MS, max: 6 * DAY_MS })),
    }),
  );
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const system = new FakeSystem();
      const clock = new SystemClock({ source: system });
      const nowUs = (): number => clock.nowUs();
      for (const each of changes) {
        const before = nowUs();
        if ("run" in each) system.run(each.run);
        else system.step(each.step);
        const now = nowUs();
        expect(Number.isSafeInteger(now)).toBe(true);
        expect(Math.abs(now / 1_000 - system.wallMs())).toBeLessThanOrEqual(51);
        if ("run" in each) expect(now - before).toBeGreaterThanOrEqual(-51_000);
      }
    }),
    { numRuns: 500, seed: 3 },
  );
});

test("between two milliseconds of the system clock time goes on in microseconds", () => {
  const system = new FakeSystem();
  const clock = new SystemClock({ source: system });
  const nowUs = (): number => clock.nowUs();
  const first = nowUs();
  system.run(0.003);
  expect(nowUs() - first).toBe(3);
});

test("a machine that was suspended for a day is in the next budget day at its next decision", async () => {
  const system = new FakeSystem();
  const world = await CommandWorld.open({ policy: sampleSnapshot(), nowUs: undefined, clockSource: system });
  const { engine } = world;
  const daily = { period: { every: "day", timeZone: "UTC", allotmentCents: "1" } };
  await world.start({ does: "apply", tenants: { default: daily } });
  const first = await engine.decide({ inputTokens: 1_000_000, valueMicrocents: 100_000_000 });
  expect(engine.ledger.balance("default").period?.index).toBe(1);
  system.step(DAY_MS);
  await engine.decide({ inputTokens: 1_000_000, valueMicrocents: 100_000_000 });
  const { period, remainingMicrocents } = engine.ledger.balance("default");
  expect(period?.index).toBe(2);
  expect(remainingMicrocents).toBe(1_000_000n - first.decision.costMicrocents);
  await engine.close();
});

test("a clock that is set back leaves the time of the journal where it is, until it has caught up", async () => {
  const system = new FakeSystem();
  const world = await CommandWorld.open({ policy: sampleSnapshot(), nowUs: undefined, clockSource: system });
  const times: number[] = [];
  for (const step of [0, -3_600_000, 1_800_000, 1_700_000, 200_000]) {
    system.step(step);
    await world.engine.decide({ inputTokens: 1_000 });
    await turn();
    times.push(Number(/"at":([0-9]+)/.exec(world.entries().at(-1) ?? "")?.[1]));
  }
  const start = START_MS * 1_000;
  expect(times).toEqual([start, start, start, start, start + 100_000_000]);
  await world.engine.close();
});

test("steps of a second and more are reported; one of more than 7 days is not followed until confirmed or undone", () => {
  const system = new FakeSystem();
  const steps: ClockStep[] = [];
  const clock = new SystemClock({ source: system, onStep: (step) => steps.push(step) });
  const follows = (): boolean => Math.abs(clock.nowUs() / 1_000 - system.wall) <= 51;
  const steppedBy = (milliseconds: number): boolean => {
    system.step(milliseconds);
    return follows();
  };
  expect([steppedBy(900), steps.length]).toEqual([true, 0]);
  expect([steppedBy(DAY_MS), steps.at(-1)?.isFollowed]).toEqual([true, true]);
  expect([steppedBy(-DAY_MS), steps.at(-1)?.isFollowed, steps.length]).toEqual([true, true, 2]);
  expect([steppedBy(FOLLOWED_STEP_MS_MAX), clock.unconfirmed]).toEqual([true, undefined]);
  const before = clock.nowUs();
  expect(steppedBy(FOLLOWED_STEP_MS_MAX + 1_000)).toBe(false);
  expect(clock.unconfirmed).toMatchObject({ fromUs: before, isFollowed: false });
  system.run(60_000);
  expect([clock.nowUs() - before, steps.length]).toEqual([60_000_000, 4]);
  expect(steppedBy(-FOLLOWED_STEP_MS_MAX)).toBe(true);
  expect(clock.unconfirmed).toBeUndefined();
  expect(steppedBy(400 * DAY_MS)).toBe(false);
  const refused = new Error("nothing was recorded");
  const failing = (): never => {
    throw refused;
  };
  expect(() => clock.confirm(failing)).toThrow(refused);
  expect([follows(), clock.unconfirmed, steps.length]).toEqual([false, steps.at(-1), 6]);
  const recorded = clock.confirm((toUs) => [toUs / 1_000 - system.wallMs(), follows(), clock.unconfirmed]);
  expect(recorded).toEqual([0, false, undefined]);
  expect([follows(), clock.unconfirmed]).toEqual([true, undefined]);
  expect(clock.confirm(failing)).toBeUndefined();
  expect([follows(), steps.length]).toEqual([true, 6]);
});

test("after a long step nothing is ordered, until the clock is right or the step is confirmed; nothing is lost", async () => {
  const system = new FakeSystem();
  const world = await CommandWorld.open({ policy: sampleSnapshot(), nowUs: undefined, clockSource: system });
  const { engine } = world;
  const refusal = { code: "CAL_ENGINE_CLOCK", status: 503 };
  const ask = { inputTokens: 1_000, requestId: "kept" };
  const first = await engine.decide(ask);
  system.step(400 * DAY_MS);
  const count = world.entries().length;
  await expect(engine.decide({ inputTokens: 1_000 })).rejects.toMatchObject(refusal);
  await expect(engine.decideMany([{ inputTokens: 1 }, { inputTokens: 2 }])).rejects.toMatchObject(refusal);
  await expect(engine.setPolicy(sampleSnapshot(2n))).rejects.toMatchObject(refusal);
  await expect(engine.ledger.apply(parseBudgets({ tenants: { a: {} } }))).rejects.toMatchObject(refusal);
  expect(await engine.decide(ask)).toMatchObject({ sequence: first.sequence, repeated: true });
  expect([world.entries().length, engine.reading.failure]).toEqual([count, undefined]);
  system.step(-400 * DAY_MS);
  await engine.decide({ inputTokens: 1_000 });
  system.step(8 * DAY_MS);
  await expect(engine.decide({ inputTokens: 1_000 })).rejects.toMatchObject(refusal);
  await expect(engine.confirmClock(() => ({ actor: 99 }))).rejects.toMatchObject({ code: "CAL_ENGINE_ACTOR" });
  await expect(engine.decide({ inputTokens: 1_000 })).rejects.toMatchObject(refusal);
  const [from, to] = [START_MS * 1_000, (START_MS + 8 * DAY_MS) * 1_000];
  const identity = { name: "operator", scopes: ["operate"] as const, sha256: "ab".repeat(32) };
  const confirmed = await engine.confirmClock(() => ({ actor: engine.keys.introduce(identity) }));
  expect(confirmed).toMatchObject({ from, to });
  expect(await engine.confirmClock()).toBeUndefined();
  await engine.decide({ inputTokens: 1_000 });
  await turn();
  const entries = world.entries().map((data) => JSON.parse(data) as { readonly kind: string; readonly at: number });
  const [key, clock, ...after] = entries.slice((confirmed?.sequence ?? 0) - 2);
  expect(key).toMatchObject({ kind: "key", at: from, name: "operator" });
  expect(clock).toMatchObject({ kind: "clock", at: from, from, to, actor: (confirmed?.sequence ?? 0) - 1 });
  expect([after.length > 0, after.every(({ at }) => at === to)]).toEqual([true, true]);
  const digest = engine.stateDigest();
  const copy = await CommandWorld.open({ nowUs: undefined, clockSource: system }, world.disk.copy());
  expect(copy.engine.stateDigest()).toBe(digest);
  await copy.engine.close();
  await engine.close();
});

test("a journal whose last entry is more than 5 minutes ahead of the clock is refused; a long gap is reported", async () => {
  const system = new FakeSystem();
  const open = (disk?: MemoryDisk) =>
    CommandWorld.open({ policy: sampleSnapshot(), nowUs: undefined, clockSource: system }, disk);
  let world = await open();
  await world.engine.decide({ inputTokens: 1_000 });
  await world.engine.close();
  system.step(-5 * 60_000);
  world = await open(world.disk);
  await world.engine.close();
  system.step(-1);
  await expect(open(world.disk)).rejects.toMatchObject({
    code: "CAL_JOURNAL_CLOCK",
    remedy: expect.stringContaining("repair-clock"),
  });
  system.step(400 * DAY_MS);
  world = await open(world.disk);
  expect(world.engine.recovery.idleUs).toBeGreaterThan(399 * DAY_MS * 1_000);
  await world.engine.close();
});

test("a clock that had run ahead is repaired by one entry: time goes back, and nothing that was due is undone", async () => {
  const system = new FakeSystem();
  const open = (disk?: MemoryDisk, repairClock?: object) =>
    CommandWorld.open({ policy: sampleSnapshot(), nowUs: undefined, clockSource: system, repairClock }, disk);
  system.step(400 * DAY_MS);
  let world = await open();
  const daily = { period: { every: "day", timeZone: "UTC", allotmentDollars: "1" } };
  await world.engine.ledger.apply(parseBudgets({ tenants: { acme: daily } }));
  const ask = { inputTokens: 1_000, tenant: "acme" };
  const { decisionId } = await world.engine.decide({ ...ask, requestId: "once" });
  await world.engine.close();
  system.step(-400 * DAY_MS);
  await expect(open(world.disk)).rejects.toMatchObject({ code: "CAL_JOURNAL_CLOCK" });
  world = await open(world.disk, { onBehalfOf: "ada" });
  const { clockRepair } = world.engine;
  expect(clockRepair).toMatchObject({ from: (START_MS + 400 * DAY_MS) * 1_000, to: START_MS * 1_000 });
  const { engine } = world;
  const { period } = engine.ledger.balance("acme");
  expect(period).toMatchObject({ index: 1 });
  expect(period?.endsAt).toBeGreaterThan((START_MS + 399 * DAY_MS) * 1_000);
  expect(await engine.decide({ ...ask, requestId: "once" })).toMatchObject({ decisionId, repeated: true });
  system.run(60_000);
  await engine.decide(ask);
  expect(engine.ledger.balance("acme").period).toEqual(period);
  expect(engine.ledger.prove().reservations.map(({ state }) => state)).toEqual(["open", "open"]);
  await turn();
  const lines = world.entries();
  const repair = JSON.parse(lines[(clockRepair?.sequence ?? 0) - 1] ?? "{}") as Record<string, unknown>;
  expect(repair).toMatchObject({ kind: "clock", at: clockRepair?.from, onBehalfOf: "ada" });
  const last = JSON.parse(lines.at(-1) ?? "{}") as { at: number };
  expect(last.at).toBe((START_MS + 60_000) * 1_000);
  const digest = engine.stateDigest();
  expect((await open(world.disk.copy())).engine.stateDigest()).toBe(digest);
  await engine.close();
  world = await open(world.disk, {});
  expect(world.engine.clockRepair).toBeUndefined();
  await world.engine.close();
});
