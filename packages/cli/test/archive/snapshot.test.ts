import { copyFileSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Engine } from "@calybris/engine";
import { parseBudgets, segmentName } from "@calybris/engine/internal";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LATEST_KEPT, SNAPSHOTS_KEPT_MAX } from "../../../engine/src/snapshot/kept-snapshots.ts";
import { sampleSnapshot } from "../../../engine/test/support/sample-snapshot.ts";
import { archiveJournal } from "../../src/archive/archive.ts";
import { examine } from "../../src/doctor/doctor.ts";
import { verifyLog } from "../../src/verify/verify.ts";

// Goal: a journal whose older segments are out of reach is served from its snapshot, without deciding or paying anything twice.

let place: string;
let journal: string;
let archive: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "calybris-snapshot-"));
  journal = join(place, "journal");
  archive = join(place, "archive");
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const open = (): Promise<Engine> =>
  Engine.open({ directory: journal, policy: sampleSnapshot(), segmentBytesMax: 20_000 });

const decide = (engine: Engine, number: number): ReturnType<Engine["decide"]> =>
  engine.decide({ requestId: `r${number}`, inputTokens: 100 + number, requested: "better", tenant: "acme" });

const snapshots = (): readonly string[] =>
  readdirSync(journal)
    .filter((name) => name.startsWith("snapshot-"))
    .sort();

const COUNT = 200;

/** A journal of many segments with a tenant's money in it; the decision ids, in order. */
async function filled(): Promise<readonly string[]> {
  const engine = await open();
  await engine.ledger.apply(parseBudgets({ tenants: { acme: {} } }));
  await engine.ledger.grant({ tenant: "acme", amountMicrocents: 1_000_000_000n, id: "first" });
  const ids: string[] = [];
  for (let number = 0; number < COUNT; number++) {
    const { decisionId } = await decide(engine, number);
    ids.push(decisionId);
    if (number % 3 === 0) await engine.ledger.settle({ decisionId, actualMicrocents: 5n });
    if (number % 4 === 0) await engine.learning.observe({ decisionId, succeeded: true });
  }
  await engine.close();
  return ids;
}

test("an engine starts from its snapshot without archives that cannot be reached, names them, and decides and pays nothing twice", async () => {
  const ids = await filled();
  expect(snapshots()).toHaveLength(SNAPSHOTS_KEPT_MAX);
  const whole = await open();
  const [state, from] = [whole.stateDigest(), whole.recovery.fromSequence];
  const money = whole.ledger.prove();
  expect(from).toBeGreaterThan(1);
  expect(whole.recovery).toMatchObject({ snapshotsRefused: [], segmentsAbsent: [] });
  expect(await decide(whole, 0)).toMatchObject({ repeated: true, decisionId: ids[0] });
  await whole.close();

  expect(archiveJournal({ journal, to: archive, keep: 2, pack: "zstd" }).length).toBeGreaterThan(3);
  renameSync(archive, join(place, "unmounted"));
  const engine = await open();
  expect(engine.recovery.fromSequence).toBe(from);
  expect(engine.recovery.segmentsAbsent[0]).toBe(segmentName(1));
  expect(engine.ledger.prove().reservations).toEqual(money.reservations);
  await expect(decide(engine, 0)).rejects.toMatchObject({
    code: "CAL_JOURNAL_ARCHIVE_UNREACHABLE",
    details: { file: expect.stringMatching(/^segment-000001.jsonl to segment-/) },
  });
  await expect(
    engine.ledger.grant({ tenant: "acme", amountMicrocents: 1_000_000_000n, id: "first" }),
  ).resolves.toMatchObject({ repeated: true });
  await expect(engine.ledger.settle({ decisionId: ids[0] ?? "", actualMicrocents: 5n })).resolves.toMatchObject({
    repeated: true,
    decisionId: ids[0],
  });
  await expect(engine.ledger.settle({ decisionId: ids[0] ?? "", actualMicrocents: 6n })).rejects.toMatchObject({
    code: "CAL_LEDGER_RESERVATION_STATE",
  });
  expect(await engine.ledger.settle({ decisionId: ids[1] ?? "", actualMicrocents: 5n })).toMatchObject({
    repeated: false,
  });
  expect(await decide(engine, COUNT - 1)).toMatchObject({ repeated: true, decisionId: ids[COUNT - 1] });
  expect(await decide(engine, COUNT)).toMatchObject({ repeated: false });
  await engine.close();

  const report = await verifyLog(journal, { fromSnapshot: true });
  expect(report).toMatchObject({ status: "intact", findingCount: 0, money: { tenants: 1, conserved: true } });
  expect(report.notEstablished[0]).toMatch(/^that entries 1 to [0-9]+ say what is true/);
  await expect(verifyLog(journal)).rejects.toMatchObject({ code: "CAL_INPUT_UNREADABLE" });
  renameSync(join(place, "unmounted"), archive);
  const back = await open();
  expect(back.recovery.segmentsAbsent).toEqual([]);
  for (const number of [0, 1, 40, 77, COUNT - 1])
    expect(await decide(back, number)).toMatchObject({ repeated: true, decisionId: ids[number] });
  const text = (await Array.fromAsync(back.reading.lines(2, 12))).join("");
  const tail = [...text.matchAll(/^{"sequence":([0-9]+)/gm)].map(([, sequence]) => Number(sequence));
  expect(tail).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  await back.close();
  for (const name of snapshots()) rmSync(join(journal, name));
  const folded = await open();
  expect(folded.recovery.fromSequence).toBe(0);
  expect(folded.stateDigest()).toBe(back.stateDigest());
  await folded.close();
  expect(state).not.toBe(back.stateDigest());
});

test("a damaged snapshot is done without, and the start and `doctor` say so", async () => {
  await filled();
  const [older = "", newest = ""] = snapshots().slice(-LATEST_KEPT);
  const honest = await open();
  await honest.close();
  const bytes = readFileSync(join(journal, newest));
  bytes[bytes.byteLength >> 1] = (bytes[bytes.byteLength >> 1] as number) ^ 1;
  writeFileSync(join(journal, newest), bytes);
  const find = async (): Promise<unknown> =>
    (await examine({ file: undefined, flags: { journal, port: "0" } })).filter(({ check }) => check === "snapshots");
  expect(await verifyLog(journal, { fromSnapshot: true })).toMatchObject({
    status: "broken",
    findings: expect.arrayContaining([expect.objectContaining({ problem: "snapshot" })]),
  });
  expect(await find()).toMatchObject([{ verdict: "warn", found: expect.stringContaining(newest) }]);
  const engine = await open();
  expect(engine.recovery.snapshotsRefused).toMatchObject([{ file: newest }]);
  expect(engine.recovery.fromSequence).toBe(Number(/[0-9]+/.exec(older)?.[0]));
  expect(engine.stateDigest()).toBe(honest.stateDigest());
  await engine.close();
  copyFileSync(join(journal, older), join(journal, newest));
  const stale = await open();
  expect(stale.recovery.snapshotsRefused).toMatchObject([{ file: newest }]);
  await stale.close();
  rmSync(join(journal, newest));
  expect(await find()).toMatchObject([{ verdict: "ok", found: `${SNAPSHOTS_KEPT_MAX - 1} that a start can use` }]);
});
