import { SNAPSHOT_PAGE_RECORDS, SnapshotMembers, writeExact } from "@calybris/kernel";
import fc from "fast-check";
import { expect, test } from "vitest";
import { nodeSha256 } from "../../src/journal/chain-hash.ts";
import { CallAttempts, CallTable } from "../../src/ledger/call-table.ts";

// Goal: the lines and the text of the calls that are open are those of a table that was filled with them just now, however calls
// came and went since the last snapshot; a line in which nothing changed is the one that was taken before.
// Method: random calls, attempts and ends on a table of several lines, against the definition in docs/formats.md section 6.

interface Change {
  readonly what: "begin" | "attempt" | "cost" | "unknown" | "end";
  readonly place: number;
  readonly amount: number;
}

const change: fc.Arbitrary<Change> = fc.record({
  what: fc.constantFrom("begin", "attempt", "cost", "unknown", "end"),
  place: fc.nat(5_000),
  amount: fc.nat(1_000_000),
});

/** By the definition, without anything kept. */
function definition(model: ReadonlyMap<number, CallAttempts>): readonly string[] {
  const rows = [...model].map(([of, { rows: attempts, endedCounts }]) => ({ of, attempts, endedCounts }));
  const lines: string[] = [];
  for (let from = 0; from < rows.length; from += SNAPSHOT_PAGE_RECORDS.open)
    lines.push(writeExact({ part: "calls", rows: rows.slice(from, from + SNAPSHOT_PAGE_RECORDS.open) }));
  return lines;
}

function textsOf(table: CallTable): readonly string[] {
  return [...table.lines()].map((line) => {
    expect(line.digest).toEqual(nodeSha256(line.bytes()));
    return Buffer.from(line.bytes()).toString();
  });
}

const first = (amount: number): CallAttempts => new CallAttempts([]).begun(BigInt(amount), [amount % 3, 1]);

function changed(attempts: CallAttempts, { what, amount }: Change): CallAttempts {
  if (what === "attempt") return attempts.begun(BigInt(amount), [amount % 5]);
  return attempts.ended(attempts.count, what === "cost" ? BigInt(amount) : undefined);
}

test("whatever becomes of calls between snapshots, their lines and their text are those of the definition", () => {
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 40 }), { minLength: 1, maxLength: 6 }), (rotations) => {
      const table = new CallTable();
      const model = new Map<number, CallAttempts>();
      let next = 1;
      const begin = (amount: number): void => {
        const attempts = first(amount);
        table.set(next, attempts);
        model.set(next, attempts);
        next += 1;
      };
      for (let count = 0; count < 2 * SNAPSHOT_PAGE_RECORDS.open + 100; count++) begin(count);
      for (const changes of rotations) {
        for (const each of changes) {
          if (each.what === "begin") begin(each.amount);
          const of = each.place % next;
          const attempts = model.get(of);
          if (attempts === undefined) continue;
          if (each.what === "end") {
            table.delete(of);
            model.delete(of);
          } else if (each.what !== "begin") {
            const after = changed(attempts, each);
            table.set(of, after);
            model.set(of, after);
          }
        }
        expect(textsOf(table)).toEqual(definition(model));
        expect(table.text()).toBe(writeExact([...model].map(([of, { rows }]) => [of, ...rows])));
        const restored = new CallTable();
        for (const line of textsOf(table)) restored.restore(new SnapshotMembers(line));
        expect(textsOf(restored)).toEqual(textsOf(table));
      }
    }),
    { numRuns: 40 },
  );
});

test("a line in which no call changed is not made again, and what was taken stays as it was", () => {
  const table = new CallTable();
  const count = 3 * SNAPSHOT_PAGE_RECORDS.open;
  for (let of = 1; of <= count; of++) table.set(of, first(of));
  const before = [...table.lines()];
  const texts = before.map((line) => Buffer.from(line.bytes()).toString());
  table.set(SNAPSHOT_PAGE_RECORDS.open + 7, first(1).ended(1, 5n));
  const after = [...table.lines()];
  expect(after.map((line, index) => line === before[index])).toEqual([true, false, true]);
  expect(before.map((line) => Buffer.from(line.bytes()).toString())).toEqual(texts);
  expect(after[1]?.digest).not.toEqual(before[1]?.digest);
});
