import { describe, expect, test } from "vitest";
import { decisionDigests, firstRefusal, policyDigest, prescribe, toHex, utility } from "../src/index.ts";
import { IMPLEMENTATIONS } from "./implementations.ts";
import { readVectors } from "./vectors.ts";

const VECTORS = readVectors();

describe("the published vectors", () => {
  test("are all there: six labelled cases and two thousand lines", () => {
    expect(VECTORS.length).toBe(2_006);
    expect(new Set(VECTORS.map(({ policy }) => policy)).size).toBe(5);
  });

  test.each(IMPLEMENTATIONS)("are decided as published by the $name kernel", ({ kernelOf }) => {
    const policies = new Set(VECTORS.map(({ policy }) => policy));
    const kernels = new Map([...policies].map((policy) => [policy, kernelOf(policy)]));
    const different = VECTORS.filter(({ policy, request, expected }) => {
      const decision = kernels.get(policy)?.prescribe(request);
      return Object.entries(expected).some(([field, value]) => decision?.[field as keyof typeof decision] !== value);
    });
    expect(different.map(({ name }) => name)).toEqual([]);
  });

  test("are refused gate by gate as published", () => {
    const counted = VECTORS.filter(({ refusals }) => refusals !== undefined);
    expect(counted.length).toBeGreaterThan(600);
    for (const { name, policy, request, refusals } of counted)
      expect(prescribe(policy, request).refusals, name).toEqual(refusals);
  });

  test("give the requested candidate the published utility", () => {
    for (const { name, policy, request, requestedUtilityMicrocents } of VECTORS) {
      if (requestedUtilityMicrocents === undefined) continue;
      const requested = policy.candidates.find(({ id }) => id === request.requestedId);
      const limited = prescribe(policy, request).decision.evaluatedCount === 0;
      const eligible =
        requested !== undefined && !limited && firstRefusal(policy, request, requested) === undefined
          ? utility(policy, request, requested).utilityMicrocents
          : null;
      expect(eligible, name).toBe(requestedUtilityMicrocents);
    }
  });

  test.each(IMPLEMENTATIONS)("have the published digests when the $name kernel decides them", ({ kernelOf }) => {
    const digested = VECTORS.filter(({ digests }) => digests !== undefined);
    expect(digested.length).toBe(6);
    for (const { name, policy, request, digests } of digested) {
      const digest = policyDigest(policy);
      const found = decisionDigests(digest, request, kernelOf(policy).prescribe(request));
      const hex = { policy: toHex(digest), request: toHex(found.request), decision: toHex(found.decision) };
      expect(hex, name).toEqual(digests);
    }
  });
});
