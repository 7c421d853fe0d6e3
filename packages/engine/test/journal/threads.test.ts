import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEntryBody, parseEntryLine, samplePolicy } from "@calybris/kernel";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { nodeChain } from "../../src/journal/chain-hash.ts";
import { nodeDisk } from "../../src/journal/disk.ts";
import { RING_TAIL_LENGTH_MAX } from "../../src/journal/entry-ring.ts";
import { Journal } from "../../src/journal/journal.ts";
import { recover } from "../../src/journal/recovery.ts";
import { scanJournal } from "../../src/journal/scan.ts";
import { segmentName } from "../../src/journal/segment.ts";
import { ThreadDriver } from "../../src/journal/thread-driver.ts";
import type { WriterStart } from "../../src/journal/writer.ts";
import type { Written } from "../../src/journal/writer-driver.ts";
import { body } from "../support/journal-harness.ts";

// Goal: whatever way entries take to the disk (through the ring, around it, more at once than there is room
// for), the file is the chain of what was ordered, and each answer is its entry's hash.

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "journal-threads-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

interface Options {
  readonly key?: Uint8Array;
  readonly segmentBytesMax?: number;
  readonly waitingMax?: number;
  readonly onWritten?: (written: Written) => void;
  readonly driver?: (start: WriterStart, key: Uint8Array | undefined) => ThreadDriver;
}

function openJournal(place: string, { key, driver, ...options }: Options = {}): Journal {
  mkdirSync(place, { recursive: true });
  const { start } = recover(nodeDisk, place, nodeChain(key), key !== undefined, () => undefined);
  return new Journal({
    driver: driver?.(start, key) ?? new ThreadDriver(start, key),
    sequence: start.sequence,
    at: 0,
    sealed: true,
    segmentBytes: start.end,
    nowUs: () => 1,
    digests: () => ({ stateDigest: "0".repeat(64), snapshotDigest: "0".repeat(64) }),
    onOrdered: () => undefined,
    waitingMax: 100_000,
    ...options,
  });
}

/** A decision whose use case is as long as wanted, in characters of one byte or of several. */
function bodyOf(number: number, length: number, character = "x"): ReturnType<typeof body> {
  return { ...body(number), useCase: character.repeat(length) } as ReturnType<typeof body>;
}

/** The hash of every entry, and the use case of every decision, after the chain was verified. */
function readBack(
  place: string,
  key?: Uint8Array,
): { readonly hashes: string[]; readonly useCases: Map<number, string> } {
  const hashes: string[] = [];
  const useCases = new Map<number, string>();
  for (const line of scanJournal(nodeDisk, place))
    hashes.push(parseEntryLine(Buffer.from(line.bytes).toString())?.entryHash ?? "none");
  recover(nodeDisk, place, nodeChain(key), key !== undefined, ({ head, data }) => {
    const entry = parseEntryBody(head, data, () => ({ policy: samplePolicy(), spendLimit: "none" }));
    if (entry?.kind === "decision") useCases.set(head.sequence, entry.useCase);
  });
  return { hashes, useCases };
}

test("entries of any length, in any grouping, keyed or not: the file is their chain, and each answer is its entry's hash", async () => {
  const length = fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 1, max: 400 }) },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 20_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: RING_TAIL_LENGTH_MAX - 700, max: RING_TAIL_LENGTH_MAX + 2_000 }) },
  );
  const turn = fc.record({
    lengths: fc.array(length, { minLength: 1, maxLength: 60 }),
    character: fc.constantFrom("x", "é", "€", "😀"),
    waits: fc.boolean(),
  });
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(turn, { minLength: 1, maxLength: 12 }),
      fc.boolean(),
      fc.constantFrom(3_000, 100_000, 10_000_000),
      async (turns, keyed, segmentBytesMax) => {
        const place = join(directory, `run-${run++}`);
        const key = keyed ? new Uint8Array(32).fill(7) : undefined;
        const journal = openJournal(place, { ...(key === undefined ? {} : { key }), segmentBytesMax });
        const answers: Promise<readonly [number, string]>[] = [];
        const expected = new Map<number, string>();
        for (const { lengths, character, waits } of turns) {
          for (const chars of lengths) {
            const { sequence, durable } = journal.append(bodyOf(expected.size + 1, chars, character));
            expected.set(sequence, character.repeat(chars));
            answers.push(durable.then((hash) => [sequence, hash] as const));
          }
          if (waits) await answers.at(-1);
        }
        const answered = await Promise.all(answers);
        await journal.close();
        const { hashes, useCases } = readBack(place, key);
        for (const [sequence, hash] of answered) expect(hashes[sequence - 1]).toBe(hash);
        expect(useCases).toEqual(expected);
        rmSync(place, { recursive: true });
      },
    ),
    { numRuns: 5, seed: 5 },
  );
});

test("more at once than the ring holds waits its turn: nothing is lost, doubled or out of order", async () => {
  const reported: string[] = [];
  const onWritten = ({ first, durable, proofs }: Written): void => {
    for (let sequence = first; sequence <= durable; sequence++) reported.push(proofs.hashOf(sequence));
  };
  const journal = openJournal(directory, { onWritten });
  const count = 10_000;
  const answers = Array.from({ length: count }, (_, index) => journal.append(bodyOf(index + 1, 20)).durable);
  const hashes = await Promise.all(answers);
  await journal.close();
  expect(readBack(directory).hashes.slice(0, count)).toEqual(hashes);
  expect(reported.slice(0, count)).toEqual(hashes);
  expect(journal.metrics.entries).toBe(count + 1);
});

test("a journal that is closed under load is intact: every answer came, and the journal goes on where it ended", async () => {
  for (let round = 0; round < 3; round++) {
    const journal = openJournal(directory, { segmentBytesMax: 200_000 });
    const answers = Array.from({ length: 500 }, (_, index) => journal.append(bodyOf(index + 1, 30)).durable);
    await Promise.all([journal.close(), ...answers]);
  }
  expect(readBack(directory).useCases.size).toBe(1_500);
});

test("a disk that is full from the beginning: waiting callers get the failure, and later ones are refused", async () => {
  const driver = (start: WriterStart, key: Uint8Array | undefined): ThreadDriver => {
    symlinkSync("/dev/full", join(directory, segmentName(1)));
    return new ThreadDriver(start, key);
  };
  const journal = openJournal(directory, { driver });
  const answers = [1, 2, 3].map((number) => journal.append(body(number)).durable);
  for (const answer of answers) await expect(answer).rejects.toMatchObject({ code: "CAL_JOURNAL_FAILED" });
  expect(() => journal.append(body(4))).toThrow(expect.objectContaining({ code: "CAL_JOURNAL_FAILED" }));
  await journal.close();
});

test("a directory that is gone is a failure of the journal, not of the process", async () => {
  const place = join(directory, "gone");
  const journal = openJournal(place);
  rmSync(place, { recursive: true });
  const answered = await journal.append(body(1)).durable.catch((error: unknown) => error);
  // The writer may have opened its files before the directory went.
  if (typeof answered !== "string") expect(answered).toMatchObject({ code: "CAL_JOURNAL_FAILED" });
  await journal.close();
});
