import { expect, test } from "vitest";
import { searchFlips } from "./search.ts";

// Goal: no damage to a journal goes unnoticed, by recovery or by the audit, and no promised entry is given up.
// Method: bytes flipped, cut and taken out, entries doubled, swapped, left out and taken from another journal, tails
// forged with hashes that fit; plain and keyed. This is a sample; `npm run torture -- flip` is all.

test("damage is refused, or set aside behind all that was promised; a forged tail is caught by a head kept elsewhere, and by the key", async () => {
  const counts = await searchFlips({ seed: 1, bits: 1, every: 120, auditEvery: 4 });
  expect(counts.damages).toBeGreaterThan(300);
  expect(counts.refused).toBeGreaterThan(counts.setAside);
  expect(counts.setAside).toBeGreaterThan(0);
});
