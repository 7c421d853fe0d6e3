import { expect, test } from "vitest";
import { historyOf } from "./history.ts";
import { type Seen, searchHistories } from "./search-histories.ts";

// Goal: no honest journal is called broken, whatever callers, operators, clocks and processes do.
// Method: random histories through the engine's public interface, audited from the bytes of their journals alone.

const HISTORIES = 150;
/** What the histories have to meet, or they say nothing of it. */
const MET: readonly string[] = [
  ...["genesis", "policy", "decision", "seal", "checkpoint", "belief", "regimes", "prior", "certificate", "outcome"],
  ...["limit", "grant", "period", "settlement", "release", "hold", "expiry", "reconciliation", "correction"],
  ...["taught", "contradiction", "late, lost or left alone", "holdout", "anomaly", "explored", "by a tracker"],
  ...["by a certificate", "short of room and learning", "request id", "rejected", "substituted"],
];

test("a history follows from its seed alone", () => {
  expect(historyOf(7)).toEqual(historyOf(7));
  expect(historyOf(7)).not.toEqual(historyOf(8));
});

test("random honest histories are whole from their bytes alone, and fold to the engine's state", {
  timeout: 240_000,
}, async () => {
  const seen: Seen = new Map();
  await searchHistories(0, HISTORIES, seen);
  expect(MET.filter((what) => !seen.has(what))).toEqual([]);
});
