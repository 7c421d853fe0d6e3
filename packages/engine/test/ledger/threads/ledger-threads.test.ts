import { expect, test } from "vitest";
import { CREDITED, History, REFUSED, RESERVED, UNDONE } from "./history.ts";
import { linearize } from "./linearizable.ts";
import { raceThreads } from "./threads.ts";

/** Histories of threads: each operation with its tickets. */
function historiesOf(
  ...threads: readonly (readonly {
    readonly from: number;
    readonly to: number;
    readonly did: number;
    readonly amount: number;
  }[])[]
): readonly History[] {
  const tickets = new SharedArrayBuffer(4);
  const counter = new Int32Array(tickets);
  return threads.map((operations) => {
    const history = History.withRoomFor(operations.length, tickets);
    for (const { from, to, did, amount } of operations) {
      counter[0] = to;
      history.add(from, did, amount);
    }
    return history;
  });
}

test("8 real threads on one tenant: the whole history is linearizable and the totals are exact", async () => {
  const raced = await raceThreads({ workers: 8, operations: 60_000, seed: 1 });
  console.log(JSON.stringify(raced));
  expect(raced.operations).toBeGreaterThanOrEqual(60_000);
  expect(raced.overlapped).toBeGreaterThan(0);
});

test("a history in which two took the same headroom has no order", () => {
  const both = historiesOf(
    [{ from: 0, to: 2, did: RESERVED, amount: 6 }],
    [{ from: 1, to: 3, did: RESERVED, amount: 6 }],
  );
  expect(() => linearize(both, 10)).toThrow("no order explains");
  expect(linearize(both, 12)).toMatchObject({ value: 0, operations: 2, overlapMax: 2 });
});

test("a refusal has an order only if there was a moment without headroom while it lasted", () => {
  const taken = { from: 0, to: 1, did: RESERVED, amount: 6 };
  const undone = { from: 4, to: 5, did: UNDONE, amount: 6 };
  const refusedAt = (from: number, to: number): readonly History[] =>
    historiesOf([taken, undone], [{ from, to, did: REFUSED, amount: 6 }]);
  expect(linearize(refusedAt(2, 3), 10).value).toBe(10);
  expect(() => linearize(refusedAt(6, 7), 10)).toThrow("no order explains");
});

test("what is reserved from a credit that began later has no order", () => {
  const credit = { from: 2, to: 3, did: CREDITED, amount: 5 };
  const reserve = (from: number, to: number): readonly History[] =>
    historiesOf([credit], [{ from, to, did: RESERVED, amount: 5 }]);
  expect(() => linearize(reserve(0, 1), 0)).toThrow("no order explains");
  expect(linearize(reserve(1, 4), 0).value).toBe(0);
});
