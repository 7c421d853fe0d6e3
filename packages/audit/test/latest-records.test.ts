import { nodeSha256 } from "@calybris/engine/internal";
import { CLOSED_RECORDS, SnapshotMembers, toHex } from "@calybris/kernel";
import fc from "fast-check";
import { expect, test } from "vitest";
import { LatestRecords } from "../src/latest-records.ts";
import { RecordPages } from "../src/record-pages.ts";

// Goal: a hash table of numbers over pages of bytes remembers what a Map of the latest would, in its order, and its pages are those
// that the same records leave. Method: random records, of few decisions and of many, beside a Map and beside pages of their own.

const ROWS = 4;
type Closed = ReturnType<typeof CLOSED_RECORDS.read>;

function recordOf(of: number, sequence: number): Closed {
  const levels = { level1: 1, level2: 0, level3: 2, level4: 0 };
  return { of, tenant: of % 3, state: 1, sequence, actualMicrocents: BigInt(sequence) * 7n, ...levels };
}

const decision = fc.oneof(
  fc.integer({ min: 1, max: 12 }),
  fc.integer({ min: 1, max: 4_000 }),
  // Decisions whose low halves are equal.
  fc.integer({ min: 0, max: 5 }).map((high) => high * 2 ** 32 + 1),
);

test("the latest are found, in their order, and the oldest is let go", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.array(decision, { maxLength: 300 }), (most, decisions) => {
      const latest = new LatestRecords("closed", CLOSED_RECORDS, ROWS, nodeSha256, most);
      const pages = new RecordPages("closed", CLOSED_RECORDS, ROWS, nodeSha256);
      const model = new Map<number, { readonly record: Closed; readonly number: number; note: number }>();
      for (const [index, of] of decisions.entries()) {
        const record = recordOf(of, index + 1);
        const before = model.get(of);
        if (before !== undefined) pages.erase(before.number);
        model.delete(of);
        model.set(of, { record, number: pages.append(record), note: index });
        latest.take(record, index);
        if (model.size > most) {
          const [oldest, { number }] = [...model][0] as [number, { readonly number: number }];
          pages.erase(number);
          model.delete(oldest);
        }
        const asked = decisions[(index * 7) % decisions.length] as number;
        expect(latest.get(asked)).toEqual(model.get(asked)?.record);
        expect(latest.noteOf(asked)).toBe(model.get(asked)?.note ?? 0);
      }
      expect([...latest]).toEqual([...model.values()].map(({ record }) => record));
      expect([...latest.digests()].map(toHex)).toEqual([...pages.digests()].map(toHex));
    }),
    { numRuns: 400 },
  );
});

test("a note is kept with its record, and nowhere else", () => {
  const latest = new LatestRecords("closed", CLOSED_RECORDS, ROWS, nodeSha256, 9);
  latest.take(recordOf(5, 6));
  latest.note(5, 0xffff_ffff);
  latest.note(6, 1);
  expect([latest.noteOf(5), latest.noteOf(6)]).toEqual([0xffff_ffff, 0]);
});

test("a line that names a decision twice is refused", () => {
  const latest = new LatestRecords("closed", CLOSED_RECORDS, ROWS, nodeSha256, 9);
  const bytes = new Uint8Array(2 * CLOSED_RECORDS.byteLength);
  for (const row of [0, 1])
    CLOSED_RECORDS.write(new DataView(bytes.buffer), row * CLOSED_RECORDS.byteLength, recordOf(5, 6));
  const line = { part: "closed", page: 0, bytes: Buffer.from(bytes).toString("base64url") };
  expect(() => latest.restore(new SnapshotMembers(JSON.stringify(line)))).toThrow("two records");
});
