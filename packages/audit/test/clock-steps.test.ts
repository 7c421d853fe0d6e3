import { Engine, parseBudgets } from "@calybris/engine";
import { InlineDriver, Writer } from "@calybris/engine/internal";
import type { ClockEntry } from "@calybris/kernel";
import { expect, test } from "vitest";
import { MemoryDisk } from "../../engine/test/support/memory-disk.ts";
import { sampleSnapshot } from "../../engine/test/support/sample-snapshot.ts";
import { auditLines } from "./histories/search-histories.ts";
import { linesOf } from "./money-workload.ts";
import { auditOf, type Written, written } from "./rechain.ts";

const DAY_US = 86_400_000_000;

// A journal's time never runs backwards. What is due by it is due, whatever the system's clock says meanwhile.
test("after a clock that stepped back, periods begin and reservations expire by the journal's time", async () => {
  const disk = new MemoryDisk();
  const clock = { now: Date.UTC(2026, 0, 15, 12) * 1_000 };
  const engine = await Engine.open({
    directory: "memory",
    policy: sampleSnapshot(),
    disk,
    nowUs: () => clock.now,
    driver: (start) => new InlineDriver(new Writer(disk, start, undefined, () => 0)),
  });
  const period = { every: "day", timeZone: "UTC", allotmentMicrocents: 9_000 };
  const tenants = { daily: { period, reservationSeconds: 86_400 }, other: {} };
  await engine.ledger.apply(parseBudgets({ tenants }));
  await engine.ledger.grant({ tenant: "other", amountMicrocents: 9_000, id: "first" });
  const ask = (tenant: string) =>
    engine.decide({ inputTokens: 1_000_000, outputTokens: 500_000, valueMicrocents: 100_000_000, tenant });
  await ask("daily");
  clock.now += 3 * DAY_US;
  await ask("other");
  clock.now -= 2 * DAY_US;
  await ask("daily");
  const { period: begun } = engine.ledger.balance("daily");
  expect(begun).toMatchObject({ index: 4, startsAt: Date.UTC(2026, 0, 18) * 1_000 });
  expect(await engine.ledger.sweep()).toBe(1);
  await engine.close();
  expect(auditLines(linesOf(disk))).toMatchObject({ status: "intact", findings: [] });
});

test("after a repaired clock a journal is intact; a repair from another time, or time that goes back without one, is found", async () => {
  const disk = new MemoryDisk();
  const clock = { now: Date.UTC(2027, 1, 15, 12) * 1_000 };
  const open = (repairClock?: object) =>
    Engine.open({
      directory: "memory",
      policy: sampleSnapshot(),
      disk,
      repairClock,
      nowUs: () => ++clock.now,
      driver: (start) => new InlineDriver(new Writer(disk, start, undefined, () => 0)),
    });
  const period = { every: "day", timeZone: "UTC", allotmentMicrocents: 9_000 };
  const ask = { inputTokens: 1_000, tenant: "daily" };
  let engine = await open();
  await engine.ledger.apply(parseBudgets({ tenants: { daily: { period } } }));
  await engine.decide(ask);
  await engine.close();
  clock.now -= 400 * DAY_US;
  engine = await open({});
  const repair = (engine.clockRepair?.sequence ?? 0) - 1;
  await engine.decide(ask);
  await engine.ledger.apply(parseBudgets({ tenants: { fresh: { period } } }));
  await engine.decide({ ...ask, tenant: "fresh" });
  await engine.close();
  expect(auditLines(linesOf(disk))).toMatchObject({ status: "intact", findings: [] });

  const honest = written(linesOf(disk).map((line) => /"data":(.*)\}$/s.exec(line)?.[1] ?? ""));
  const { head, body } = honest[repair] as Written<ClockEntry>;
  const lie = (changed: Written): object[] =>
    auditOf(honest.map((entry, index) => (index === repair ? changed : entry))).findings.map(
      ({ sequence, problem }) => ({ sequence, problem }),
    );
  expect(lie({ head, body })).toEqual([]);
  expect(lie({ head, body: { ...body, from: body.from + 1 } })).toEqual([{ sequence: repair + 1, problem: "at" }]);
  expect(lie({ head, body: { ...body, from: body.from - 1 } })).toEqual([{ sequence: repair + 1, problem: "at" }]);
  expect(lie({ head: { ...head, at: head.at + 1 }, body })).toEqual([{ sequence: repair + 1, problem: "at" }]);
  expect(lie({ head, body: { ...body, to: body.to + DAY_US } })[0]).toEqual({ sequence: repair + 2, problem: "at" });
  const without = lie({ head, body: { kind: "seal", cause: "idle" } });
  expect(without[0]).toEqual({ sequence: repair + 2, problem: "at" });
});

test("after a confirmed step a journal is intact; a confirmation that is not at its own time is found", async () => {
  const disk = new MemoryDisk();
  const system = { wall: Date.UTC(2026, 0, 15, 12), monotonic: 1_000 };
  const engine = await Engine.open({
    directory: "memory",
    policy: sampleSnapshot(),
    disk,
    clockSource: { wallMs: () => system.wall, monotonicMs: () => system.monotonic },
    driver: (start) => new InlineDriver(new Writer(disk, start, undefined, () => 0)),
  });
  const period = { every: "day", timeZone: "UTC", allotmentMicrocents: 9_000 };
  await engine.ledger.apply(parseBudgets({ tenants: { daily: { period, reservationSeconds: 86_400 } } }));
  const ask = { inputTokens: 1_000, tenant: "daily" };
  await engine.decide(ask);
  system.wall += (400 * DAY_US) / 1_000;
  await expect(engine.decide(ask)).rejects.toMatchObject({ code: "CAL_ENGINE_CLOCK" });
  const index = ((await engine.confirmClock(() => ({ onBehalfOf: "ada" })))?.sequence ?? 0) - 1;
  await engine.decide(ask);
  expect(engine.ledger.balance("daily").period).toMatchObject({ index: 401 });
  expect(engine.ledger.prove().reservations.map(({ state }) => state)).toContain("open");
  await engine.close();
  expect(auditLines(linesOf(disk))).toMatchObject({ status: "intact", findings: [] });

  const honest = written(linesOf(disk).map((line) => /"data":(.*)\}$/s.exec(line)?.[1] ?? ""));
  const { head, body } = honest[index] as Written<ClockEntry>;
  const lie = (changed: Written): object =>
    auditOf(honest.map((entry, place) => (place === index ? changed : entry))).findings.map(
      ({ sequence, problem }) => ({ sequence, problem }),
    )[0] ?? {};
  expect(lie({ head, body })).toEqual({});
  for (const by of [1, -1])
    expect(lie({ head, body: { ...body, from: body.from + by } })).toEqual({ sequence: index + 1, problem: "at" });
  expect(lie({ head, body: { ...body, to: body.to + DAY_US } })).toEqual({ sequence: index + 2, problem: "at" });
  expect(lie({ head: { ...head, at: head.at - 1 }, body })).toEqual({ sequence: index + 1, problem: "at" });
});
