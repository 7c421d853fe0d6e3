/**
 * What was measured of regret is kept in state snapshots. Goal: wherever a process ends, the next measures what the whole journal
 * measures, to the last bit, and reads only what follows. Method: a measure cut at every kind of entry; directories copied while an
 * engine runs, each opened and gone on with; and snapshots whose measure is altered, of another version, or absent.
 */
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { SnapshotMembers, StateSnapshotDigest } from "@calybris/kernel";
import { afterAll, describe, expect, test } from "vitest";
import { nodeChain, nodeSha256 } from "../../src/journal/chain-hash.ts";
import { KeptRegret, MEASURE_VERSION } from "../../src/regret/kept-regret.ts";
import { Measure } from "../../src/regret/measure.ts";
import { MeasureReader, MeasureWriter } from "../../src/regret/measure-bytes.ts";
import { regretReport } from "../../src/regret/regret-report.ts";
import { LateLines } from "../../src/snapshot/late-lines.ts";
import { snapshotSequence } from "../../src/snapshot/snapshot-name.ts";
import { addLine, decideAll, learningSnapshot, linesOf, offline, openLearning, SETTINGS } from "./regret-world.ts";

const folder = mkdtempSync(join(tmpdir(), "calybris-kept-regret-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const PATIENT = { waitMs: 60_000 };

function bytesOf(measure: Measure): Uint8Array {
  const writer = new MeasureWriter();
  measure.carry(writer);
  return writer.finish();
}

function measureOf(bytes: Uint8Array, settings = SETTINGS): Measure {
  const measure = new Measure(settings);
  const reader = new MeasureReader(bytes);
  measure.carry(reader);
  reader.end();
  return measure;
}

/** A copy as a kill leaves it. Segments are copied last: what other files say of them is true of what was written later, too. */
function killed(from: string, to: string): string {
  mkdirSync(to);
  const files = readdirSync(from).filter((name) => statSync(join(from, name)).isFile());
  const isSegment = (name: string): boolean => name.startsWith("segment-");
  for (const name of [...files.filter((one) => !isSegment(one)), ...files.filter(isSegment)])
    copyFileSync(join(from, name), join(to, name));
  return to;
}

function snapshotsIn(directory: string): readonly string[] {
  return readdirSync(directory)
    .filter((name) => snapshotSequence(name) !== undefined)
    .sort();
}

function regretLinesIn(path: string): readonly SnapshotMembers[] {
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  return lines.filter((line) => line.startsWith('{"part":"regret",')).map((line) => new SnapshotMembers(line));
}

/** The last entry that the newest snapshot has measured. */
function keptIn(directory: string): number {
  const newest = snapshotsIn(directory).at(-1);
  return newest === undefined ? 0 : (regretLinesIn(join(directory, newest)).at(-1)?.whole("sequence") ?? 0);
}

/** Changes the lines of what was measured, and binds what comes of it as the writer does. */
function rewriteRegret(path: string, change: (line: string) => string | undefined): void {
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  const late = new LateLines(nodeChain());
  const digest = new StateSnapshotDigest(nodeSha256);
  const kept: string[] = [];
  for (const line of lines.slice(0, -1)) {
    const changed = line.startsWith('{"part":"regret",') ? change(line) : line;
    if (changed === undefined) continue;
    kept.push(changed);
    if (LateLines.isLate(changed)) late.add(Buffer.from(changed));
    else digest.add(nodeSha256(Buffer.from(changed)));
  }
  const sequence = snapshotSequence(basename(path)) ?? 0;
  writeFileSync(path, `${[...kept, late.end(digest.finish(sequence))].join("\n")}\n`);
}

describe("a measure of a journal with a canary, promotions and late outcomes", () => {
  test("that is carried over after any entry ends with the same bits, and reports the same", async () => {
    const engine = await openLearning(join(folder, "cuts"));
    const gates = { decisionsMin: 0, actionDeltaMaxBps: 10_000, margin: 0.99, alpha: 0.999 };
    await decideAll(engine, 100);
    await engine.rollout.stage(learningSnapshot(2n));
    await decideAll(engine, 40, 100);
    await engine.rollout.canary(2, 5_000, undefined, gates);
    await decideAll(engine, 60, 140);
    await engine.rollout.promote(2, undefined, gates);
    await decideAll(engine, 20, 200);
    await engine.rollout.rollBack(1);
    await decideAll(engine, 40, 220);
    const lines = await linesOf(engine);
    await engine.close();
    const whole = new Measure(SETTINGS);
    const cuts: Uint8Array[] = [bytesOf(whole)];
    for (const line of lines) {
      addLine(whole, line);
      cuts.push(bytesOf(whole));
    }
    const [end, report] = [bytesOf(whole), regretReport(whole.measured(), SETTINGS)];
    expect(report.missing).toBeGreaterThan(0);
    expect(report.decisions).toBeGreaterThan(report.outcomes + report.missing);
    for (let cut = 0; cut < lines.length; cut += 13) {
      const behind = measureOf(cuts[cut] as Uint8Array);
      for (const line of lines.slice(cut)) addLine(behind, line);
      expect(Buffer.from(bytesOf(behind)).equals(end)).toBe(true);
      expect(regretReport(behind.measured(), SETTINGS)).toEqual(report);
    }
  }, 60_000);

  test("is refused by one with other settings, and where bytes are missing or left over", () => {
    const bytes = bytesOf(new Measure(SETTINGS));
    expect(() => measureOf(bytes, { ...SETTINGS, alpha: 0.1 })).toThrow(RangeError);
    expect(() => measureOf(bytes.subarray(0, -1))).toThrow(RangeError);
    expect(() => measureOf(Buffer.concat([bytes, Uint8Array.of(0)]))).toThrow(RangeError);
    expect(() => bytesOf(new Measure({ ...SETTINGS, by: ["day"] }))).toThrow("groups");
  });
});

describe("an engine that was killed", () => {
  test("goes on measuring from its snapshot, again and again, and reports what the whole journal does", async () => {
    let directory = join(folder, "killed-0");
    let engine = await openLearning(directory);
    let isKept = false;
    try {
      for (const kill of [1, 2, 3, 4, 5]) {
        // It is asked once, goes on measuring at each rotation, and is killed at a place that varies.
        if (kill !== 3) await engine.regret.report(PATIENT);
        await decideAll(engine, 60 + 20 * kill, kill * 1_000);
        if (kill % 2 === 1) await engine.regret.report(PATIENT);
        await decideAll(engine, 40, kill * 1_000 + 500);
        const copy = killed(directory, join(folder, `killed-${kill}`));
        await engine.close();
        directory = copy;
        engine = await openLearning(directory);
        const kept = keptIn(directory);
        expect(engine.recovery.fromSequence).toBe(snapshotSequence(snapshotsIn(directory).at(-1) ?? ""));
        // The first answer says where measuring begins, before any line was given.
        expect((await engine.regret.report({ waitMs: 0 })).sequence).toBe(kept);
        isKept ||= kept > 0;
        expect((await engine.regret.report(PATIENT)).report).toEqual(await offline(engine));
      }
      expect(isKept).toBe(true);
    } finally {
      await engine.close();
    }
  }, 60_000);

  test("had gone on measuring at each rotation since it was asked once", async () => {
    const directory = join(folder, "rotations");
    const engine = await openLearning(directory);
    const { sequence } = await engine.regret.report(PATIENT);
    for (let round = 0; round < 12 && keptIn(directory) <= sequence; round += 1)
      await decideAll(engine, 60, round * 60);
    await engine.close();
    expect(keptIn(directory)).toBeGreaterThan(sequence);
  }, 60_000);

  test("passes on what was measured before it, though nobody asks for regret", async () => {
    const directory = join(folder, "passed");
    let engine = await openLearning(directory);
    await engine.regret.report(PATIENT);
    await decideAll(engine, 200);
    await engine.regret.report(PATIENT);
    await decideAll(engine, 100, 200);
    await engine.close();
    const kept = keptIn(directory);
    expect(kept).toBeGreaterThan(0);
    engine = await openLearning(directory);
    await decideAll(engine, 200, 300);
    await engine.close();
    expect(keptIn(directory)).toBe(kept);
  }, 60_000);
});

describe("a snapshot whose measure", () => {
  const source = join(folder, "damaged");
  async function damaged(name: string): Promise<{ readonly directory: string; readonly newest: string }> {
    if (snapshotsInIfAny(source).length === 0) {
      const engine = await openLearning(source);
      await engine.regret.report(PATIENT);
      for (const round of [0, 1, 2]) {
        await decideAll(engine, 100, round * 100);
        await engine.regret.report(PATIENT);
      }
      await decideAll(engine, 100, 300);
      await engine.close();
    }
    const directory = killed(source, join(folder, name));
    return { directory, newest: join(directory, snapshotsIn(directory).at(-1) ?? "") };
  }

  async function expectSame(directory: string, from: "the newest" | "an older one", kept: boolean): Promise<void> {
    const sequences = snapshotsIn(directory).map((name) => snapshotSequence(name) ?? 0);
    const engine = await openLearning(directory);
    try {
      expect(engine.recovery.fromSequence === sequences.at(-1)).toBe(from === "the newest");
      expect((await engine.regret.report({ waitMs: 0 })).sequence > 0).toBe(kept);
      expect((await engine.regret.report(PATIENT)).report).toEqual(await offline(engine));
    } finally {
      await engine.close();
    }
  }

  test("is as it was written is used", async () => {
    const { directory, newest } = await damaged("honest");
    rewriteRegret(newest, (line) => line);
    await expectSame(directory, "the newest", true);
  }, 60_000);

  test("was altered is not used at all: an older one is", async () => {
    const { directory, newest } = await damaged("altered");
    writeFileSync(newest, readFileSync(newest, "utf8").replace(/("part":"regret",[^\n]*"bytes":"...)./, "$1-"));
    await expectSame(directory, "an older one", true);
  }, 60_000);

  test.each<readonly [string, (line: string) => string | undefined]>([
    ["is absent, as versions before wrote it", () => undefined],
    ["is of another version", (line) => line.replace(`"version":${MEASURE_VERSION}`, '"version":99')],
    ["is no measure", (line) => line.replace(/"bytes":"[^"]*"/, '"bytes":"AAAA"')],
    ["is cut", (line) => line.replace(/[A-Za-z0-9_-]{4}"}$/, '"}')],
  ])(
    "%s is used, and the journal is measured from its beginning",
    async (name, change) => {
      const { directory, newest } = await damaged(name.replaceAll(" ", "-"));
      rewriteRegret(newest, change);
      await expectSame(directory, "the newest", false);
    },
    60_000,
  );
});

describe("pages of what was measured", () => {
  const linesOfKept = (kept: KeptRegret): readonly SnapshotMembers[] =>
    [...kept.lateLines()].map((make) => new SnapshotMembers(Buffer.from(make()).toString()));
  const kept = new KeptRegret();
  kept.keep({ sequence: 9, bytes: Uint8Array.from({ length: 150_000 }, (_, at) => at % 251) });

  test("are put together again", () => {
    const restored = new KeptRegret();
    for (const members of linesOfKept(kept)) restored.restore("regret", members, 9);
    expect(linesOfKept(kept)).toHaveLength(3);
    expect(restored.measure).toEqual(kept.measure);
    expect([...restored.lines()]).toEqual([]);
  });

  test("that are beyond the snapshot, out of order, or of two measures are refused", () => {
    const [first, second, third] = linesOfKept(kept) as [SnapshotMembers, SnapshotMembers, SnapshotMembers];
    expect(() => new KeptRegret().restore("regret", first, 8)).toThrow("beyond");
    expect(() => new KeptRegret().restore("regret", second, 9)).toThrow("missing");
    const restored = new KeptRegret();
    restored.restore("regret", first, 9);
    expect(() => restored.restore("regret", third, 9)).toThrow("missing");
    const other = new KeptRegret();
    other.keep({ sequence: 7, bytes: new Uint8Array(100_000) });
    expect(() => restored.restore("regret", linesOfKept(other)[1] as SnapshotMembers, 9)).toThrow("two measures");
  });
});

function snapshotsInIfAny(directory: string): readonly string[] {
  try {
    return snapshotsIn(directory);
  } catch {
    return [];
  }
}
