import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { caseCount } from "../../../test/share.ts";
import type { Candidate, Decision, Kernel, Policy, Request } from "../src/index.ts";
import { type Fields, policyWith, requestWith } from "./cases.ts";
import { IMPLEMENTATIONS } from "./implementations.ts";

// Goal: what must not change a decision does not, and what may only help never hurts.
// Method: few values a field, so that gates refuse often and candidates tie often; then one thing is changed and the two
// decisions are held against each other. No second kernel is asked.
const RUNS = caseCount(200, 40);

const upTo = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });
const bits = (max: number): fc.Arbitrary<bigint> => upTo(max).map(BigInt);

const candidate: fc.Arbitrary<Fields<Candidate>> = fc.record({
  providerId: fc.constantFrom(0, 1, 2, 63, 64),
  qualityBps: fc.constantFrom(4_999, 5_000, 5_001, 8_000, 10_000),
  riskCeilingBps: fc.constantFrom(999, 1_000, 9_000),
  enabled: fc.constantFrom(0, 1, 1, 1, 255),
  latencyP95Ms: fc.constantFrom(0, 99, 100, 101, 5_000),
  capabilities: bits(7),
  regions: bits(3),
  inputPriceMicrocents: fc.constantFrom(0n, 1n, 999_999n, 1_000_000n, 40_000_000n),
  outputPriceMicrocents: fc.constantFrom(0n, 1n, 1_000_001n, 90_000_000n),
});

/** Ids are 10, 20, 30 …, so that there is room between them. */
const policy: fc.Arbitrary<Policy> = fc
  .tuple(fc.array(candidate, { minLength: 1, maxLength: 24 }), bits(20))
  .map(([candidates, latencyPenaltyMicrocentsPerMs]) =>
    policyWith(
      candidates.map((fields, index) => ({ ...fields, id: 10 * (index + 1) }) as unknown as Candidate),
      { latencyPenaltyMicrocentsPerMs },
    ),
  );

const request: fc.Arbitrary<Request> = fc
  .record({
    requestedId: upTo(25).map((index) => 10 * index),
    inputTokens: upTo(3_000),
    outputTokens: upTo(800),
    valueMicrocents: fc.constantFrom(-1n, 0n, 10n, 20_000n, 100_000n, 3_000_000n),
    budgetLimitMicrocents: fc.constantFrom(0n, 1n, 1_000n, 50_000n, 2n ** 64n - 1n),
    riskBps: fc.constantFrom(0, 999, 1_000, 1_001, 9_599),
    confidenceBps: fc.constantFrom(5_500, 9_000, 10_000),
    qualityMinBps: fc.constantFrom(0, 5_000, 5_001),
    latencyMaxMs: fc.constantFrom(0, 99, 100, 5_000),
    capabilitiesRequired: fc.constantFrom(0n, 1n, 3n),
    providersAllowed: fc.constantFrom(1n, 7n, 2n ** 63n, 2n ** 64n - 1n),
    regionsRequired: bits(3),
  })
  .map((fields) => requestWith(fields));

describe.each(IMPLEMENTATIONS)("the $name kernel", ({ kernelOf }) => {
  const kernels = new WeakMap<Policy, Kernel>();
  const decide = (of: Policy, asked: Request): Decision => {
    const kernel = kernels.get(of) ?? kernelOf(of);
    kernels.set(of, kernel);
    return kernel.prescribe(asked);
  };

  function always(title: string, holds: (of: Policy, asked: Request, which: number) => void): void {
    test(title, () => {
      fc.assert(fc.property(policy, request, fc.nat(), holds), { numRuns: RUNS, seed: 20_260_102 });
    });
  }

  always("selects the same candidate whatever the order of the catalog", (of, asked, which) => {
    const straight = decide(of, asked);
    const count = of.candidates.length;
    const turn = which % count;
    const turned = [...of.candidates.slice(turn), ...of.candidates.slice(0, turn)].reverse();
    const found = decide({ ...of, candidates: turned }, asked);
    expect(found).toEqual({ ...straight, selectedIndex: found.selectedIndex });
    expect(turned[found.selectedIndex]?.id ?? 0).toBe(found.selectedId);
  });

  always("is not moved by copies of any candidate under later ids", (of, asked, which) => {
    const { selectedId, utilityMicrocents, action } = decide(of, asked);
    const copied = at(of, which);
    const copies = [1, 2, 3].map((more) => ({ ...copied, id: copied.id + more }) as Candidate);
    const crowded = decide({ ...of, candidates: [...copies, ...of.candidates] }, asked);
    expect([crowded.selectedId, crowded.utilityMicrocents, crowded.action]).toEqual([
      selectedId,
      utilityMicrocents,
      action,
    ]);
  });

  always("never lets a candidate lose for becoming cheaper, faster or better", (of, asked, which) => {
    const before = decide(of, asked);
    const improved = at(of, which);
    const changes: Fields<Candidate>[] = [
      { inputPriceMicrocents: improved.inputPriceMicrocents / 2n },
      { outputPriceMicrocents: 0n },
      { latencyP95Ms: improved.latencyP95Ms >> 1 },
      { qualityBps: improved.qualityBps + 1 },
    ];
    for (const change of changes) {
      const after = decide(withCandidate(of, { ...improved, ...change } as Candidate), asked);
      expect([before.selectedId, improved.id]).toContain(after.selectedId);
      if (before.selectedId === improved.id) expect(after.selectedId).toBe(improved.id);
      expect(after.utilityMicrocents).toBeGreaterThanOrEqual(before.utilityMicrocents);
    }
  });

  always("never gets less utility from a looser gate", (of, asked, which) => {
    const before = decide(of, asked).utilityMicrocents;
    const looser: Fields<Request>[] = [
      { qualityMinBps: asked.qualityMinBps >> 1 },
      { latencyMaxMs: asked.latencyMaxMs === 0 ? 0 : asked.latencyMaxMs + 1 },
      { latencyMaxMs: 0 },
      { capabilitiesRequired: asked.capabilitiesRequired >> 1n },
      { providersAllowed: asked.providersAllowed | 2n },
      { regionsRequired: asked.regionsRequired === 0n ? 0n : asked.regionsRequired | 1n },
      { regionsRequired: 0n },
      { budgetLimitMicrocents: 2n ** 64n - 1n },
    ];
    for (const gate of looser) {
      const after = decide(of, { ...asked, ...gate } as Request).utilityMicrocents;
      expect(after, Object.keys(gate)[0]).toBeGreaterThanOrEqual(before);
    }
    const opened = { ...at(of, which), enabled: 1, riskCeilingBps: 10_000, capabilities: 7n } as unknown as Candidate;
    expect(decide(withCandidate(of, opened), asked).utilityMicrocents).toBeGreaterThanOrEqual(before);
  });

  always("names as runner-up what it would select without the selected candidate", (of, asked) => {
    const before = decide(of, asked);
    const rest = of.candidates.filter(({ id }) => id !== before.selectedId);
    const after = decide({ ...of, candidates: rest }, asked);
    if (before.action === "reject") return;
    expect([before.counterfactualId, before.counterfactualUtilityMicrocents]).toEqual([
      after.selectedId,
      after.utilityMicrocents,
    ]);
    expect(after.eligibleCount).toBe(before.eligibleCount - 1);
  });

  always("counts as eligible whom it would select alone, and selects the most useful of them", (of, asked) => {
    const together = decide(of, asked);
    const alone = of.candidates
      .map((only) => decide({ ...of, candidates: [only] }, asked))
      .filter(({ action }) => action !== "reject");
    expect(together.eligibleCount).toBe(alone.length);
    const utilities = alone.map(({ utilityMicrocents }) => utilityMicrocents);
    const most = utilities.reduce((a, b) => (a > b ? a : b), 0n as Decision["utilityMicrocents"]);
    expect(together.utilityMicrocents).toBe(most);
  });

  always("lets what was asked for change the action and nothing else", (of, asked, which) => {
    const { action, reason, ...rest } = decide(of, asked);
    const other = decide(of, { ...asked, requestedId: at(of, which).id });
    expect(other).toMatchObject(rest);
    if (action === "reject") expect([other.action, other.reason]).toEqual([action, reason]);
    else expect(other.action).toBe(other.selectedId === at(of, which).id ? "execute" : "substitute");
  });

  always("only rejects more under stricter hard limits", (of, asked) => {
    const before = decide(of, asked);
    const strict = { ...of, riskHardLimitBps: 1_000, confidenceMinBps: 9_000 } as unknown as Policy;
    const after = decide(strict, asked);
    if (after.action !== "reject" || after.evaluatedCount > 0) expect(after).toEqual(before);
  });
});

function at(of: Policy, which: number): Candidate {
  const found = of.candidates[which % of.candidates.length];
  if (found === undefined) throw new Error("a generated catalog has a candidate");
  return found;
}

function withCandidate(of: Policy, changed: Candidate): Policy {
  return { ...of, candidates: of.candidates.map((old) => (old.id === changed.id ? changed : old)) };
}
