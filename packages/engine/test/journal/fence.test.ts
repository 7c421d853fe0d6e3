import { expect, test } from "vitest";
import { LOSSES, searchFences } from "../search/fence-search.ts";

test("a journal or its lock removed or replaced under an open engine: nothing more is acknowledged", async () => {
  expect(await searchFences()).toBe(Object.keys(LOSSES).length + 3);
});
