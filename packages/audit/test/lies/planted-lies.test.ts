import { expect, test } from "vitest";
import { isOpen, plantLies, plantWildLies, tableText } from "./plant-lies.ts";

// Goal: whoever may write a journal, and chains what he writes, cannot lie about anything that it implies.
// Method: every member of every kind of entry, changed in journals of random honest histories.

const JOURNALS = 14;
/** Members of all kinds of entries together; fewer, and a kind was not met. */
const MEMBERS_MIN = 260;

test("a lie about any member that the journal implies is noticed", { timeout: 240_000 }, async () => {
  const table = await plantLies(0, JOURNALS, 1);
  expect(table.size).toBeGreaterThan(MEMBERS_MIN);
  const missed = [...table].filter(([member, row]) => row.missed.length > 0 && !isOpen(member));
  expect(tableText(new Map(missed))).toBe("");
});

test("whatever a member holds, the audit ends and says so", { timeout: 240_000 }, async () => {
  expect(await plantWildLies(0, 10, 20)).toBe(200);
});
