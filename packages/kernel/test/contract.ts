/**
 * What every kernel promises, each promise a claim and the check of it: the same for the definition, for what is made
 * fast, and for the faulty ones that tests plant to see that the promises would notice.
 * @module
 */
import { expect } from "vitest";
import {
  ALL_PROVIDERS,
  type Candidate,
  type Decision,
  I64_MAX,
  NO_INDEX,
  type Policy,
  type Request,
  samplePolicy,
  sampleRequest,
  U64_MAX,
} from "../src/index.ts";
import { candidateWith, type Fields, policyWith, requestWith } from "./cases.ts";

export type Decide = (policy: Policy, request: Request) => Decision;

const priced = { inputPriceMicrocents: 1_000_000n };

/** Reason, a candidate and a request that it refuses, and the nearest that it does not. */
const EDGES: readonly [string, Fields<Candidate>, Fields<Request>, Fields<Candidate>, Fields<Request>][] = [
  ["no_enabled_candidate", { enabled: 0 }, {}, { enabled: 255 }, {}],
  ["quality", { qualityBps: 4_999 }, {}, { qualityBps: 5_000 }, {}],
  ["latency", { latencyP95Ms: 1_001 }, {}, { latencyP95Ms: 1_000 }, {}],
  ["latency", { latencyP95Ms: 1_001 }, {}, { latencyP95Ms: 1_001 }, { latencyMaxMs: 0 }],
  [
    "capability",
    { capabilities: 2n },
    { capabilitiesRequired: 3n },
    { capabilities: 7n },
    { capabilitiesRequired: 3n },
  ],
  ["provider", { providerId: 64 }, { providersAllowed: ALL_PROVIDERS }, { providerId: 63 }, {}],
  ["provider", { providerId: 3 }, { providersAllowed: 7n }, { providerId: 3 }, { providersAllowed: 8n }],
  ["region", { regions: 4n }, { regionsRequired: 3n }, { regions: 6n }, { regionsRequired: 3n }],
  ["risk_ceiling", { riskCeilingBps: 999 }, {}, { riskCeilingBps: 1_000 }, {}],
  ["budget", priced, { budgetLimitMicrocents: 999n }, priced, { budgetLimitMicrocents: 1_000n }],
  ["utility", {}, { valueMicrocents: -1n }, {}, { valueMicrocents: 2n }],
];

/** One candidate for each gate, refused by that gate alone; reasons from the weakest to the dominant among equals. */
const REFUSING = requestWith({
  budgetLimitMicrocents: 1_000_000n,
  capabilitiesRequired: 1n,
  providersAllowed: 1n,
  regionsRequired: 1n,
});
const REFUSED: readonly [string, Fields<Candidate>][] = [
  ["capability", { capabilities: 0n }],
  ["region", { regions: 2n }],
  ["provider", { providerId: 9 }],
  ["quality", { qualityBps: 0 }],
  ["risk_ceiling", { riskCeilingBps: 0 }],
  ["latency", { latencyP95Ms: 9_999 }],
  ["budget", { inputPriceMicrocents: 2_000_000_000n }],
  ["utility", { inputPriceMicrocents: 80_000_000n }],
  ["no_enabled_candidate", { enabled: 0 }],
];

export const CONTRACT: Readonly<Record<string, (decide: Decide) => void>> = {
  "decides the sample as the published core does"(decide) {
    expect(decide(samplePolicy(), sampleRequest())).toMatchObject({
      sequence: 1n,
      action: "execute",
      reason: "requested_maximizes_utility",
      selectedId: 1,
      selectedIndex: 0,
      utilityMicrocents: 77_098n,
      evaluatedCount: 2,
      policyEpoch: 7n,
      catalogEpoch: 42n,
    });
  },

  "rejects at a hard limit without looking at a candidate, risk before confidence"(decide) {
    const policy = policyWith([candidateWith({ riskCeilingBps: 65_535 })], { riskPenaltyMultiplierBps: 0 });
    const nothing = { action: "reject", selectedId: 0, selectedIndex: NO_INDEX, evaluatedCount: 0, eligibleCount: 0 };
    const riskAtLimit = requestWith({ riskBps: 9_600, confidenceBps: 0 });
    expect(decide(policy, riskAtLimit)).toMatchObject({ ...nothing, reason: "risk_hard_limit" });
    expect(decide(policy, requestWith({ riskBps: 9_599 })).action).toBe("execute");
    const unsure = requestWith({ confidenceBps: 5_499 });
    expect(decide(policy, unsure)).toMatchObject({ ...nothing, reason: "confidence_hard_limit" });
    expect(decide(policy, requestWith({ confidenceBps: 5_500 })).action).toBe("execute");
  },

  "refuses at each gate exactly at its edge"(decide) {
    for (const [reason, refused, refusing, admitted, admitting] of EDGES) {
      const rejection = { action: "reject", reason, evaluatedCount: 1, eligibleCount: 0 };
      expect(decide(policyWith([candidateWith(refused)]), requestWith(refusing)), reason).toMatchObject(rejection);
      const admission = decide(policyWith([candidateWith(admitted)]), requestWith(admitting));
      expect(admission, reason).toMatchObject({ eligibleCount: 1 });
    }
  },

  "counts a candidate at the first gate that refuses it"(decide) {
    const all = Object.assign({}, ...REFUSED.map(([, fields]) => fields)) as Fields<Candidate>;
    const order = ["enabled", "qualityBps", "latencyP95Ms", "capabilities", "providerId", "regions", "riskCeilingBps"];
    const reasons = ["no_enabled_candidate", "quality", "latency", "capability", "provider", "region", "risk_ceiling"];
    for (const [index, reason] of reasons.entries()) {
      // Refused by this gate and by every later one.
      const fields = Object.fromEntries(
        Object.entries(all).filter(([field]) => !order.slice(0, index).includes(field)),
      );
      expect(decide(policyWith([candidateWith(fields)]), REFUSING).reason, reason).toBe(reason);
    }
  },

  "gives the more frequent refusal as the reason, and among equal counts the dominant one"(decide) {
    for (const [weaker, [reason, refused]] of REFUSED.entries()) {
      const candidate = candidateWith(refused);
      for (const [otherReason, otherRefused] of REFUSED.slice(weaker + 1)) {
        const other = candidateWith(otherRefused);
        expect(decide(policyWith([other, candidate]), REFUSING).reason).toBe(otherReason);
        expect(decide(policyWith([candidate, other, candidate]), REFUSING).reason).toBe(reason);
      }
    }
  },

  "breaks ties by cost, then quality, then id, then catalog order"(decide) {
    const value = { valueMicrocents: 10_000n, confidenceBps: 10_000, riskBps: 0, inputTokens: 1, outputTokens: 0 };
    const request = requestWith({ ...value, requestedId: 0 });
    // 10,000 at 5,001 bps is 5,001: one microcent more and one better is a tie in utility.
    const cheap = candidateWith({ id: 9, qualityBps: 5_000 });
    const dear = candidateWith({ id: 1, qualityBps: 5_001, inputPriceMicrocents: 1_000_000n });
    expect(decide(policyWith([dear, cheap]), request)).toMatchObject({ selectedId: 9, counterfactualId: 1 });
    const coarse = requestWith({ ...value, valueMicrocents: 10n, requestedId: 0 });
    const better = candidateWith({ id: 9, qualityBps: 8_001 });
    const lower = candidateWith({ id: 2 });
    expect(decide(policyWith([lower, better]), coarse)).toMatchObject({ selectedId: 9, counterfactualId: 2 });
    const later = policyWith([candidateWith({ id: 3 }), lower]);
    expect(decide(later, request)).toMatchObject({ selectedId: 2, selectedIndex: 1 });
    expect(decide(policyWith([lower, lower]), request)).toMatchObject({ selectedIndex: 0, counterfactualId: 2 });
  },

  "rounds each part of a cost up on its own, and what a success is worth and its risk down"(decide) {
    const exact = { valueMicrocents: 19_999n, confidenceBps: 9_999, riskBps: 1, inputTokens: 1, outputTokens: 1 };
    const candidate = candidateWith({ qualityBps: 9_999, inputPriceMicrocents: 1n, outputPriceMicrocents: 1_000_001n });
    // Worth ⌊19995.00…⌋, risk ⌊19999 · 1 · 9999 / 10^8⌋ = 1, cost 1 + 2.
    expect(decide(policyWith([candidate], { riskPenaltyMultiplierBps: 9_999 }), requestWith(exact))).toMatchObject({
      costMicrocents: 3n,
      utilityMicrocents: 19_995n - 1n - 3n,
    });
  },

  "counts a negative value as nothing, so that no risk can turn it into a gain"(decide) {
    const policy = policyWith([candidateWith({ qualityBps: 1 })], { riskPenaltyMultiplierBps: 50_000 });
    const request = requestWith({ valueMicrocents: -1_000_000n, qualityMinBps: 0, riskBps: 9_000 });
    expect(decide(policy, request).reason).toBe("utility");
  },

  "charges p95 latency by the millisecond"(decide) {
    const policy = policyWith([candidateWith({ latencyP95Ms: 7 })], { latencyPenaltyMicrocentsPerMs: 11n });
    const free = requestWith({ riskBps: 0, confidenceBps: 10_000 });
    expect(decide(policy, free).utilityMicrocents).toBe(80_000n - 77n);
  },

  "saturates a cost at 2^64−1, which only an unlimited budget admits"(decide) {
    const tokens = { inputTokens: 0xffff_ffff, outputTokens: 0xffff_ffff };
    const ruinous = policyWith([candidateWith({ inputPriceMicrocents: U64_MAX, outputPriceMicrocents: U64_MAX })]);
    const limited = requestWith({ ...tokens, budgetLimitMicrocents: U64_MAX - 1n });
    expect(decide(ruinous, limited).reason).toBe("budget");
    expect(decide(ruinous, requestWith({ ...tokens, budgetLimitMicrocents: U64_MAX })).reason).toBe("utility");
  },

  "clamps a utility to 64 signed bits"(decide) {
    const most = requestWith({ valueMicrocents: I64_MAX, riskBps: 0, confidenceBps: 65_535, latencyMaxMs: 0 });
    const candidate = candidateWith({ qualityBps: 65_535 });
    expect(decide(policyWith([candidate]), most).utilityMicrocents).toBe(I64_MAX);
    const slow = candidateWith({ latencyP95Ms: 0xffff_ffff });
    expect(decide(policyWith([slow], { latencyPenaltyMicrocentsPerMs: U64_MAX }), most).reason).toBe("utility");
  },

  "executes what was asked for, substitutes anything else, and names the runner-up"(decide) {
    const policy = policyWith([candidateWith({ id: 4 }), candidateWith({ id: 7, qualityBps: 9_000 })]);
    const runnerUp = { selectedId: 7, selectedIndex: 1, counterfactualId: 4, eligibleCount: 2 };
    expect(decide(policy, requestWith({ requestedId: 7 }))).toMatchObject({ action: "execute", ...runnerUp });
    expect(decide(policy, requestWith({ requestedId: 4 }))).toMatchObject({ action: "substitute", ...runnerUp });
    const alone = decide(policyWith([candidateWith()]), requestWith());
    expect(alone).toMatchObject({ counterfactualId: 0, counterfactualUtilityMicrocents: 0n });
  },

  "rejects everything with an empty catalog"(decide) {
    const rejection = { action: "reject", reason: "no_enabled_candidate", evaluatedCount: 0, eligibleCount: 0 };
    expect(decide(policyWith([]), requestWith())).toMatchObject(rejection);
  },

  "decides catalogs of 64, 65, 300 and 65,535 candidates"(decide) {
    for (const count of [64, 65, 300, 65_535]) {
      const candidates = Array.from({ length: count }, (_, index) =>
        candidateWith({ id: index + 1, qualityBps: index === count - 1 ? 9_999 : 6_000 + (index % 2_000) }),
      );
      const last = { selectedIndex: count - 1, selectedId: count, evaluatedCount: count, eligibleCount: count };
      expect(decide(policyWith(candidates), requestWith())).toMatchObject(last);
    }
  },
};
