import { describe, expect, test } from "vitest";
import {
  ALL_PROVIDERS,
  type Candidate,
  type Decision,
  I64_MAX,
  type Kernel,
  NO_INDEX,
  type Policy,
  type Request,
  referenceKernel,
  samplePolicy,
  sampleRequest,
  U64_MAX,
  wasmKernel,
} from "../src/index.ts";

type Fields<Of> = { readonly [Field in keyof Of]?: number | bigint };

/** A candidate that passes every gate of {@link requestWith}, at no cost. */
function candidateWith(fields: Fields<Candidate> = {}): Candidate {
  const free = { id: 1, providerId: 0, qualityBps: 8_000, riskCeilingBps: 9_000, enabled: 1, latencyP95Ms: 100 };
  const open = { capabilities: U64_MAX, regions: U64_MAX, inputPriceMicrocents: 0n, outputPriceMicrocents: 0n };
  return { ...free, ...open, ...fields } as unknown as Candidate;
}

function policyWith(candidates: readonly Candidate[], fields: Fields<Policy> = {}): Policy {
  return { ...samplePolicy(), latencyPenaltyMicrocentsPerMs: 0n, ...fields, candidates } as unknown as Policy;
}

function requestWith(fields: Fields<Request> = {}): Request {
  return { ...sampleRequest(), ...fields } as unknown as Request;
}

const kernels: readonly (readonly [string, (policy: Policy) => Kernel])[] = [
  ["reference", referenceKernel],
  ["wasm", wasmKernel],
];

describe.each(kernels)("the %s kernel", (_name, kernelOf) => {
  const decide = (policy: Policy, request: Request): Decision => kernelOf(policy).prescribe(request);

  test("decides the sample as the published core does", () => {
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
  });

  test("rejects at a hard limit without looking at a candidate, risk before confidence", () => {
    const policy = policyWith([candidateWith()]);
    const nothing = { action: "reject", selectedId: 0, selectedIndex: NO_INDEX, evaluatedCount: 0, eligibleCount: 0 };
    const both = requestWith({ riskBps: 9_600, confidenceBps: 0 });
    expect(decide(policy, both)).toMatchObject({ ...nothing, reason: "risk_hard_limit" });
    expect(decide(policy, requestWith({ confidenceBps: 5_499 }))).toMatchObject({
      ...nothing,
      reason: "confidence_hard_limit",
    });
    expect(decide(policy, requestWith({ confidenceBps: 5_500 })).action).toBe("execute");
  });

  const priced = { inputPriceMicrocents: 1_000_000n };
  test.each<[string, Fields<Candidate>, Fields<Request>, Fields<Candidate>, Fields<Request>]>([
    ["no_enabled_candidate", { enabled: 0 }, {}, { enabled: 255 }, {}],
    ["quality", { qualityBps: 4_999 }, {}, { qualityBps: 5_000 }, {}],
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
  ])("refuses for %s exactly at its edge", (reason, refused, refusing, admitted, admitting) => {
    const rejection = { action: "reject", reason, evaluatedCount: 1, eligibleCount: 0 };
    expect(decide(policyWith([candidateWith(refused)]), requestWith(refusing))).toMatchObject(rejection);
    expect(decide(policyWith([candidateWith(admitted)]), requestWith(admitting))).toMatchObject({ eligibleCount: 1 });
  });

  test("counts a candidate at the first gate that refuses it", () => {
    const slowAndLow = candidateWith({ qualityBps: 0, latencyP95Ms: 5_000, regions: 0n });
    expect(decide(policyWith([slowAndLow]), requestWith({ regionsRequired: 1n })).reason).toBe("quality");
  });

  test("gives the more frequent refusal as the reason, and among equal counts the dominant one", () => {
    const low = candidateWith({ id: 1, qualityBps: 0 });
    const slow = candidateWith({ id: 2, latencyP95Ms: 9_999 });
    const barred = candidateWith({ id: 3, providerId: 9 });
    const off = candidateWith({ id: 4, enabled: 0 });
    const request = requestWith({ providersAllowed: 1n });
    expect(decide(policyWith([slow, low]), request).reason).toBe("latency");
    expect(decide(policyWith([barred, low]), request).reason).toBe("quality");
    expect(decide(policyWith([slow, low, low]), request).reason).toBe("quality");
    expect(decide(policyWith([slow, low, barred, off]), request).reason).toBe("no_enabled_candidate");
  });

  test("breaks ties by cost, then quality, then id, then catalog order", () => {
    const value = { valueMicrocents: 10_000n, confidenceBps: 10_000, riskBps: 0, inputTokens: 1, outputTokens: 0 };
    const request = requestWith({ ...value, requestedId: 0 });
    // 10,000 at 5,001 bps is 5,001: one microcent dearer and one better is a tie in utility.
    const cheap = candidateWith({ id: 9, qualityBps: 5_000 });
    const dear = candidateWith({ id: 1, qualityBps: 5_001, inputPriceMicrocents: 1_000_000n });
    expect(decide(policyWith([dear, cheap]), request)).toMatchObject({ selectedId: 9, counterfactualId: 1 });
    const coarse = requestWith({ ...value, valueMicrocents: 10n, requestedId: 0 });
    const better = candidateWith({ id: 9, qualityBps: 8_001 });
    const lower = candidateWith({ id: 2 });
    expect(decide(policyWith([lower, better]), coarse)).toMatchObject({ selectedId: 9, counterfactualId: 2 });
    expect(decide(policyWith([candidateWith({ id: 3 }), lower]), request)).toMatchObject({
      selectedId: 2,
      selectedIndex: 1,
    });
    expect(decide(policyWith([lower, lower]), request)).toMatchObject({ selectedIndex: 0, counterfactualId: 2 });
  });

  test("saturates a cost at 2^64−1, which only an unlimited budget admits", () => {
    const tokens = { inputTokens: 0xffff_ffff, outputTokens: 0xffff_ffff };
    const ruinous = policyWith([candidateWith({ inputPriceMicrocents: U64_MAX, outputPriceMicrocents: U64_MAX })]);
    const limited = requestWith({ ...tokens, budgetLimitMicrocents: U64_MAX - 1n });
    expect(decide(ruinous, limited).reason).toBe("budget");
    expect(decide(ruinous, requestWith({ ...tokens, budgetLimitMicrocents: U64_MAX })).reason).toBe("utility");
  });

  test("clamps a utility to 64 signed bits", () => {
    const most = requestWith({ valueMicrocents: I64_MAX, riskBps: 0, confidenceBps: 65_535, latencyMaxMs: 0 });
    const candidate = candidateWith({ qualityBps: 65_535 });
    expect(decide(policyWith([candidate]), most).utilityMicrocents).toBe(I64_MAX);
    const slow = candidateWith({ latencyP95Ms: 0xffff_ffff });
    expect(decide(policyWith([slow], { latencyPenaltyMicrocentsPerMs: U64_MAX }), most).reason).toBe("utility");
  });

  test("rejects everything with an empty catalog", () => {
    expect(decide(policyWith([]), requestWith())).toMatchObject({
      action: "reject",
      reason: "no_enabled_candidate",
      evaluatedCount: 0,
    });
  });

  test.each([64, 65, 300, 65_535])("decides a catalog of %i candidates", (count) => {
    const candidates = Array.from({ length: count }, (_, index) =>
      candidateWith({ id: index + 1, qualityBps: index === count - 1 ? 9_999 : 6_000 + (index % 2_000) }),
    );
    expect(decide(policyWith(candidates), requestWith())).toMatchObject({
      selectedIndex: count - 1,
      selectedId: count,
      evaluatedCount: count,
      eligibleCount: count,
    });
  });

  test("selects the same candidate whatever the order of the catalog, and however often a loser is repeated", () => {
    const candidates = Array.from({ length: 40 }, (_, index) =>
      candidateWith({
        id: index + 1,
        qualityBps: 5_000 + ((index * 37) % 100),
        inputPriceMicrocents: BigInt(index * 90_000),
      }),
    );
    const straight = decide(policyWith(candidates), requestWith());
    const turned = decide(policyWith([...candidates].reverse()), requestWith());
    expect({ ...turned, selectedIndex: 39 - turned.selectedIndex }).toEqual(straight);
    const losers = candidates.filter((candidate) => candidate.id !== straight.selectedId);
    const crowded = decide(policyWith([...candidates, ...losers.slice(0, 20)]), requestWith());
    expect([crowded.selectedId, crowded.utilityMicrocents]).toEqual([straight.selectedId, straight.utilityMicrocents]);
  });

  test("never lets a candidate lose for becoming cheaper", () => {
    const dear = [1n, 2n, 3n, 4n].map((price, index) =>
      candidateWith({ id: index + 1, qualityBps: 7_000 + index * 10, inputPriceMicrocents: price * 1_000_000n }),
    );
    const before = decide(policyWith(dear), requestWith());
    const cheaper = dear.map((candidate) =>
      candidate.id === before.selectedId ? candidateWith({ ...candidate, inputPriceMicrocents: 0n }) : candidate,
    );
    expect(decide(policyWith(cheaper), requestWith()).selectedId).toBe(before.selectedId);
  });
});
