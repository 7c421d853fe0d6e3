import { expect, test } from "vitest";
import { searchSnapshots } from "../search/snapshot-search.ts";

// Goal: a snapshot and the entries after it are the whole fold, wherever the journal is cut; and a snapshot that is not the
// one that the journal binds is never used.
// Method: random honest journals, and their directories with every damage (snapshot-search.ts).

test("at every cut a snapshot is restored and folded on to the whole fold, and a damaged one is refused for an older one or none", async () => {
  const counts = await searchSnapshots(1, 2);
  expect(counts.cuts).toBeGreaterThan(100);
  expect(counts.damages).toBeGreaterThan(150);
  expect(counts.older).toBeGreaterThan(150);
  expect(counts.whole).toBe(2);
});
