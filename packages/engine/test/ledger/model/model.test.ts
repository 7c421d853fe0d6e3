import { expect, test } from "vitest";
import { trySequences } from "./search.ts";

test("whatever is done to the ledger, it agrees with the simplest that could be right, live and folded from its text", async () => {
  expect(await trySequences(1, 250)).toBe(250);
});

test("whatever is done to an engine, its ledger agrees with the simplest that could be right, and so it does restarted", async () => {
  expect(await trySequences(2, 15, "engine")).toBe(15);
});
