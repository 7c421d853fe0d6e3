import {
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { spawnSync } from "node:child_process";
import { hash } from "node:crypto";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { Engine } from "@calybris/engine";
import { listSegments, nodeDisk, segmentName } from "@calybris/engine/internal";
import type { CalybrisError } from "@calybris/kernel";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { sampleSnapshot } from "../../../engine/test/support/sample-snapshot.ts";
import { type Archived, archiveJournal } from "../../src/archive/archive.ts";
import { verifyLog } from "../../src/verify/verify.ts";
import { calybris } from "../support/captured-terminal.ts";

const SEGMENT_BYTES = 20_000;

let place: string;
let journal: string;
let to: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "calybris-archive-"));
  journal = join(place, "journal");
  to = join(place, "elsewhere");
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

/** A closed journal of 120 decisions, made once; each test has a copy. */
let filled: string;
beforeAll(async () => {
  filled = mkdtempSync(join(tmpdir(), "calybris-filled-"));
  const engine = await Engine.open({ directory: filled, policy: sampleSnapshot(), segmentBytesMax: SEGMENT_BYTES });
  await decide(engine, 0, 120);
  await engine.close();
});
afterAll(() => rmSync(filled, { recursive: true, force: true }));
const copyFilled = (): void => cpSync(filled, journal, { recursive: true });

async function open(): Promise<Engine> {
  return Engine.open({ directory: journal, policy: sampleSnapshot(), segmentBytesMax: SEGMENT_BYTES });
}

async function decide(engine: Engine, from: number, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let index = from; index < from + count; index += 1)
    ids.push((await engine.decide({ requestId: `r${index}`, inputTokens: index })).decisionId);
  return ids;
}

const isLink = (segment: number): boolean => lstatSync(join(journal, segmentName(segment))).isSymbolicLink();

describe.each(["zstd", "none"] as const)("an archive packed with %s", (pack) => {
  const archive = (keep = 0): readonly Archived[] => archiveJournal({ journal, to, keep, pack });
  const copyOf = (segment: number): string => join(to, `${segmentName(segment)}${pack === "zstd" ? ".zst" : ""}`);

  test("an archived segment is read as before by a running engine, a restart and the verifier", async () => {
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

    expect((await engine.reading.decision(ids[0] ?? ""))?.decided).toMatchObject({ requestId: "r0" });
    expect(await engine.decide({ requestId: "r3", inputTokens: 3 })).toMatchObject({
      repeated: true,
      decisionId: ids[3],
    });
    await decide(engine, 120, 60);
    await engine.close();
    expect(archive().length).toBeGreaterThan(0);
    expect(archive()).toEqual([]);

    const again = await open();
    expect(await again.decide({ requestId: "r0", inputTokens: 0 })).toMatchObject({
      repeated: true,
      decisionId: ids[0],
    });
    await again.close();
    expect(await verifyLog(journal)).toMatchObject({ status: "intact", findingCount: 0 });
    const manifest = readFileSync(join(to, "archive.jsonl"), "utf8").trimEnd().split("\n");
    expect(JSON.parse(manifest[0] ?? "")).toEqual(moved[0]);
  });

  test("the newest stay when they are to be kept, and the one that is written always does", async () => {
    copyFilled();
    const segments = listSegments(nodeDisk, journal);
    archive(2);
    expect(segments.map(isLink)).toEqual(segments.map((_segment, index) => index < segments.length - 3));
  });

  test("a segment that was altered stops all of them, and says where", async () => {
    copyFilled();
    const file = join(journal, segmentName(2));
    const bytes = readFileSync(file);
    bytes[5_000] = (bytes[5_000] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    expect(() => archive()).toThrow(/segment-000002\.jsonl cannot be archived: entry [0-9]+ at byte [0-9]+/);
    expect(listSegments(nodeDisk, journal).some(isLink)).toBe(false);
  });

  test("a file that is in the way is never written over, and the same copy is taken for done", async () => {
    copyFilled();
    const [first] = archive();
    // As if it had been interrupted before the link was there.
    const original = join(journal, segmentName(1));
    const [entries, packed] = [contentOf(copyOf(1)), readFileSync(copyOf(1))];
    rmSync(original);
    writeFileSync(original, entries);
    writeFileSync(copyOf(1), packed);
    expect(archive()).toEqual([first]);
    const other = join(place, "other");
    expect(archiveJournal({ journal, to: other, keep: 0, pack })).toEqual([]);
    rmSync(original);
    writeFileSync(original, entries);
    writeFileSync(copyOf(1), "something else");
    expect(() => archive()).toThrow(/is another/);
    expect(isLink(1)).toBe(false);
  });

  test.each([".", "inside"])("nothing is moved into the journal itself (%s)", async (name) => {
    copyFilled();
    expect(() => archiveJournal({ journal, to: join(journal, name), keep: 0 })).toThrow(/own directory/);
  });

  test("links are relative: journal and archive moved together stay whole; an archive out of reach is named as such", async () => {
    copyFilled();
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
    const problem = /segment-000001.*link to .*elsewhere\/segment-000001\.jsonl(?:\.zst)?, which cannot be reached/;
    // A start has its snapshot; what it cannot look up, it does not decide a second time.
    const without = await open();
    await expect(without.decide({ requestId: "r0", inputTokens: 0 })).rejects.toMatchObject({
      code: "CAL_JOURNAL_ARCHIVE_UNREACHABLE",
      message: expect.stringContaining("segment-000001.jsonl"),
    });
    expect(await without.decide({ requestId: "new", inputTokens: 1 })).toMatchObject({ repeated: false });
    await without.close();
    await expect(verifyLog(journal)).rejects.toMatchObject({
      code: "CAL_INPUT_UNREADABLE",
      message: expect.stringMatching(problem),
    });
  });
});

/** What a file holds, as other programs see it. */
function contentOf(file: string): Buffer {
  const bytes = readFileSync(file);
  return file.endsWith(".zst") ? zstdDecompressSync(bytes) : bytes;
}

describe("packed segments", () => {
  beforeEach(copyFilled);

  test("hold the bytes of the segments, for zstdcat and for node:zlib, in less than half the space", () => {
    const before = readFileSync(join(journal, segmentName(1)));
    const [first] = archiveJournal({ journal, to, keep: 0 });
    const file = join(to, "segment-000001.jsonl.zst");
    expect(first).toMatchObject({ file: "segment-000001.jsonl.zst", sha256: hash("sha256", before) });
    expect(zstdDecompressSync(readFileSync(file)).equals(before)).toBe(true);
    expect((first?.bytes ?? 0) * 2).toBeLessThan(before.byteLength);
    const { status, stdout, error } = spawnSync("zstdcat", [file]);
    // Debian's zstd, where it is installed.
    if (error === undefined) expect([status, stdout.equals(before)]).toEqual([0, true]);
  });

  test("are read by every command: from the journal's links, from the archive itself, and one file alone", async () => {
    const commands = ["show 2", "tail -n 500", "tail -n 500 --json", "policy show"];
    const run = (command: string) => calybris(...command.split(" "), "--journal", journal);
    const before = await Promise.all(commands.map(run));
    archiveJournal({ journal, to, keep: 0 });
    expect(await Promise.all(commands.map(run))).toEqual(before);
    expect(await verifyLog(journal)).toMatchObject({ status: "intact" });
    expect(await verifyLog(to)).toMatchObject({ status: "intact", findingCount: 0 });
    expect(await verifyLog(join(to, "segment-000001.jsonl.zst"))).toMatchObject({ status: "intact" });
  });

  test("that are packed by another program, without a seek table, are read as well", async () => {
    archiveJournal({ journal, to, keep: 0 });
    const file = join(to, "segment-000001.jsonl.zst");
    writeFileSync(file, zstdCompressSync(zstdDecompressSync(readFileSync(file))));
    expect(await verifyLog(journal)).toMatchObject({ status: "intact" });
    await (await open()).close();
  });

  test("with a byte altered anywhere are noticed, by the verifier and by whatever looks an entry up", async () => {
    const archived = readFileSync(join(journal, segmentName(2)), "utf8");
    const requestId = /"id":"(r[0-9]+)"/.exec(archived)?.[1] ?? "";
    archiveJournal({ journal, to, keep: 0 });
    const file = join(to, "segment-000002.jsonl.zst");
    const whole = readFileSync(file);
    const places = [4, 5, whole.byteLength >> 1, whole.byteLength - 6, whole.byteLength - 12];
    // Not the last four bytes: without them the file has no seek table, and its entries are read all the same.
    for (const place of places) {
      const bytes = Buffer.from(whole);
      bytes[place] = (bytes[place] ?? 0) ^ 0xff;
      writeFileSync(file, bytes);
      const verified = await verifyLog(journal).then(
        ({ status }) => status,
        (error: CalybrisError) => error.code,
      );
      expect(["broken", "CAL_JOURNAL_UNREADABLE"], `byte ${place}`).toContain(verified);
      const engine = await open();
      const request = { requestId, inputTokens: Number(requestId.slice(1)) };
      await expect(engine.decide(request), `byte ${place}`).rejects.toMatchObject({
        code: expect.stringMatching(/^CAL_JOURNAL_/),
      });
      await engine.close();
    }
  });
});
