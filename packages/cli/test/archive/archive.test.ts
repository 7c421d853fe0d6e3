import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { Engine } from "@calybris/engine";
import { listSegments, nodeDisk, segmentName } from "@calybris/engine/internal";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sampleSnapshot } from "../../../engine/test/support/sample-snapshot.ts";
import { type Archived, archiveJournal } from "../../src/archive/archive.ts";
import { verifyLog } from "../../src/verify/verify.ts";

let place: string;
let journal: string;
let to: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "calybris-archive-"));
  journal = join(place, "journal");
  to = join(place, "elsewhere");
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

async function open(): Promise<Engine> {
  return Engine.open({ directory: journal, policy: sampleSnapshot(), segmentBytesMax: 20_000 });
}

async function decide(engine: Engine, from: number, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let index = from; index < from + count; index += 1)
    ids.push((await engine.decide({ requestId: `r${index}`, inputTokens: index })).decisionId);
  return ids;
}

const archive = (keep = 0): readonly Archived[] => archiveJournal({ journal, to, keep });
const isLink = (segment: number): boolean => lstatSync(join(journal, segmentName(segment))).isSymbolicLink();

test("what is moved is where it was for whoever reads the journal: a running engine, a restart, the verifier", async () => {
  const engine = await open();
  const ids = await decide(engine, 0, 120);
  const segments = listSegments(nodeDisk, journal);
  expect(segments.length).toBeGreaterThan(3);
  const moved = archive();
  expect(moved.map(({ segment }) => segment)).toEqual(segments.slice(0, -1).map(segmentName));
  expect(segments.map(isLink)).toEqual([...segments.slice(0, -1).map(() => true), false]);
  expect(moved[0]).toMatchObject({ firstSequence: 1 });
  for (const [index, { firstSequence }] of moved.slice(1).entries())
    expect(firstSequence).toBe((moved[index]?.lastSequence ?? 0) + 1);

  expect(engine.reading.decision(ids[0] ?? "")?.decided).toMatchObject({ requestId: "r0" });
  expect(await engine.decide({ requestId: "r3", inputTokens: 3 })).toMatchObject({
    repeated: true,
    decisionId: ids[3],
  });
  await decide(engine, 120, 60);
  await engine.close();
  expect(archive().length).toBeGreaterThan(0);
  expect(archive()).toEqual([]);

  const again = await open();
  expect(await again.decide({ requestId: "r0", inputTokens: 0 })).toMatchObject({ repeated: true, decisionId: ids[0] });
  await again.close();
  expect(await verifyLog(journal)).toMatchObject({ status: "intact", findingCount: 0 });
  const manifest = readFileSync(join(to, "archive.jsonl"), "utf8").trimEnd().split("\n");
  expect(JSON.parse(manifest[0] ?? "")).toEqual(moved[0]);
});

test("the newest stay when they are to be kept, and the one that is written always does", async () => {
  const engine = await open();
  await decide(engine, 0, 120);
  await engine.close();
  const segments = listSegments(nodeDisk, journal);
  archive(2);
  expect(segments.map(isLink)).toEqual(segments.map((_segment, index) => index < segments.length - 3));
});

test("a segment that was altered stops all of them, and says where", async () => {
  const engine = await open();
  await decide(engine, 0, 120);
  await engine.close();
  const file = join(journal, segmentName(2));
  const bytes = readFileSync(file);
  bytes[5_000] = (bytes[5_000] ?? 0) ^ 1;
  writeFileSync(file, bytes);
  expect(() => archive()).toThrow(/segment-000002\.jsonl cannot be archived: entry [0-9]+ at byte [0-9]+/);
  expect(listSegments(nodeDisk, journal).some(isLink)).toBe(false);
});

test("a file that is in the way is never written over, and the same copy is taken for done", async () => {
  const engine = await open();
  await decide(engine, 0, 120);
  await engine.close();
  const [first] = archive();
  // As if it had been interrupted before the link was there.
  const original = join(journal, segmentName(1));
  renameSync(join(to, segmentName(1)), `${original}.back`);
  renameSync(`${original}.back`, original);
  writeFileSync(join(to, segmentName(1)), readFileSync(original));
  expect(archive()).toEqual([first]);
  const other = join(place, "other");
  expect(archiveJournal({ journal, to: other, keep: 0 })).toEqual([]);
  rmSync(original);
  writeFileSync(original, readFileSync(join(to, segmentName(1))));
  writeFileSync(join(to, segmentName(1)), "something else");
  expect(() => archive()).toThrow(/is another/);
  expect(isLink(1)).toBe(false);
});

test.each([".", "inside"])("nothing is moved into the journal itself (%s)", async (name) => {
  const engine = await open();
  await decide(engine, 0, 80);
  await engine.close();
  expect(() => archiveJournal({ journal, to: join(journal, name), keep: 0 })).toThrow(/own directory/);
});

test("links are relative: journal and archive moved together stay whole; an archive out of reach is named as such", async () => {
  const engine = await open();
  await decide(engine, 0, 120);
  await engine.close();
  archive();
  expect(isAbsolute(readlinkSync(join(journal, segmentName(1))))).toBe(false);
  const moved = join(place, "moved", "deeper");
  mkdirSync(moved, { recursive: true });
  renameSync(journal, join(moved, "journal"));
  renameSync(to, join(moved, "elsewhere"));
  journal = join(moved, "journal");
  expect(await verifyLog(journal)).toMatchObject({ status: "intact", findingCount: 0 });
  await (await open()).close();
  renameSync(join(moved, "elsewhere"), join(moved, "unmounted"));
  const problem = /segment-000001.*link to .*elsewhere\/segment-000001\.jsonl, which cannot be reached/;
  await expect(open()).rejects.toMatchObject({
    code: "CAL_JOURNAL_UNREADABLE",
    message: expect.stringMatching(problem),
  });
  await expect(verifyLog(journal)).rejects.toMatchObject({
    code: "CAL_INPUT_UNREADABLE",
    message: expect.stringMatching(problem),
  });
});
