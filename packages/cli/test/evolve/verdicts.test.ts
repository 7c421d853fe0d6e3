/** What a proposal is called, by what its floors were found to do on the half that did not choose them. */
import { expect, test } from "vitest";
import { type Proposal, proposalOf, type ProposedFloor } from "../../src/evolve/proposal.ts";
import type { EffectReport, WhatIfReport } from "../../src/whatif/report.ts";
import { whatIfReport } from "../../src/whatif/report.ts";
import { Tally } from "../../src/whatif/tally.ts";

const MARGIN = 0.01;
const FLOOR: ProposedFloor = { name: "default", fromBps: 9_000, toBps: 8_000, tried: [] };

interface Found {
  readonly savedMicrocents?: bigint;
  readonly newlyRejected?: number;
  readonly difference?: number | null;
  readonly lower?: number;
}

function proposal(found: Found, floors = [FLOOR], lastEntryHash = "a"): Proposal {
  const { savedMicrocents = 100n, newlyRejected = 0, difference = 0, lower = -0.005 } = found;
  const empty = new Tally(0.05).summary();
  const result = {
    all: { ...empty, costMicrocents: 1_000n, savedMicrocents, newlyRejected },
    groups: [],
    transitions: [],
    invalid: 0,
    observed: 0,
    outcomesUnbound: 0,
    winning: undefined,
  };
  const report: WhatIfReport = whatIfReport(result, { policy: "other", alpha: 0.05, list: undefined });
  const success: EffectReport = {
    ...report.all.success,
    difference,
    interval: { lower, upper: lower + 0.02, rows: 500, k: 1 },
    refusals: difference === null ? [{ reason: "no_overlap", explanation: "Nothing below the floor was tried." }] : [],
  };
  return proposalOf(
    floors,
    { ...report, all: { ...report.all, success } },
    { alpha: 0.05, margin: MARGIN },
    lastEntryHash,
  );
}

const CASES: readonly (readonly [string, Found, string])[] = [
  ["10 % is saved and success is shown to be kept", {}, "PROMOTE"],
  ["5 % is saved: more is needed", { savedMicrocents: 50n }, "REVIEW"],
  ["a little over 5 % is saved", { savedMicrocents: 51n }, "PROMOTE"],
  ["success is kept by its estimate, and the interval does not show it", { lower: -0.011 }, "REVIEW"],
  ["the interval ends at the margin", { lower: -MARGIN }, "PROMOTE"],
  ["success is lower by more than the margin", { difference: -0.011 }, "REJECT"],
  ["nothing is saved", { savedMicrocents: 0n }, "REJECT"],
  ["it costs more", { savedMicrocents: -1n }, "REJECT"],
  ["one decision would no longer be served", { newlyRejected: 1 }, "REJECT"],
  ["the journal cannot answer", { difference: null }, "REVIEW"],
];

test.each(CASES.map(([name], at) => [name, at] as const))("%s", (_name, at) => {
  const [, found, verdict] = CASES[at] as (typeof CASES)[number];
  expect(proposal(found).verdict).toBe(verdict);
  expect(proposal(found).reasons.length).toBeGreaterThan(0);
});

test("without another floor nothing is proposed, whatever the other half says", () => {
  expect(proposal({}, [{ ...FLOOR, toBps: FLOOR.fromBps }]).verdict).toBe("REJECT");
});

test("the digest covers the verdict, the floors, what they were found to do, and the journal's last entry", () => {
  const digests = [
    proposal({}),
    proposal({ lower: -0.004 }),
    proposal({ savedMicrocents: 101n }),
    proposal({}, [{ ...FLOOR, toBps: 8_100 }]),
    proposal({}, [FLOOR], "b"),
  ].map(({ digest }) => digest);
  expect(new Set(digests).size).toBe(digests.length);
  expect(proposal({}).digest).toBe(digests[0]);
});
