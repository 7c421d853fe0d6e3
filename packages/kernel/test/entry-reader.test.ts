import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { scanMembers } from "../src/entry-table.ts";
import { ENTRY_TABLES, readBody } from "../src/entry.ts";
import {
  type EntryBody,
  entryData,
  entryDataTail,
  type EntryHead,
  parseEntryBody,
  parseEntryHead,
  parseExact,
} from "../src/index.ts";

// Goal: of every kind beside decisions, the reader that takes an entry straight from its text says what the general one says, or
// nothing. Method: every vector, as it is and with a piece of its text altered, through both.

type Kind = keyof typeof ENTRY_TABLES;

const FILE = join(import.meta.dirname, "../../../conformance/vectors/entries.jsonl");
const VECTORS = readFileSync(FILE, "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line) as { readonly reads: string; readonly data: string })
  .filter(({ reads, data }) => reads === "yes" && isTabled(data))
  .map(({ data }) => data);
/** Of objects, and of text with an escape, the general reader is asked. */
const GENERAL_ONLY: readonly string[] = ["genesis", "policy", "prior", "key", "limit", "checkpoint"];

function isTabled(data: string): boolean {
  const head = parseEntryHead(data);
  return head !== undefined && Object.hasOwn(ENTRY_TABLES, head.kind);
}

function readStraight(data: string): EntryBody | undefined {
  const head = parseEntryHead(data);
  if (head === undefined || !Object.hasOwn(ENTRY_TABLES, head.kind)) return undefined;
  const lead = `"kind":"${head.kind}"`;
  const from = data.indexOf(lead) + lead.length;
  return scanMembers(ENTRY_TABLES[head.kind as Kind], head.kind, data, from) as EntryBody | undefined;
}

/** By way of JSON alone, and held to what would be written; `undefined` when it is refused. */
function readGenerally(data: string): EntryBody | undefined {
  try {
    const head = parseEntryHead(data) as EntryHead;
    const { sequence: _, durable: _d, at: _a, kind: _k, ...members } = parseExact(data) as Record<string, never>;
    const body = readBody(head.kind as Kind, members);
    const again = entryData(head.sequence, head.durable, entryDataTail({ sequence: head.sequence, at: head.at, body }));
    return again === data ? body : undefined;
  } catch {
    return undefined;
  }
}

test("what is written as everyday entries are is read as by way of JSON", () => {
  const left = new Set<string>();
  for (const data of VECTORS) {
    const [straight, general, head] = [readStraight(data), readGenerally(data), parseEntryHead(data) as EntryHead];
    expect(general, data).toBeDefined();
    if (straight === undefined) left.add(head.kind);
    else expect(straight, data).toEqual(general);
    expect(parseEntryBody(head, data, never)).toEqual(general);
  }
  expect([...left].filter((kind) => !GENERAL_ONLY.includes(kind))).toEqual([]);
});

test("what is altered anywhere is read alike, or left to the general reader", () => {
  const pieces = [
    "",
    "0",
    "00",
    "-",
    "-0",
    "1",
    ".0",
    "e3",
    '"',
    "\\",
    ",",
    "}",
    "]",
    "[",
    " ",
    "null",
    "true",
    "\u0000",
  ];
  const larger = [
    '"of":1,',
    "9007199254740991",
    "9007199254740992",
    "18446744073709551616",
    "[1,2,3]",
    "10000",
    "\ud83d",
  ];
  let accepted = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(...VECTORS),
      fc.nat(),
      fc.nat(6),
      fc.constantFrom(...pieces, ...larger),
      (written, where, removed, piece) => {
        const from = written.indexOf('"kind"') + 8;
        const at = from + (where % (written.length - from + 1));
        const altered = written.slice(0, at) + piece + written.slice(at + removed);
        const straight = readStraight(altered);
        if (straight === undefined) return;
        accepted += 1;
        expect(straight, altered).toEqual(readGenerally(altered));
      },
    ),
    { numRuns: 20_000 },
  );
  expect(accepted).toBeGreaterThan(100);
});

test("members that change places, come twice or belong to another kind are read alike", () => {
  fc.assert(
    fc.property(fc.constantFrom(...VECTORS), fc.constantFrom(...VECTORS), fc.nat(), fc.nat(), (one, other, a, b) => {
      const members = one.slice(one.indexOf('"kind"'), -1).split(/,(?=")/);
      const others = other.slice(other.indexOf('"kind"'), -1).split(/,(?=")/);
      const moved = [...members];
      moved.splice(1 + (a % members.length), b % 2, others[b % others.length] ?? "");
      const altered = `${one.slice(0, one.indexOf('"kind"'))}${moved.join(",")}}`;
      const straight = readStraight(altered);
      if (straight !== undefined) expect(straight, altered).toEqual(readGenerally(altered));
    }),
    { numRuns: 5_000 },
  );
});

function never(): never {
  throw new RangeError("no decision is read");
}
