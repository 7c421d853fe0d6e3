import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Engine } from "../../../src/engine.ts";
import { DiskModel } from "../crash/model.ts";
import { closeOnce, decideOnce, grantOnce, obey, openEngine } from "../crash/process.ts";
import { FaultDisk } from "./disk.ts";
import { pass, withTimersHeld } from "../../support/virtual-timers.ts";
import { searchAllFaults } from "./scenarios.ts";

// Goal: whatever call of the disk goes wrong, and however, nothing is acknowledged that is not durable, and the writer stops.
// Method: every call of short lives × every fault (search.ts). This is a sample; `npm run torture -- fault` is all.

const SEGMENT_BYTES = 1_000_000;

test("each call of the disk going wrong: nothing acknowledged that is not durable, no call after it, a coded error", async () => {
  const counts = await searchAllFaults({ seed: 1, every: 500 });
  expect(counts.faults).toBeGreaterThan(8);
  expect([...counts.calls.keys()].sort()).toEqual(expect.arrayContaining(["read", "sync", "syncData", "write"]));
});

const open = (disk: FaultDisk): Promise<Engine> =>
  openEngine({ disk, segmentBytesMax: SEGMENT_BYTES, looked: disk.inner });

/** The place is read, the entries are written, and then synced. */
const CALLS_BEFORE_SYNC = 2;

/** An engine whose next sync of data fails, and every call that it made of the disk. */
async function untilSyncFails(prepare: (disk: FaultDisk) => Promise<unknown>): Promise<FaultDisk> {
  const clean = new FaultDisk(new DiskModel());
  await prepare(clean);
  return new FaultDisk(new DiskModel(), clean.calls.length + CALLS_BEFORE_SYNC, "EIO");
}

test("after a failed sync a retry of the same id is not answered from bytes that may not be durable", async () => {
  const disk = await untilSyncFails((clean) => open(clean));
  const engine = await open(disk);
  await expect(decideOnce(engine, "a")).rejects.toMatchObject({ code: "CAL_JOURNAL_FAILED", status: 503 });
  expect(disk.broken).toMatchObject({ kind: "syncData" });
  await expect(decideOnce(engine, "a")).rejects.toMatchObject({ code: "CAL_JOURNAL_FAILED" });
  await expect(decideOnce(engine, "b")).rejects.toMatchObject({ code: "CAL_JOURNAL_FAILED" });
});

test("after a failed sync a grant or a settlement that is repeated is not confirmed", async () => {
  const prepare = async (clean: FaultDisk): Promise<void> => {
    const engine = await open(clean);
    await obey(engine, { kind: "budget" });
    await grantOnce(engine, "first");
    await decideOnce(engine, "a");
  };
  const disk = await untilSyncFails(prepare);
  const engine = await open(disk);
  await obey(engine, { kind: "budget" });
  await grantOnce(engine, "first");
  const { decisionId } = await decideOnce(engine, "a");
  const settle = { decisionId, actualMicrocents: 1 };
  await expect(engine.ledger.settle(settle)).rejects.toMatchObject({ code: "CAL_JOURNAL_FAILED" });
  await expect(engine.ledger.settle(settle)).rejects.toMatchObject({ code: "CAL_JOURNAL_FAILED" });
  await expect(engine.ledger.release({ decisionId })).rejects.toMatchObject({ code: "CAL_JOURNAL_FAILED" });
  await expect(closeOnce(engine, "b", "settle")).rejects.toMatchObject({ code: "CAL_JOURNAL_FAILED" });
});

test("a close gives up on a disk that does not answer for 10 s, says so, and refuses as unknown what still waits", async () => {
  await withTimersHeld(async () => {
    const clean = new FaultDisk(new DiskModel());
    await open(clean);
    const disk = new FaultDisk(new DiskModel(), clean.calls.length + 1, "hang");
    const engine = await open(disk);
    const reported: string[] = [];
    const note = (what: string) => (error: Error) => reported.push(`${what}: ${error.message}`);
    decideOnce(engine, "a").catch(note("a"));
    await turn();
    engine.close().catch(note("close"));
    pass(9_999);
    await turn();
    expect(reported).toEqual([]);
    pass(1);
    await turn();
    expect(reported.sort()).toEqual([
      expect.stringMatching(/^a: .*not answered for 10 s.* 1 entries/),
      expect.stringMatching(/^close: .*not answered for 10 s/),
    ]);
  });
});

test("a journal that could not be sealed is not closed in silence", async () => {
  const disk = await untilSyncFails((clean) => open(clean));
  const engine = await open(disk);
  await expect(engine.close()).rejects.toMatchObject({ code: "CAL_JOURNAL_FAILED", status: 503 });
});
