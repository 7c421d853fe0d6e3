import { CalybrisError, GENESIS_HASH } from "@calybris/kernel";
import { describe, expect, test } from "vitest";
import { stride } from "../../../../test/share.ts";
import { HEAD_FILE, headPage, inspectHead } from "../../src/journal/head.ts";
import { segmentName } from "../../src/journal/segment.ts";
import { body, fill, openJournal } from "../support/journal-harness.ts";
import { MemoryDisk } from "../support/memory-disk.ts";

// Goal: no fault of the disk loses what was acknowledged, and none is passed over in silence.
// Method: a small journal in memory, every fault at every place, and what recovery says of the result.

const SEGMENT = segmentName(1);

function trimmed(disk: MemoryDisk): Uint8Array {
  const bytes = disk.files.get(SEGMENT) as Uint8Array;
  let end = bytes.byteLength;
  while (end > 0 && bytes[end - 1] === 0x0a) end -= 1;
  return bytes.slice(0, end + 1);
}

/** A head of which a write was cut off: it promises nothing. */
const TORN_HEAD = Buffer.from(headPage({ sequence: 1, hash: GENESIS_HASH, keyed: false })).fill(0x20, 250);

/** The journal with other bytes in its first segment, and with its head or a torn one. */
function withSegment(bytes: Uint8Array, head: Uint8Array = TORN_HEAD): MemoryDisk {
  const disk = new MemoryDisk();
  disk.files.set(SEGMENT, bytes.slice());
  disk.files.set(HEAD_FILE, Uint8Array.from(head));
  return disk;
}

/** The data of every entry that a journal without faults holds after so many. */
async function submittedBy(count: number, options: { readonly segmentBytesMax?: number } = {}): Promise<string[]> {
  const disk = new MemoryDisk();
  await fill(disk, count, options);
  return openJournal(disk).entries.map(({ data }) => data);
}

function recoveredCount(disk: MemoryDisk): number | string {
  try {
    return openJournal(disk).entries.length;
  } catch (error) {
    return error instanceof CalybrisError ? error.code : String(error);
  }
}

test("a journal torn at any byte, its head too, keeps every whole entry before the tear and sets the rest aside", async () => {
  const disk = new MemoryDisk();
  await fill(disk, 3);
  const whole = trimmed(disk);
  const ends = [...whole.keys()].filter((index) => whole[index] === 0x0a).map((index) => index + 1);
  // Every place about the end of a line, and of those within lines, which are alike, some.
  const isTried = (cut: number): boolean => cut % stride(17) === 0 || ends.some((end) => Math.abs(end - cut) < 3);
  for (let cut = 0; cut <= whole.byteLength; cut++) {
    if (!isTried(cut)) continue;
    const torn = withSegment(whole.subarray(0, cut));
    const entries = ends.filter((end) => end <= cut).length;
    expect(recoveredCount(torn), `cut at ${cut}`).toBe(entries);
    expect(recoveredCount(torn), `recovered again, cut at ${cut}`).toBe(entries);
    expect(inspectHead(torn, "").state === "whole", `the head written anew, cut at ${cut}`).toBe(entries > 0);
  }
});

test("a journal torn before what its head names is refused, not shortened", async () => {
  const disk = new MemoryDisk();
  await fill(disk, 3);
  const whole = trimmed(disk);
  for (let cut = 1; cut < whole.byteLength; cut += 7) {
    expect(recoveredCount(withSegment(whole.subarray(0, cut), disk.files.get(HEAD_FILE)))).toBe("CAL_JOURNAL_CORRUPT");
  }
});

test("any flipped bit of a journal with its head is refused", async () => {
  const disk = new MemoryDisk();
  await fill(disk, 3);
  const whole = trimmed(disk);
  const head = disk.files.get(HEAD_FILE);
  for (let bit = 0; bit < 8 * (whole.byteLength - 1); bit += stride(7)) {
    const flipped = whole.slice();
    const at = bit >> 3;
    flipped[at] = (flipped[at] as number) ^ (1 << (bit & 7));
    // An assertion for each bit takes longer than the recovery.
    const found = recoveredCount(withSegment(flipped, head));
    if (found !== "CAL_JOURNAL_CORRUPT") expect.fail(`bit ${bit & 7} of byte ${at}: ${found}`);
  }
});

test("what is set aside is kept whole, and recovery leaves the same files when it is run again", async () => {
  const disk = new MemoryDisk();
  await fill(disk, 3);
  const whole = trimmed(disk);
  const torn = withSegment(whole.subarray(0, whole.byteLength - 10));
  const { recovered } = openJournal(torn);
  expect(recovered.setAside).toMatchObject({ fromSequence: 3 });
  const aside = torn.files.get(recovered.setAside?.file ?? "");
  expect(aside?.byteLength).toBe(recovered.setAside?.bytes);
  const before = trimmed(torn);
  expect(openJournal(torn).recovered.setAside).toBeUndefined();
  expect(trimmed(torn)).toEqual(before);
});

describe("after a failure of the disk", () => {
  test.each([
    ["a failed write", "write", "fail", 1],
    ["a short write", "write", "short", 1],
    ["a failed sync", "syncData", "fail", 2],
  ] as const)("%s kills the writer, and nothing is acknowledged or synced again", async (_name, call, fault, kept) => {
    const submitted = await submittedBy(2);
    const disk = new MemoryDisk();
    const { journal } = openJournal(disk);
    await journal.append(body(1)).durable;
    disk.fault = (made) => (made === call ? fault : undefined);
    await expect(journal.append(body(2)).durable).rejects.toMatchObject({ code: "CAL_JOURNAL_FAILED" });
    const calls = disk.calls.length;
    disk.fault = () => undefined;
    expect(() => journal.append(body(3))).toThrow(expect.objectContaining({ code: "CAL_JOURNAL_FAILED" }));
    expect(disk.calls.length).toBe(calls);
    const { entries } = openJournal(disk.copy());
    expect(entries.map(({ data }) => data)).toEqual(submitted.slice(0, kept));
  });

  test("each call of a small workload failing in turn: acknowledged ⊆ recovered ⊆ submitted", async () => {
    const clean = new MemoryDisk();
    await fill(clean, 6, { segmentBytesMax: 1_200 });
    const submitted = await submittedBy(6, { segmentBytesMax: 1_200 });
    for (let index = 0; index < clean.calls.length; index++) {
      for (const fault of ["fail", "short"] as const) {
        const disk = new MemoryDisk();
        disk.fault = (_call, made) => (made === index ? fault : undefined);
        const acknowledged: number[] = [];
        try {
          const { journal } = openJournal(disk, { segmentBytesMax: 1_200 });
          for (let number = 1; number <= 6; number++) {
            const { sequence, durable } = journal.append(body(number));
            await durable;
            acknowledged.push(sequence);
          }
        } catch {
          // The fault under test: opening or appending was refused.
        }
        const recovered = openJournal(disk.copy()).entries.map(({ data }) => data);
        expect(recovered, `${fault} at call ${index}`).toEqual(submitted.slice(0, recovered.length));
        expect(recovered.length).toBeGreaterThanOrEqual(acknowledged.at(-1) ?? 0);
      }
    }
  });
});

test("a segment is rotated at every possible boundary and the chain stays whole", async () => {
  for (let bytes = 100; bytes <= 4_000; bytes += 130 * stride(2)) {
    const disk = new MemoryDisk();
    const acknowledged = await fill(disk, 12, { segmentBytesMax: bytes });
    const { entries, journal } = openJournal(disk);
    expect(entries.length).toBe(acknowledged.at(-1));
    await journal.append(body(13)).durable;
    expect(openJournal(disk).entries.length).toBe(entries.length + 1);
  }
});

test("a full queue refuses at once, and nothing of what it refused is ordered", async () => {
  const { journal } = openJournal(new MemoryDisk(), { waitingMax: 4 });
  const accepted = [1, 2, 3, 4].map((number) => journal.append(body(number)).durable);
  expect(() => journal.append(body(5))).toThrow(
    expect.objectContaining({ code: "CAL_JOURNAL_OVERLOADED", status: 429 }),
  );
  await Promise.all(accepted);
  expect(journal.sequence).toBe(4);
});
