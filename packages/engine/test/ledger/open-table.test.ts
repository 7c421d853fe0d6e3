import { HELD_RECORDS, HOLD_CAUSES, OPEN_PAGES_YOUNG, OPEN_RECORDS } from "@calybris/kernel";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Account, newAccount } from "../../src/ledger/account.ts";
import { nodeSha256 } from "../../src/journal/chain-hash.ts";
import { DueHeap } from "../../src/ledger/due-heap.ts";
import { type Open, OpenTable } from "../../src/ledger/open-table.ts";

// Goal: the columns hold what a Map of objects would hold, over pages that begin, empty and go, and their text is that of
// the rows at any moment; the heap gives what sorting would give.
// Method: random operations against the Map and the sorted list. Steps between sequences are often as large as a page.

const ACCOUNT: Account = newAccount(
  0,
  { kind: "limit", tenant: "acme", metered: true, onShortfall: "reject", reservationSeconds: 60, actor: "system:test" },
  undefined,
);

const OTHER: Account = newAccount(1, ACCOUNT.limit, ACCOUNT);
const TAKEN: readonly Pick<Open, "account" | "parts">[] = [
  { account: ACCOUNT, parts: [] },
  { account: ACCOUNT, parts: [{ account: ACCOUNT, endedCount: 3 }] },
  { account: OTHER, parts: [{ account: OTHER, endedCount: 0 }] },
  { account: OTHER, parts: OTHER.path.map((account, level) => ({ account, endedCount: level })) },
];

/** A record of a snapshot, by the definition of its columns. */
function recordOf({ of, account: tenant, parts, amountMicrocents, expiresAt }: Open): object {
  const level = (at: number): number => {
    const part = parts.find(({ account }) => account === tenant.path[at]);
    return part === undefined ? 0 : part.endedCount + 1;
  };
  return {
    of,
    tenant: tenant.index,
    amountMicrocents,
    expiresAt,
    level1: level(0),
    level2: level(1),
    level3: level(2),
    level4: level(3),
  };
}

interface Line {
  readonly part: string;
  readonly page: number;
  readonly bytes: Uint8Array;
}

function linesOf(table: OpenTable): readonly Line[] {
  return table.lines().map((line) => {
    const { part, page, bytes } = JSON.parse(Buffer.from(line.bytes()).toString()) as Record<keyof Line, string>;
    expect(line.digest).toEqual(nodeSha256(line.bytes()));
    return { part, page: Number(page), bytes: Uint8Array.from(Buffer.from(bytes, "base64url")) };
  });
}

function recordsIn(lines: readonly Line[], part: string, table: typeof OPEN_RECORDS | typeof HELD_RECORDS): object[] {
  return lines
    .filter((line) => line.part === part)
    .flatMap(({ bytes }) => {
      const padded = new Uint8Array(Math.ceil(bytes.byteLength / table.byteLength) * table.byteLength);
      padded.set(bytes);
      const view = new DataView(padded.buffer);
      const count = padded.byteLength / table.byteLength;
      return Array.from({ length: count }, (_, row) => table.read(view, row * table.byteLength));
    });
}

/** The sequences whose bits are set. */
function liveIn(lines: readonly Line[]): number[] {
  return lines
    .filter(({ part }) => part === "live")
    .flatMap(({ page, bytes }) =>
      [...bytes].flatMap((byte, at) =>
        [0, 1, 2, 3, 4, 5, 6, 7].filter((bit) => byte & (1 << bit)).map((bit) => page * 65_536 + at * 8 + bit),
      ),
    );
}

const operation = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("add" as const),
      step: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 1_000 })),
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

test("a page keeps its records once it is eight pages old, and anew whenever half of them are closed", () => {
  const places = fc.uniqueArray(fc.nat(1_023), { minLength: 1, maxLength: 24 });
  fc.assert(
    fc.property(places, fc.nat(24), fc.infiniteStream(fc.nat()), (rows, young, chances) => {
      const table = new OpenTable();
      const first = 1_024 * 77;
      const open = [...rows].sort((a, b) => a - b).map((row) => first + row);
      const others = { identity: 0, amountMicrocents: 1n, expiresAt: 9, account: ACCOUNT, parts: [] };
      for (const of of open) table.add({ of, ...others });
      let kept: readonly number[] | undefined;
      const look = (): void => {
        const records = recordsIn(linesOf(table), "open", OPEN_RECORDS).map((record) => (record as Open).of);
        expect(records).toEqual(open.length === 0 ? [] : (kept ?? open));
      };
      const close = (): void => {
        const [of] = open.splice((chances.next().value as number) % open.length, 1);
        table.delete(of as number);
        if (kept !== undefined && 2 * open.length <= kept.length) kept = [...open];
        look();
      };
      for (let count = 0; count < young && open.length > 0; count++) close();
      for (let page = 1; page <= OPEN_PAGES_YOUNG; page++) {
        look();
        table.reached(first + page * 1_024);
        if (page === OPEN_PAGES_YOUNG) kept = [...open];
      }
      look();
      while (open.length > 0) close();
    }),
  );
});

test("open reservations in columns equal a Map of objects, and so does what a snapshot holds of them", () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 120 }), fc.nat(2 ** 40), (operations, from) => {
      const table = new OpenTable();
      const model = new Map<number, Open>();
      /** What was ever open, and of each page the records that it keeps. */
      const ever = new Map<number, Open>();
      const kept = new Map<number, readonly number[]>();
      const inPage = (page: number): number[] => [...model.keys()].filter((each) => Math.floor(each / 1_024) === page);
      let of = from;
      const look = (): void => {
        expect([...table.all()]).toEqual([...model.values()]);
        expect(table.size).toBe(model.size);
        const lines = linesOf(table);
        expect(liveIn(lines)).toEqual([...model.keys()]);
        const pages = [...new Set([...model.keys()].map((each) => Math.floor(each / 1_024)))];
        const records = pages.flatMap((page) => kept.get(page) ?? inPage(page));
        expect(recordsIn(lines, "open", OPEN_RECORDS)).toEqual(records.map((each) => recordOf(ever.get(each) as Open)));
        const held = recordsIn(lines, "held", HELD_RECORDS).filter((record) => model.has((record as Open).of));
        const latest = new Map(held.map((record) => [(record as Open).of, record]));
        for (const { of: each, held: hold } of model.values())
          expect(latest.get(each)).toEqual(
            hold && {
              of: each,
              sequence: hold.sequence,
              cause: HOLD_CAUSES.indexOf("timeout") + 1,
              knownMicrocents: hold.knownMicrocents,
              claimedMicrocents: -1n,
              expiresAt: hold.expiresAt ?? 0,
            },
          );
      };
      for (const each of operations) {
        const known = [...model.keys()];
        if (each.kind === "look") look();
        else if (each.kind === "add") {
          for (const last = of; of < last + each.step; ) {
            of += 1;
            const page = of / 1_024 - OPEN_PAGES_YOUNG;
            table.reached(of);
            if (Number.isInteger(page) && inPage(page).length > 0) kept.set(page, inPage(page));
          }
          const { identity, amount: amountMicrocents, expiresAt, taken } = each;
          const open = { of, identity, ...taken, amountMicrocents, expiresAt };
          table.add(open);
          model.set(of, { ...open, knownMicrocents: 0n, held: undefined });
          ever.set(of, model.get(of) as Open);
        } else {
          const chosen = known[each.which % known.length];
          if (chosen === undefined) continue;
          if (each.kind === "delete") {
            table.delete(chosen);
            table.delete(chosen);
            model.delete(chosen);
            const page = Math.floor(chosen / 1_024);
            const left = inPage(page);
            if (left.length > 0 && 2 * left.length <= (kept.get(page)?.length ?? 0)) kept.set(page, left);
            expect(table.has(chosen)).toBe(false);
            expect(table.get(chosen)).toBeUndefined();
          } else {
            const knownMicrocents = BigInt(each.which % 3);
            const { expiresAt, held: before } = model.get(chosen) as Open;
            if (before !== undefined) continue;
            const later = each.which % 2 === 0 ? Math.floor(expiresAt / 2) + 1 : undefined;
            const terms = { knownMicrocents, claimedMicrocents: undefined, expiresAt: later };
            const held = { sequence: of + 1, cause: "timeout" as const, ...terms };
            table.hold(chosen, held);
            model.set(chosen, { ...(model.get(chosen) as Open), expiresAt: later ?? expiresAt, knownMicrocents, held });
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
