import fc from "fast-check";
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { systemClock } from "../src/system-clock.ts";
import { CommandWorld } from "./command-world.ts";
import { sampleSnapshot } from "./sample-snapshot.ts";

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 0, 15, 12);

/** A system whose clock is stepped, and which is suspended: then the monotonic clock stands still. */
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
    fc.record({ step: fc.oneof(fc.integer({ min: -60, max: 60 }), fc.integer({ min: -2 * DAY_MS, max: 2 * DAY_MS })) }),
  );
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const system = new FakeSystem();
      const nowUs = systemClock(system);
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
  const nowUs = systemClock(system);
  const first = nowUs();
  system.run(0.003);
  expect(nowUs() - first).toBe(3);
});

test("a machine that was suspended for a day is in the next budget day at its next decision", async () => {
  const system = new FakeSystem();
  const world = await CommandWorld.open({ policy: sampleSnapshot(), nowUs: systemClock(system) });
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
  const world = await CommandWorld.open({ policy: sampleSnapshot(), nowUs: systemClock(system) });
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
