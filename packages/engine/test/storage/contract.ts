/**
 * The contract of a storage: what every implementation guarantees, as tests that run against each.
 * @module
 */
import { type CalybrisError, type EntryHead, parseEntryLine } from "@calybris/kernel";
import { describe, expect, test } from "vitest";
import { Engine } from "../../src/engine.ts";
import { nodeChain } from "../../src/journal/chain-hash.ts";
import type { WriterDriver, Written } from "../../src/journal/writer-driver.ts";
import { LATEST_KEPT, SNAPSHOTS_KEPT_MAX } from "../../src/snapshot/kept-snapshots.ts";
import { snapshotSequence } from "../../src/snapshot/snapshot-name.ts";
import type { Restorable } from "../../src/snapshot/start-point.ts";
import type { RecoveredJournal, Storage } from "../../src/storage/storage.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";
import { seededChance } from "../support/seeded-chance.ts";

/** What outlives a process, and how a test reaches it. */
export interface Medium {
  /** A new process's storage of it. */
  storage(): Storage;
  /** Ends a process without a word: its lock goes with it. */
  kill(storage: Storage, driver: WriterDriver | undefined): Promise<void>;
  /** Changes the bytes of one stored line, or cuts the last `count` off. */
  alter(sequence: number): void;
  cut(count: number): void;
  /** Changes the newest snapshot. */
  alterSnapshot(): void;
}

const KEY: Uint8Array = new Uint8Array(32).fill(3);

/** A state of nothing but a count. */
class Counted implements Restorable {
  sequence = 0;
  restore(): void {
    throw new Error("this state has no snapshot");
  }
  digest(): string {
    return "";
  }
}

interface Opened {
  readonly storage: Storage;
  readonly driver: WriterDriver;
  readonly heads: readonly EntryHead[];
  readonly recovered: RecoveredJournal<Counted>;
  /** Appends entries in one batch and waits for them. */
  append(count: number, rotate?: boolean): Promise<Written>;
}

export function storageContract(
  name: string,
  withMedium: (work: (medium: Medium) => Promise<void>) => Promise<void>,
): void {
  describe(`storage: ${name}`, () => {
    test("a new one has no head, no entries and no snapshot", () =>
      withMedium(async (medium) => {
        const { storage, driver, recovered } = await open(medium);
        expect(await storage.head()).toBeUndefined();
        expect(recovered).toMatchObject({ entries: 0, end: { sequence: 0, segmentBytes: 0 } });
        expect(recovered.start).toEqual({ fromSequence: 0, snapshotsRefused: [], segmentsAbsent: [] });
        await medium.kill(storage, driver);
      }));

    test.each([undefined, KEY])("what is durable is read back as one chain, in any grouping (key %s)", (key) =>
      withMedium(async (medium) => {
        const chance = seededChance(5);
        const opened = await open(medium, key);
        let last = 0;
        for (let round = 0; round < 20; round += 1) {
          const count = 1 + chance(5);
          const written = await opened.append(count, round > 0 && chance(4) === 0);
          last += count;
          expect(written.durable).toBe(last);
          expect((await opened.recovered.stored.find(last)).entryHash).toBe(written.hash);
        }
        await requireChain(opened.storage, last, key);
        expect(await linesOf(opened.storage, 5, 9)).toHaveLength(5);
        expect(await linesOf(opened.storage, 9, 8)).toEqual([]);
        await expect(opened.recovered.stored.find(last + 1)).rejects.toMatchObject({ code: UNKNOWN });
        await opened.driver.close();
        expect(await opened.storage.head()).toMatchObject({ sequence: last, keyed: key !== undefined });
        await medium.kill(opened.storage, undefined);
        const again = await open(medium, key);
        expect(again.heads.map(({ sequence }) => sequence)).toEqual(Array.from({ length: last }, (_, at) => at + 1));
        await again.append(2);
        await requireChain(again.storage, last + 2, key);
        await medium.kill(again.storage, again.driver);
      }),
    );

    test("what was acknowledged before a kill is recovered, and recovering twice finds the same", () =>
      withMedium(async (medium) => {
        for (const total of [3, 7, 8]) {
          const opened = await open(medium);
          await opened.append(total - opened.recovered.entries);
          await medium.kill(opened.storage, opened.driver);
          for (let round = 0; round < 2; round += 1) {
            const again = await open(medium);
            expect(again.recovered.entries).toBe(total);
            await requireChain(again.storage, total, undefined);
            await medium.kill(again.storage, again.driver);
          }
        }
      }));

    test("one owner at a time: the lock is refused until it is released", () =>
      withMedium(async (medium) => {
        const lock = await medium.storage().lock();
        await expect(medium.storage().lock()).rejects.toMatchObject({ code: "CAL_JOURNAL_LOCKED" });
        await lock.release();
        await (await medium.storage().lock()).release();
      }));

    test("an altered entry, a cut suffix and another key are refused", () =>
      withMedium(async (medium) => {
        const first = await open(medium, KEY);
        await first.append(9);
        await first.driver.close();
        await medium.kill(first.storage, undefined);
        const refused = async (key: Uint8Array | undefined): Promise<string> =>
          open(medium, key).then(
            () => "opened",
            (error: unknown) => (error as CalybrisError).code,
          );
        expect(await refused(undefined)).toMatch(/^CAL_JOURNAL_(KEY|CORRUPT)$/);
        expect(await refused(new Uint8Array(32))).toBe("CAL_JOURNAL_CORRUPT");
        medium.cut(1);
        expect(await refused(KEY)).toBe("CAL_JOURNAL_CORRUPT");
        medium.alter(4);
        expect(await refused(KEY)).toBe("CAL_JOURNAL_CORRUPT");
      }));

    test("an engine on it decides, repeats, takes snapshots and starts from the newest", () =>
      withMedium(async (medium) => {
        const storage = medium.storage();
        const engine = await openEngine(storage, true);
        const ids: string[] = [];
        for (let number = 0; number < 30; number += 1) ids.push((await decide(engine, number)).decisionId);
        await engine.close();
        const digest = engine.stateDigest();
        const names = (await storage.snapshots.list()).filter((name) => snapshotSequence(name) !== undefined);
        expect(names.length).toBeGreaterThanOrEqual(LATEST_KEPT);
        expect(names.length).toBeLessThanOrEqual(SNAPSHOTS_KEPT_MAX);
        const again = await openEngine(medium.storage());
        expect(again.recovery.fromSequence).toBeGreaterThan(10);
        expect(again.stateDigest()).toBe(digest);
        for (const [number, decisionId] of ids.entries())
          expect(await decide(again, number)).toMatchObject({ decisionId, repeated: true });
        await again.close();
        medium.alterSnapshot();
        const older = await openEngine(medium.storage());
        expect(older.recovery.snapshotsRefused).toHaveLength(1);
        expect(older.recovery.fromSequence).toBeLessThan(again.recovery.fromSequence);
        expect(await decide(older, 0)).toMatchObject({ decisionId: ids[0], repeated: true });
        await older.close();
      }));

    test("an engine that fails to open leaves the lock free", () =>
      withMedium(async (medium) => {
        await expect(openEngine(medium.storage())).rejects.toMatchObject({ code: "CAL_ENGINE_POLICY_REQUIRED" });
        const engine = await openEngine(medium.storage(), true);
        await expect(openEngine(medium.storage())).rejects.toMatchObject({ code: "CAL_JOURNAL_LOCKED" });
        await engine.close();
      }));
  });
}

const UNKNOWN = "CAL_JOURNAL_ENTRY_UNKNOWN";

/** The lines that an engine leaves on a storage for the same commands, at the same times. */
export async function linesOfEngine(storage: Storage): Promise<readonly string[]> {
  const engine = await openEngine(storage, true);
  for (let number = 0; number < 12; number += 1) await decide(engine, number);
  const { sequence } = engine.reading.head;
  const lines = await linesOf(storage, 1, sequence);
  await engine.close();
  return lines;
}

async function open(medium: Medium, key?: Uint8Array): Promise<Opened> {
  const storage = medium.storage();
  await storage.prepare();
  const lock = await storage.lock();
  try {
    const heads: EntryHead[] = [];
    const recovered = await storage.recover({
      key,
      acceptLoss: false,
      newState: () => new Counted(),
      onEntry: (_state, { head }) => heads.push(head),
    });
    const driver = storage.append(key);
    let last = recovered.entries;
    const append = (count: number, rotate = false): Promise<Written> => {
      const first = last + 1;
      const tails = Array.from({ length: count }, (_, at) => `,"at":${first + at},"kind":"seal","cause":"idle"}`);
      last += count;
      return new Promise((resolve, reject) => {
        driver.onWritten = (written) => {
          recovered.stored.note(written.first, written.segment, written.offset);
          if (written.durable === last) resolve({ ...written });
        };
        driver.onFailed = (problem) => reject(new Error(problem));
        driver.submit({ first, tails, rotate, sealed: true });
      });
    };
    return { storage, driver, heads, recovered, append };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function linesOf(storage: Storage, from: number, to: number): Promise<readonly string[]> {
  const pieces = await Array.fromAsync(storage.read(from, to));
  return Buffer.concat(pieces).toString("utf8").split("\n").slice(0, -1);
}

/** Every line is the entry after the one before, with its hash. */
async function requireChain(storage: Storage, last: number, key: Uint8Array | undefined): Promise<void> {
  const chain = nodeChain(key);
  const lines = await linesOf(storage, 1, last);
  let [sequence, hash] = [0, "genesis"];
  for (const text of lines) {
    const line = parseEntryLine(text);
    if (line === undefined) throw new Error(`after entry ${sequence} comes ${text}`);
    expect([line.sequence, line.previousHash]).toEqual([sequence + 1, hash]);
    expect(chain(hash, Buffer.from(line.data))).toBe(line.entryHash);
    [sequence, hash] = [line.sequence, line.entryHash];
  }
  expect(sequence).toBe(last);
}

function openEngine(storage: Storage, isNew = false): Promise<Engine> {
  let now = 0;
  return Engine.openOn(storage, {
    ...(isNew ? { policy: sampleSnapshot() } : {}),
    segmentBytesMax: 3_000,
    nowUs: () => ++now,
    user: "system:contract",
    randomBytes: (count) => new Uint8Array(count).fill(7),
  });
}

function decide(engine: Engine, number: number): ReturnType<Engine["decide"]> {
  return engine.decide({ requestId: `request-${number}`, inputTokens: 10 + number, requested: "better" });
}
