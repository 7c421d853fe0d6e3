import { expect, test } from "vitest";
import { type Seen, searchHistories } from "./search-histories.ts";

const FROM = 1_000;
const HISTORIES = 300;
/** What the histories have to meet, or they say nothing of it. */
const MET: readonly string[] = [
  ...["genesis", "policy", "decision", "seal", "state", "belief", "regimes", "prior", "certificate", "outcome"],
  ...["limit", "grant", "period", "settlement", "release", "hold", "expiry", "reconciliation", "correction"],
  ...["taught", "contradiction", "late, lost or left alone", "holdout", "anomaly", "explored", "by a tracker"],
  ...["by a certificate", "short of headroom and learning", "request id", "rejected", "substituted"],
];

test("some hundred honest histories are whole, and meet every kind of entry and every turn of learning", async () => {
  const seen: Seen = new Map();
  await searchHistories(FROM, HISTORIES, seen);
  expect(MET.filter((what) => !seen.has(what))).toEqual([]);
});
