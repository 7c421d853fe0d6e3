import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { CalybrisError } from "@calybris/kernel";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { Engine } from "../../src/engine.ts";
import { nodeChain } from "../../src/journal/chain-hash.ts";
import { segmentName } from "../../src/journal/segment.ts";
import { OlderEntries } from "../../src/storage/older-entries.ts";
import type { OlderGap, OlderLine } from "../../src/storage/storage.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";
import { pass, withTimersHeld } from "../support/virtual-timers.ts";

// Goal: a start from a snapshot leaves nothing unverified for good, and never raises an alarm without damage.
// Method: every kind of damage and absence in an older segment, under an engine that serves.

/** A closed journal, made once; each test has a copy. */
let filled: string;
let directory: string;
beforeAll(async () => {
  directory = filled = mkdtempSync(join(tmpdir(), "older-filled-"));
  const engine = await open(sampleSnapshot());
  for (let number = 0; number < 40; number += 1) await decide(engine, `${number}`);
  await engine.close();
});
afterAll(() => rmSync(filled, { recursive: true, force: true }));
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "older-"));
  cpSync(filled, directory, { recursive: true });
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test("older segments that are intact are verified to the entry that the snapshot ends with", async () => {
  const engine = await open();
  expect(engine.recovery.fromSequence).toBeGreaterThan(20);
  expect(engine.olderVerification).toMatchObject({ state: "running", verifiedSequence: 0 });
  await ended(engine);
  const { fromSequence } = engine.recovery;
  expect(engine.olderVerification).toEqual({
    state: "intact",
    verifiedSequence: fromSequence,
    untilSequence: fromSequence,
    problem: undefined,
  });
  await decide(engine, "new");
  await engine.close();
});

test.each([
  ["one bit of an entry is flipped", (text: string) => text.replace('"kind":"decision"', '"kind":"decisioo"')],
  ["the last entry of a segment is gone", (text: string) => `${text.trimEnd().split("\n").slice(0, -1).join("\n")}\n`],
  ["the last newline of a segment is gone", (text: string) => text.trimEnd()],
  [
    "two entries have changed places",
    (text: string) => {
      const [first, second, ...more] = text.split("\n");
      return [second, first, ...more].join("\n");
    },
  ],
])("%s: the engine stops, and names entry and file", async (_what, change) => {
  const path = join(directory, segmentName(3));
  const text = readFileSync(path, "latin1");
  writeFileSync(path, change(text), "latin1");
  expect(readFileSync(path, "latin1")).not.toBe(text);
  const engine = await open();
  await decide(engine, "before");
  await ended(engine);
  expect(engine.olderVerification).toMatchObject({ state: "broken", problem: expect.stringContaining("entry ") });
  const failure = engine.reading.failure as CalybrisError;
  expect([failure.code, (failure.cause as CalybrisError).code]).toEqual(["CAL_ENGINE_STOPPED", "CAL_JOURNAL_CORRUPT"]);
  await expect(decide(engine, "after")).rejects.toMatchObject({ code: "CAL_ENGINE_STOPPED" });
  await engine.close();
});

test.each([{ absent: [1] }, { absent: [3] }, { absent: [1, 2, 3] }])(
  "segments $absent that are unavailable are no alarm: the rest is verified, and they are named",
  async ({ absent }) => {
    for (const number of absent) renameSync(join(directory, segmentName(number)), join(directory, `away-${number}`));
    const engine = await open();
    await ended(engine);
    const problem = `unavailable: ${absent.map(segmentName).join(", ")}`;
    expect(engine.olderVerification).toMatchObject({ state: "incomplete", problem });
    await decide(engine, "new");
    await engine.close();
  },
);

test("a segment behind a gap that belongs to another journal is noticed at the end of the chain", async () => {
  const lines = linesIn(4);
  const chain = nodeChain();
  const until = { sequence: lastOf(lines), hash: "0".repeat(64) };
  const broken: CalybrisError[] = [];
  const items = async function* (): AsyncGenerator<OlderLine | OlderGap> {
    yield { absentFile: segmentName(3) };
    yield* lines;
  };
  const older = new OlderEntries({
    lines: items(),
    chain,
    key: undefined,
    until,
    bytesPerSecond: 1e12,
    onEnd: (_status, error) => error && broken.push(error),
  });
  older.start();
  for (let turn = 0; turn < 10_000 && older.status.state === "running"; turn += 1) await delay(5);
  expect([older.status.state, broken.map(({ code }) => code)]).toEqual(["broken", ["CAL_JOURNAL_CORRUPT"]]);
});

test.each([
  ["the identity of a decision is another's", (data: string) => data.replace(/("identity":")../, "$100")],
  ["a decision was made of another request", (data: string) => data.replace('"inputTokens":10,', '"inputTokens":11,')],
  [
    "the digest of a policy is not that of its snapshot",
    (data: string) => data.replace(/("policyDigest":")../, "$100"),
  ],
  ["a kind is unknown", (data: string) => data.replace('"kind":"decision"', '"kind":"decisive"')],
])("%s, in a chain that is consistent: the verification names the entry", async (what, change) => {
  const isPolicy = what.includes("policy");
  const [lines, changed] = rechained((data, sequence) => (sequence === (isPolicy ? 1 : 2) ? change(data) : data));
  expect(changed).toBe(1);
  expect(await verifiedLines(lines)).toMatchObject({
    state: "broken",
    broken: { code: "CAL_JOURNAL_CORRUPT", details: { sequence: isPolicy ? 1 : 2 } },
  });
});

test("a chain that was computed again and says nothing else is intact, so that only content is refused", async () => {
  const [lines] = rechained((data) => data);
  expect(await verifiedLines(lines)).toEqual({ state: "intact", broken: undefined });
});

/** What the verification of lines ends with. */
function verifiedLines(
  lines: readonly OlderLine[],
): Promise<{ readonly state: string; readonly broken: CalybrisError | undefined }> {
  return new Promise((resolve) => {
    const older = new OlderEntries({
      lines: (async function* (): AsyncGenerator<OlderLine> {
        yield* lines;
      })(),
      chain: nodeChain(),
      key: undefined,
      until: lastLine(lines),
      bytesPerSecond: 1e12,
      onEnd: ({ state }, broken) => resolve({ state, broken }),
    });
    older.start();
  });
}

/** The entries of the older segments with other data and the hashes that belong to it, and how many were changed. */
function rechained(change: (data: string, sequence: number) => string): [OlderLine[], number] {
  const chain = nodeChain();
  let previous = "genesis";
  let changed = 0;
  const lines = [1, 2, 3].flatMap(linesIn).map((line, index) => {
    const text = line.bytes.toString("latin1");
    const data = text.slice(text.indexOf(',"data":') + 8, -1);
    const other = change(data, index + 1);
    if (other !== data) changed += 1;
    const hash = chain(previous, Buffer.from(other));
    const head = `{"sequence":${index + 1},"previous_hash":"${previous}","entry_hash":"${hash}"`;
    previous = hash;
    return { ...line, bytes: Buffer.from(`${head},"data":${other}}`) };
  });
  return [lines, changed];
}

function lastLine(lines: readonly OlderLine[]): { readonly sequence: number; readonly hash: string } {
  const text = lines.at(-1)?.bytes.toString() ?? "";
  return { sequence: lines.length, hash: /"entry_hash":"([0-9a-f]+)"/.exec(text)?.[1] ?? "" };
}

test("no more is read in a second than the rate allows, and nothing after a close", async () => {
  await withTimersHeld(async () => {
    let read = 0;
    const items = async function* (): AsyncGenerator<OlderLine | OlderGap> {
      for (;;) {
        // After a gap a line follows from none before it.
        yield { absentFile: "none" };
        for (const line of linesIn(2)) {
          read += line.bytes.byteLength;
          yield line;
        }
      }
    };
    const older = new OlderEntries({
      lines: items(),
      chain: nodeChain(),
      key: undefined,
      until: { sequence: 9, hash: "" },
      bytesPerSecond: 64 * 1024,
      onEnd: () => undefined,
    });
    older.start();
    await turns();
    expect(read).toBe(0);
    for (const seconds of [1, 2, 3]) {
      const before = read;
      pass(550);
      await turns();
      expect(read).toBe(before);
      pass(550);
      await turns();
      expect(read).toBeGreaterThan(seconds * 60 * 1024);
      expect(read).toBeLessThan(seconds * 68 * 1024);
    }
    await older.close();
    const atClose = read;
    pass(60_000);
    await turns();
    expect(read).toBe(atClose);
  });
});

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

function open(policy?: ReturnType<typeof sampleSnapshot>): Promise<Engine> {
  return Engine.open({ directory, ...(policy && { policy }), segmentBytesMax: 3_000, olderBytesPerSecond: 1e12 });
}

function decide(engine: Engine, requestId: string): ReturnType<Engine["decide"]> {
  return engine.decide({ requestId, inputTokens: 10, requested: "better" });
}

async function ended(engine: Engine): Promise<void> {
  while (engine.olderVerification.state === "running") await delay(5);
}

function linesIn(segment: number): OlderLine[] {
  const file = segmentName(segment);
  const text = readFileSync(join(directory, file), "latin1").trimEnd();
  return text.split("\n").map((line) => ({ file, byteOffset: 0, bytes: Buffer.from(line, "latin1"), ended: true }));
}

function lastOf(lines: readonly OlderLine[]): number {
  return Number(/"sequence":([0-9]+)/.exec(lines.at(-1)?.bytes.toString("latin1") ?? "")?.[1]);
}
