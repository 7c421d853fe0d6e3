import { HOLD_CAUSES, OPEN_RECORDS } from "@calybris/kernel";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Account, newAccount } from "../../src/ledger/account.ts";
import { DueHeap } from "../../src/ledger/due-heap.ts";
import { type Open, OpenTable } from "../../src/ledger/open-table.ts";

// Goal: the columns hold what a Map of objects would hold, over pages that begin, empty and go, and their text is that of
// the rows at any moment; the heap gives what sorting would give.
// Method: random operations against the Map and the sorted list. Steps between sequences are often as large as a page.

const ACCOUNT: Account = newAccount(
  0,
  { kind: "limit", tenant: "acme", metered: true, whenShort: "reject", reservationSeconds: 60, actor: "system:test" },
  undefined,
);

const OTHER: Account = newAccount(1, ACCOUNT.limit, ACCOUNT);
const TAKEN: readonly Pick<Open, "tenant" | "parts">[] = [
  { tenant: ACCOUNT, parts: [] },
  { tenant: ACCOUNT, parts: [{ account: ACCOUNT, endedCount: 3 }] },
  { tenant: OTHER, parts: [{ account: OTHER, endedCount: 0 }] },
  { tenant: OTHER, parts: OTHER.path.map((account, level) => ({ account, endedCount: level })) },
];

/** A row of a snapshot, by the definition of its columns. */
function recordOf({ of, tenant, parts, amountMicrocents, expiresAt, knownMicrocents, held }: Open): object {
  const level = (at: number): number => {
    const part = parts.find(({ account }) => account === tenant.path[at]);
    return part === undefined ? 0 : part.endedCount + 1;
  };
  const heldCause = held === undefined ? 0 : HOLD_CAUSES.indexOf(held.cause as "timeout") + 1;
  return {
    of,
    tenant: tenant.index,
    amountMicrocents,
    expiresAt,
    heldBy: held?.sequence ?? 0,
    heldCause,
    knownMicrocents,
    claimedMicrocents: held?.claimedMicrocents ?? -1n,
    level1: level(0),
    level2: level(1),
    level3: level(2),
    level4: level(3),
  };
}

function recordsIn(line: Uint8Array): object[] {
  const { bytes } = JSON.parse(Buffer.from(line).toString()) as { bytes: string };
  const view = new DataView(Uint8Array.from(Buffer.from(bytes, "base64url")).buffer);
  const count = view.byteLength / OPEN_RECORDS.byteLength;
  return Array.from({ length: count }, (_, row) => OPEN_RECORDS.read(view, row * OPEN_RECORDS.byteLength));
}

const operation = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("add" as const),
      step: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3_000 })),
      identity: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      amount: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
      expiresAt: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      taken: fc.constantFrom(...TAKEN),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("delete" as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("hold" as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("look" as const) }) },
);

test("open reservations in columns equal a Map of objects, and their text is that of its rows", () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 120 }), fc.nat(2 ** 40), (operations, from) => {
      const table = new OpenTable();
      const model = new Map<number, Open>();
      let of = from;
      const look = (): void => {
        expect([...table.all()]).toEqual([...model.values()]);
        const rows = [...model.values()].map(
          ({ of, amountMicrocents, knownMicrocents, expiresAt, held }) =>
            `[${of},${amountMicrocents},${expiresAt},${held?.sequence ?? 0},${knownMicrocents}]`,
        );
        expect([...table.texts()].join("")).toBe(rows.join(","));
        expect(table.size).toBe(model.size);
        expect([...table.lines()].flatMap(({ bytes }) => recordsIn(bytes()))).toEqual(
          [...model.values()].map(recordOf),
        );
      };
      for (const each of operations) {
        const known = [...model.keys()];
        if (each.kind === "look") look();
        else if (each.kind === "add") {
          of += each.step;
          const { identity, amount: amountMicrocents, expiresAt, taken } = each;
          const open = { of, identity, ...taken, amountMicrocents, expiresAt };
          table.add(open);
          model.set(of, { ...open, knownMicrocents: 0n, held: undefined });
        } else {
          const chosen = known[each.which % known.length];
          if (chosen === undefined) continue;
          if (each.kind === "delete") {
            table.delete(chosen);
            table.delete(chosen);
            model.delete(chosen);
            expect(table.has(chosen)).toBe(false);
            expect(table.get(chosen)).toBeUndefined();
          } else {
            const knownMicrocents = BigInt(each.which % 3);
            const held = { sequence: of + 1, cause: "timeout" as const, knownMicrocents, claimedMicrocents: undefined };
            table.hold(chosen, { ...held, expiresAt: undefined });
            model.set(chosen, { ...(model.get(chosen) as Open), knownMicrocents, held });
            expect(table.get(chosen)).toEqual(model.get(chosen));
          }
        }
      }
      look();
    }),
    { numRuns: 300 },
  );
});

test("reservations fall due in the order of their times, and of their decisions where times are equal", () => {
  const due = fc.record({ time: fc.oneof(fc.nat(5), fc.nat(2 ** 50)), pops: fc.nat(2), keeps: fc.nat(20) });
  fc.assert(
    fc.property(fc.array(due, { maxLength: 3_000 }), (each) => {
      const heap = new DueHeap();
      let model: { time: number; of: number }[] = [];
      for (const [of, { time, pops, keeps }] of each.entries()) {
        heap.push(time, of);
        model.push({ time, of });
        model.sort((a, b) => a.time - b.time || a.of - b.of);
        for (let pop = 0; pop < pops; pop++) {
          heap.pop();
          model.shift();
        }
        if (keeps === 0) {
          heap.keep((kept) => kept % 3 !== 0);
          model = model.filter((kept) => kept.of % 3 !== 0);
        }
        expect(heap.length).toBe(model.length);
        expect(heap.firstTime).toBe(model[0]?.time ?? Number.POSITIVE_INFINITY);
        if (model[0] !== undefined) expect(heap.first).toBe(model[0].of);
      }
    }),
    { numRuns: 40 },
  );
});
