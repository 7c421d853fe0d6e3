/** A journal in which every kind of entry about money has happened, written by a real engine. */
import { type Decided, Engine, parseBudgets } from "@calybris/engine";
import { InlineDriver, Writer } from "@calybris/engine/internal";
import { parseEntryLine } from "@calybris/kernel";
import { MemoryDisk } from "../../engine/test/support/memory-disk.ts";
import { sampleSnapshot } from "../../engine/test/support/sample-snapshot.ts";
import { linesOf } from "./money-workload.ts";

const MONTH_US = 31 * 86_400_000_000;

/** The data of its entries. */
export async function moneyJournal(): Promise<readonly string[]> {
  const disk = new MemoryDisk();
  const clock = { now: Date.UTC(2026, 0, 15, 12) * 1_000 };
  const engine = await Engine.open({
    directory: "memory",
    policy: sampleSnapshot(),
    disk,
    nowUs: () => ++clock.now,
    driver: (start) => new InlineDriver(new Writer(disk, start, undefined, () => 0)),
  });
  const { ledger } = engine;
  const ask = (tenant: string, more: object = {}): Promise<Decided> =>
    engine.decide({
      inputTokens: 1_000_000,
      outputTokens: 500_000,
      valueMicrocents: 100_000_000,
      requested: "better",
      tenant,
      ...more,
    });
  const tenants = {
    org: { period: { every: "month", timeZone: "UTC", allotmentMicrocents: 10_000 } },
    team: { parent: "org", exposureCapMicrocents: 3_000 },
    solo: { onShortfall: "reject" },
    open: { unlimited: true },
  };
  await ledger.apply(parseBudgets({ tenants }));
  await ledger.grant({ tenant: "team", amountMicrocents: 20_000n, id: "first" });
  await ledger.grant({ tenant: "solo", amountMicrocents: 1_000n, id: "second" });
  const settled = await ask("team");
  await ledger.settle({ decisionId: settled.decisionId, actualMicrocents: 500n });
  await ledger.release({ decisionId: (await ask("team")).decisionId });
  const held = await ask("team");
  await ledger.hold({ decisionId: held.decisionId, cause: "stream_cut" });
  const overrun = await ask("solo");
  await ask("solo");
  await ledger.settle({ decisionId: overrun.decisionId, actualMicrocents: 2_000n });
  await ask("solo");
  await ledger.reconcile({ decisionId: held.decisionId, actualMicrocents: 700n });
  await ledger.correct({ decisionId: settled.decisionId, actualMicrocents: 600n });
  await ask("team", { reservationSeconds: 60 });
  clock.now += 61_000_000;
  await ledger.sweep();
  await ask("open");
  for (let month = 0; month < 2; month++) {
    clock.now += MONTH_US;
    await ledger.settle({ decisionId: (await ask("team")).decisionId, actualMicrocents: 1n });
  }
  await engine.close();
  return linesOf(disk).map((line) => parseEntryLine(line)?.data ?? "");
}
