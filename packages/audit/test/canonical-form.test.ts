import {
  CalybrisError,
  type ExactJson,
  parseEntryBody,
  parseEntryHead,
  parseExact,
  writeExact,
} from "@calybris/kernel";
import { expect, test } from "vitest";
import { sampleSnapshot } from "../../engine/test/support/sample-snapshot.ts";
import { moneyJournal } from "./money-journal.ts";

// An entry has one form. Whatever else means the same is refused, also where it is as long: a hash covers bytes, and two
// texts of one entry would be two entries.

const snapshot = sampleSnapshot();
const MALFORMED = "CAL_JOURNAL_ENTRY_MALFORMED";

function problemOf(data: string): string {
  const head = parseEntryHead(data);
  if (head === undefined) return "no head";
  try {
    const body = parseEntryBody(head, data, () => snapshot);
    return body === undefined ? MALFORMED : "accepted";
  } catch (error) {
    return error instanceof CalybrisError ? error.code : String(error);
  }
}

/** The same members, two neighbours the other way round: equal in length. */
function swapped(data: string, first: number): string {
  const members = Object.entries(parseExact(data) as object) as [string, ExactJson][];
  const [one, other] = [members[first], members[first + 1]];
  if (one === undefined || other === undefined) throw new Error("no such member");
  return writeExact(Object.fromEntries(members.with(first, other).with(first + 1, one)));
}

test("an entry of any kind with two members swapped is refused, though it is as long and means the same", async () => {
  const byKind = new Map((await moneyJournal()).map((data) => [parseEntryHead(data)?.kind, data]));
  expect(byKind.size).toBeGreaterThan(9);
  for (const [kind, data] of byKind) {
    expect(writeExact(parseExact(data)), kind).toBe(data);
    expect(problemOf(data), kind).toBe("accepted");
    const count = Object.keys(parseExact(data) as object).length;
    // The four members of the head have their own check.
    for (let first = 4; first + 1 < count; first++) {
      const other = swapped(data, first);
      expect(other.length).toBe(data.length);
      expect(problemOf(other), `${kind}, member ${first}`).toBe(MALFORMED);
    }
  }
});
