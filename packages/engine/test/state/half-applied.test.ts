import { expect, test } from "vitest";
import { searchHalfApplied } from "../search/state-search.ts";

// Goal: an entry changes every part of the state, or none.
// Method: entries that differ from honest ones in one member (state-search.ts).

test("an entry that the state refuses changes no part of it, and the honest entry is taken after it", async () => {
  const refused = await searchHalfApplied(1, 2);
  const kinds = ["decision", "grant", "limit", "period", "settlement", "state", "outcome", "correction"];
  expect([...refused.keys()]).toEqual(expect.arrayContaining(kinds));
});
