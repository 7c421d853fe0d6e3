import { expect, test } from "vitest";
import { type Ask, type History, historyOf, type Step } from "./history.ts";
import { runHistory } from "./run-history.ts";
import { checkHonest, type Seen, searchHistories } from "./search-histories.ts";

// Goal: no honest journal is called broken, whatever callers, operators, clocks and processes do.
// Method: random histories through the engine's public interface, audited from the bytes of their journals alone.

/** Few here; `histories.long.test.ts` has more, and the long search is in `test/torture/`. */
const HISTORIES = 20;

test("a history follows from its seed alone", () => {
  expect(historyOf(7)).toEqual(historyOf(7));
  expect(historyOf(7)).not.toEqual(historyOf(8));
});

test("random honest histories are whole from their bytes alone, and fold to the engine's state", {
  timeout: 240_000,
}, async () => {
  const { entries } = await searchHistories(0, HISTORIES);
  expect(entries).toBeGreaterThan(50 * HISTORIES);
});

/** Two tiers, and learning that raises whatever is odd and finds out what fails. */
const LONG: Omit<History, "steps"> = {
  policy: {
    ...historyOf(0).policy,
    riskHardLimitBps: 9_600,
    confidenceMinBps: 5_500,
    latencyPenaltyMicrocentsPerMs: 2,
    learning: { features: ["load"], warmUpRequests: 40, holdoutBps: 0, discountPpm: 1_000_000, anomalyShareBps: 200 },
    useCases: {
      default: { valueDollars: "1", riskBps: 500, confidenceBps: 9_000, qualityMinBps: 6_000, outputTokens: 500 },
    },
    catalog: {
      ...(historyOf(0).policy["catalog"] as object),
      tiers: ["low", "high"],
      candidates: ["low", "high"].map((tier, index) => ({
        ...{ id: index + 1, name: tier, provider: "Velo", tier, qualityBps: 6_500 + 3_000 * index },
        ...{ riskCeilingBps: 10_000, latencyP95Ms: 400, capabilities: [], regions: [] },
        ...{ inputPriceMicrocentsPerMillion: `${700 + 9_000 * index}`, outputPriceMicrocentsPerMillion: "0" },
      })),
    },
  },
  segmentBytesMax: 65_536,
};

test("what a thousand requests and more forget is forgotten alike: statistics, the window of anomalies, a refuted tier", {
  timeout: 240_000,
}, async () => {
  const ask: Ask = { inputTokens: 1_000_000, features: [9_000_000], others: { outputTokens: 500 } };
  const serve = (rounds: number, failsEvery: number): Step => ({
    does: "serve",
    rounds,
    ask,
    reported: { succeeded: true },
    failsEvery,
  });
  const seen: Seen = new Map();
  checkHonest(await runHistory({ ...LONG, steps: [serve(600, 1), serve(800, 7)] }), seen);
  expect(seen.get("decision")).toBe(1_400);
  for (const what of ["anomaly", "by an anomaly", "by observed quality"])
    expect([what, seen.get(what) ?? 0]).not.toEqual([what, 0]);
});
