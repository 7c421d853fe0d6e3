import { expect, test } from "vitest";
import { isOpen, plantLies, plantWildLies, tableText } from "./plant-lies.ts";

// Goal: a writer of a journal, even one that chains correctly, cannot lie about anything that it implies.
// Method: every member of every kind of entry, changed in journals of random honest histories.

/** One short journal with most members here; `planted-lies.long.test.ts` has more, and the long search is in `test/torture/`. */
const SEED = 5;

test("a lie about any member that the journal implies is noticed", { timeout: 240_000 }, async () => {
  const table = await plantLies(SEED, 1, 1);
  const missed = [...table].filter(([member, row]) => row.missed.length > 0 && !isOpen(member));
  expect(tableText(new Map(missed))).toBe("");
  expect(table.size).toBeGreaterThan(200);
});

test("whatever a member holds, the audit ends and says so", { timeout: 240_000 }, async () => {
  expect(await plantWildLies(SEED, 2, 15)).toBe(30);
});
