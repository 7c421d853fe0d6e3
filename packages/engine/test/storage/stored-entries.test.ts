import fc from "fast-check";
import { expect, test } from "vitest";
import { nodeChain } from "../../src/journal/chain-hash.ts";
import { EMPTY_TREE } from "../../src/journal/chain-start.ts";
import { Journal } from "../../src/journal/journal.ts";
import { InlineDriver } from "../../src/journal/thread-driver.ts";
import { Writer } from "../../src/journal/writer.ts";
import { EntryReader } from "../../src/storage/entry-reader.ts";
import { DirectoryEntries, inlineReader } from "../../src/storage/stored-entries.ts";
import { body, DIRECTORY } from "../support/journal-harness.ts";
import { MemoryDisk } from "../support/memory-disk.ts";

// Goal: every durable entry is found, in any order, while the journal grows, whatever was read and kept before.
// Method: turns of any size, so that stretches are short, long and divided; after each, any sequences are asked for.

function open(
  disk: MemoryDisk,
  segmentBytesMax: number,
): { readonly journal: Journal; readonly finder: DirectoryEntries } {
  const finder = new DirectoryEntries(inlineReader(new EntryReader(disk, DIRECTORY, nodeChain())));
  const start = { directory: DIRECTORY, segment: 1, end: 0, sequence: 0, hash: "genesis", tree: EMPTY_TREE };
  const journal = new Journal({
    driver: new InlineDriver(new Writer(disk, start, undefined, () => 0)),
    sequence: 0,
    at: 0,
    sealed: true,
    segmentBytes: 0,
    segmentBytesMax,
    nowUs: () => 1,
    digests: () => ({ stateDigest: "0".repeat(64), snapshotDigest: "0".repeat(64) }),
    onOrdered: () => undefined,
    onWritten: ({ first, segment, offset }) => finder.note(first, segment, offset),
  });
  return { journal, finder };
}

test("every durable entry is found by its sequence, in any order, while the journal grows", async () => {
  const turn = fc.record({
    count: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 30, max: 700 })),
    asked: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(turn, { minLength: 1, maxLength: 6 }),
      fc.constantFrom(20_000, 200_000, 10_000_000),
      async (turns, segmentBytesMax) => {
        const { journal, finder } = open(new MemoryDisk(), segmentBytesMax);
        const hashes = new Map<number, string>();
        for (const { count, asked } of turns) {
          const answers = Array.from({ length: count }, (_, index) => {
            const { sequence, durable } = journal.append(body(index + 1));
            return durable.then((hash) => hashes.set(sequence, hash));
          });
          await Promise.all(answers);
          for (const share of asked) {
            const sequence = 1 + Math.floor(share * (journal.sequence - 1));
            const found = await finder.find(sequence);
            expect(found.head.sequence).toBe(sequence);
            if (hashes.has(sequence)) expect(found.entryHash).toBe(hashes.get(sequence));
          }
          await expect(finder.find(journal.sequence + 1)).rejects.toMatchObject({ code: "CAL_JOURNAL_ENTRY_UNKNOWN" });
          expect((await finder.find(journal.sequence)).head.sequence).toBe(journal.sequence);
        }
        const text = Buffer.concat(await Array.fromAsync(finder.pieces(2, journal.sequence))).toString();
        expect(text.split("\n").length - 1).toBe(journal.sequence - 1);
      },
    ),
    { numRuns: 25 },
  );
});

test("an entry whose line is not whole yet is unknown, and found once it is", async () => {
  const disk = new MemoryDisk();
  const { journal, finder } = open(disk, 1_000_000);
  await Promise.all([1, 2, 3].map((number) => journal.append(body(number)).durable));
  const name = disk.list().find((each) => each.startsWith("segment")) as string;
  const whole = (disk.files.get(name) as Uint8Array).slice();
  const secondEnds = whole.indexOf(0x0a, whole.indexOf(0x0a) + 1);
  const torn = whole.slice().fill(0x0a, secondEnds + 20);
  disk.files.set(name, torn);
  expect((await finder.find(2)).head.sequence).toBe(2);
  await expect(finder.find(3)).rejects.toMatchObject({ code: "CAL_JOURNAL_ENTRY_UNKNOWN" });
  disk.files.set(name, whole);
  expect((await finder.find(3)).head.sequence).toBe(3);
});
