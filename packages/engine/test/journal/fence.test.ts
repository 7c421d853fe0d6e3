import { expect, test } from "vitest";
import { LOSSES, searchFences } from "../search/fence-search.ts";

test("whoever removes or replaces a journal or its lock under an open engine: nothing more is acknowledged", async () => {
  expect(await searchFences()).toBe(Object.keys(LOSSES).length + 3);
});
