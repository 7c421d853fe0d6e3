import { CalybrisError } from "@calybris/kernel";
import fc from "fast-check";
import { expect, test } from "vitest";
import { nodeChain } from "../../src/journal/chain-hash.ts";
import { nodeDisk } from "../../src/journal/disk.ts";
import { listSegments, segmentName } from "../../src/journal/segment.ts";
import { SegmentSearch } from "../../src/storage/segment-search.ts";
import { fill } from "../support/journal-harness.ts";
import { MemoryDisk } from "../support/memory-disk.ts";

// Goal: entries that nobody has gone through are found by their sequence, and one whose segment is unavailable is never
// taken for one that does not exist.
// Method: journals with any of their segments gone, against the lines themselves.

test("each entry is found where its segment is available; else the file named, or one between those named, holds it", async () => {
  const disk = new MemoryDisk();
  await fill(disk, 120, { segmentBytesMax: 9_000 });
  const segments = listSegments(disk, "journal");
  expect(segments.length).toBeGreaterThan(6);
  const homes = new Map<number, number>();
  for (const segment of segments)
    for (const match of Buffer.from(disk.files.get(segmentName(segment)) ?? [])
      .toString()
      .matchAll(/^\{"sequence":([0-9]+)/gm))
      homes.set(Number(match[1]), segment);
  const end = (segments.at(-1) as number) + 1;
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...segments), { maxLength: 5 }), (gone) => {
      const partial = disk.copy();
      for (const segment of gone) partial.files.delete(segmentName(segment));
      const search = new SegmentSearch(partial, "journal", end, nodeChain());
      for (const [sequence, home] of homes) {
        if (!gone.includes(home)) {
          expect(search.find(sequence)?.sequence).toBe(sequence);
          continue;
        }
        let thrown: unknown;
        try {
          search.find(sequence);
        } catch (error) {
          thrown = error;
        }
        expect(thrown).toBeInstanceOf(CalybrisError);
        expect(thrown).toMatchObject({ code: "CAL_JOURNAL_ARCHIVE_UNREACHABLE" });
        const named = [...String((thrown as CalybrisError).details["file" as never]).matchAll(/[0-9]+/g)].map(Number);
        expect(named[0]).toBeLessThanOrEqual(home);
        expect(named.at(-1)).toBeGreaterThanOrEqual(home);
      }
    }),
    { numRuns: 40 },
  );
});

test("an entry that was altered is not given", async () => {
  const disk = new MemoryDisk();
  await fill(disk, 20);
  const name = segmentName(1);
  const text = Buffer.from(disk.files.get(name) ?? []).toString();
  disk.files.set(name, Buffer.from(text.replace(/("sequence":7,"durable":[0-9]+,"at":)[0-9]+/, "$11")));
  const search = new SegmentSearch(disk, "journal", 2, nodeChain());
  expect(search.find(6)?.sequence).toBe(6);
  expect(() => search.find(7)).toThrow(expect.objectContaining({ code: "CAL_JOURNAL_ENTRY_MALFORMED" }));
});

test("a directory without the segment at all is not asked for ever", () => {
  const search = new SegmentSearch(nodeDisk, "no-such-directory", 5, nodeChain());
  expect(() => search.find(3)).toThrow(expect.objectContaining({ code: "CAL_JOURNAL_ARCHIVE_UNREACHABLE" }));
});
