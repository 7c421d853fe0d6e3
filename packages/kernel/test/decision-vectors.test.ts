import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  bounded,
  boundsOf,
  bps,
  candidateId,
  costMicrocents,
  type DecisionEntry,
  type Recommendation,
  decisionDigests,
  type EntryHead,
  type EntryPolicy,
  entryData,
  entryDataTail,
  mask,
  microcents,
  parseEntryBody,
  parseEntryHead,
  policyDigest,
  prescribe,
  samplePolicy,
  sampleRequest,
  toHex,
} from "../src/index.ts";

// Goal: the bytes of a decision's entry change with a format and never by accident.
// Method: entries with no optional member, with each of them and with all, against conformance/vectors/decision-entries.jsonl.

const FILE = new URL("../../../conformance/vectors/decision-entries.jsonl", import.meta.url);
const policy = samplePolicy();

/** Policy 3 has the default limit and keeps requests where they were sent; the others bound nothing. */
function policyOf(id: number | undefined): EntryPolicy {
  if (id === 3) return { policy, substituteWithin: "requestedProvider" };
  return { policy, spendLimit: "none" };
}

function decided(request = sampleRequest()): DecisionEntry {
  const { action, reason, selectedId, selectedIndex, costMicrocents: cost } = prescribe(policy, request).decision;
  const digests = decisionDigests(policyDigest(policy), request, prescribe(policy, request).decision);
  return {
    kind: "decision",
    useCase: "default",
    defaulted: [],
    request,
    decision: { action, reason, selectedId, selectedIndex, costMicrocents: cost },
    identity: toHex(digests.identity),
  };
}

const OPTIONAL: Partial<DecisionEntry> = {
  requestId: "order-17",
  policyId: 2,
  actor: 17,
  onBehalfOf: "Zoë",
  useCase: "support",
  defaulted: ["value", "risk", "confidence", "floor", "output", "tenant"],
  tenant: "default",
  reservationSeconds: 600,
  headroomMicrocents: microcents(5_000n),
  asked: { budgetMicrocents: costMicrocents(2n ** 63n), providers: mask(3n), qualityMinBps: bps(9_000) },
  tags: { team: "search", stage: "live" },
  session: "s-1",
  promptDigest: "A".repeat(43),
  learning: {
    regime: 3,
    score: -250,
    features: [7, -2_147_483_648],
    textScore: 40,
    floorBps: 6_100,
    source: "tracker",
    anomalous: true,
    holdout: true,
    belief: 41,
    draw: 4_294_967_295,
    tier: 1,
    propensity: 3_000_000_000,
    explored: true,
  },
  acted: candidateId(9),
  reservedMicrocents: costMicrocents(9_000n),
  basis: "estimate",
  shadow: { action: "reject", candidateId: candidateId(0) },
};

function entries(): readonly DecisionEntry[] {
  const plain = decided();
  const one = Object.entries(OPTIONAL).map(([key, value]) => ({ ...plain, [key]: value }));
  const rejected = decided({ ...sampleRequest(), riskBps: bps(9_700) });
  const bounds = boundsOf(policyOf(3), plain.request);
  const request = bounded(policyOf(3), plain.request, bounds, false);
  const asked = { budgetMicrocents: plain.request.budgetLimitMicrocents };
  return [
    plain,
    rejected,
    ...one,
    { ...plain, ...OPTIONAL },
    { ...plain, learning: { ...(OPTIONAL.learning as Recommendation), expected: [-20, 9_000], boundary: true } },
    { ...decided(request), policyId: 3, bounds, asked },
    { ...decided({ ...request, budgetLimitMicrocents: costMicrocents(1n) }), policyId: 3, bounds },
  ];
}

test("a decision's entry is written as in the vectors, and read back", () => {
  const written = entries().map((body, index) =>
    entryData(index + 2, index + 1, entryDataTail({ sequence: index + 2, at: 1_000_000 + index, body })),
  );
  if (process.env["UPDATE_DOCS"] === "1") writeFileSync(FILE, `${written.join("\n")}\n`);
  const vectors = readFileSync(FILE, "utf8").trimEnd().split("\n");
  expect(written).toEqual(vectors);
  const read = vectors.map((data) => parseEntryBody(parseEntryHead(data) as EntryHead, data, policyOf));
  expect(read).toEqual(entries());
});
