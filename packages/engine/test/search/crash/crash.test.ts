import { expect, test } from "vitest";
import { SHORT, searchCrashes } from "./workloads.ts";

// Goal: whatever a power loss or a kill leaves on the disk, the journal that is recovered is the one that was promised.
// Method: every moment of short lives, and every disk that may be found then (images.ts). This is the short form;
// `npm run torture -- crash` looks at a million.

test("every legal crash of short workloads: acknowledged ⊆ recovered ⊆ submitted, recovery repeats, nothing is decided or paid twice", async () => {
  const counts = await searchCrashes({ seed: 1, states: 0, size: SHORT });
  expect(counts.states).toBeGreaterThan(1_000);
  expect(counts.processes).toBeGreaterThan(10);
  expect(counts.fromSnapshots).toBeGreaterThan(5);
});
