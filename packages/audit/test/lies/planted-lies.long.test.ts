import { expect, test } from "vitest";
import { isOpen, plantLies, plantWildLies, tableText } from "./plant-lies.ts";

const FROM = 1_000;
const JOURNALS = 25;
/** Members of all kinds of entries together; fewer, and a kind was not met. */
const MEMBERS_MIN = 270;

test("two lies about each member of all kinds of entries: what a journal implies is noticed", async () => {
  const table = await plantLies(FROM, JOURNALS, 2);
  const missed = [...table].filter(([member, row]) => row.missed.length > 0 && !isOpen(member));
  expect(tableText(new Map(missed))).toBe("");
  expect(table.size).toBeGreaterThan(MEMBERS_MIN);
});

test("whatever a member holds, the audit ends and says so", async () => {
  expect(await plantWildLies(0, 5, 20)).toBe(100);
});
