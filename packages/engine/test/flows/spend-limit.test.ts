import { createAudit } from "@calybris/audit";
import {
  bps,
  type Candidate,
  candidateId,
  cost,
  createPolicy,
  type ExactJson,
  mask,
  milliseconds,
  type PolicySnapshot,
  parseExact,
  priceMicrocents,
  providerId,
  snapshotFromJson,
  snapshotToJson,
  U64_MAX,
  writeExact,
} from "@calybris/kernel";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { caseCount } from "../../../../test/share.ts";
import { linesOf } from "../../../audit/test/money-workload.ts";
import { plainDecided } from "../../src/flows/decided.ts";
import { LEARNING_DEFAULTS } from "../../src/flows/learning-defaults.ts";
import { parseBudgets } from "../../src/intake/budgets-file.ts";
import type { ClientRequest } from "../../src/intake/client-request.ts";
import { CommandWorld } from "../support/command-world.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";

// Goal: with the default limit, nothing runs that is estimated to cost more than the requested candidate, whatever the policy, the request,
// the learner and the headroom; and the journal says so by itself.
// Method: random catalogs, policies and requests through an engine; the rule in one line; every journal audited, every request
// sent again.

const candidate: fc.Arbitrary<Omit<Candidate, "id">> = fc
  .tuple(fc.nat(2), fc.integer({ min: 1_000, max: 9_900 }), fc.nat({ max: 9 }), fc.nat(3_000), fc.nat(3_000))
  .map(([provider, quality, disabled, input, output]) => ({
    providerId: providerId(provider),
    qualityBps: bps(quality),
    riskCeilingBps: bps(9_500),
    enabled: disabled === 0 ? 0 : 1,
    latencyP95Ms: milliseconds(100),
    capabilities: mask(5n),
    regions: mask(U64_MAX),
    inputPriceMicrocents: priceMicrocents(BigInt(input) * 1_000n),
    outputPriceMicrocents: priceMicrocents(BigInt(output) * 1_000n),
  }));

const within: fc.Arbitrary<PolicySnapshot["substituteWithin"]> = fc.constantFrom<PolicySnapshot["substituteWithin"]>(
  undefined,
  "requestedProvider",
  ["first"],
  ["first", "third"],
);

const snapshot: fc.Arbitrary<PolicySnapshot> = fc
  .record({
    drawn: fc.array(candidate, { minLength: 2, maxLength: 6 }),
    within,
    isLearning: fc.boolean(),
    holdoutBps: fc.constantFrom(0, 5_000),
  })
  .map(({ drawn, within: substituteWithin, isLearning, holdoutBps }) => {
    const sample = sampleSnapshot();
    const candidates = drawn.map((each, index) => ({
      id: candidateId(index + 1),
      ...each,
      enabled: index === 0 ? 1 : each.enabled,
    }));
    const { spendLimit: _none, ...rest } = sample;
    return {
      ...rest,
      policy: createPolicy({ ...sample.policy, candidates }),
      providers: ["first", "second", "third"],
      candidateNames: candidates.map(({ id }) => `c${id}`),
      candidateTiers: candidates.map(({ id }) => id % 2),
      ...(substituteWithin === undefined ? {} : { substituteWithin }),
      ...(isLearning
        ? { learning: { ...LEARNING_DEFAULTS, holdoutBps, explorationBps: 2_000, warmUpRequests: 8 } }
        : {}),
    };
  });

const request: fc.Arbitrary<ClientRequest> = fc.record(
  {
    requested: fc.integer({ min: 1, max: 2 }),
    inputTokens: fc.nat(20_000),
    outputTokens: fc.nat(5_000),
    valueMicrocents: fc.bigInt({ min: 1n, max: 10n ** 9n }),
    budgetMicrocents: fc.bigInt({ min: 0n, max: 10n ** 8n }),
    qualityMinBps: fc.nat(9_900),
    providers: fc.uniqueArray(fc.constantFrom("first", "second", "third"), { minLength: 1 }),
    tenant: fc.constantFrom("acme"),
  },
  { requiredKeys: ["inputTokens"] },
);

async function decideAll(policy: PolicySnapshot, requests: readonly ClientRequest[]): Promise<number> {
  const world = await CommandWorld.open({ policy });
  const { engine } = world;
  await engine.ledger.apply(parseBudgets({ tenants: { acme: {} } }), {});
  await engine.ledger.grant({ tenant: "acme", amountMicrocents: 50_000_000n, id: "g" });
  let substituted = 0;
  for (const [index, asked] of requests.entries()) {
    const sent = { ...asked, requestId: `r-${index}` };
    const answer = await engine.decide(sent);
    const { decision, request: decided } = answer;
    const requested = policy.policy.candidates.find(({ id }) => id === asked.requested);
    if (requested !== undefined) {
      expect(decision.costMicrocents <= cost(decided, requested)).toBe(true);
      if (decision.action === "substitute") substituted += 1;
    }
    expect(decision.costMicrocents <= BigInt(asked.budgetMicrocents ?? U64_MAX)).toBe(true);
    expect(await engine.decide(sent)).toEqual({ ...plainDecided(answer), repeated: true });
  }
  await engine.close();
  const again = await CommandWorld.open({}, world.disk);
  for (const [index, asked] of requests.entries())
    expect((await again.engine.decide({ ...asked, requestId: `r-${index}` })).repeated).toBe(true);
  await again.engine.close();
  const audit = createAudit();
  for (const [index, line] of linesOf(world.disk).entries()) audit.line(line, { file: "j", byteOffset: index });
  const { status, findings } = audit.finish();
  expect(findings).toEqual([]);
  expect(status).toBe("intact");
  return substituted;
}

test("nothing runs that is estimated to cost more than the requested candidate, whatever is asked; the audit agrees", async () => {
  let substituted = 0;
  await fc.assert(
    fc.asyncProperty(snapshot, fc.array(request, { minLength: 12, maxLength: 20 }), async (policy, requests) => {
      substituted += await decideAll(policy, requests);
    }),
    { numRuns: caseCount(60, 20) },
  );
  expect(substituted).toBeGreaterThan(caseCount(20, 2));
});

describe("the default limit", () => {
  const { spendLimit: _none, ...limited } = sampleSnapshot();

  test("a cheaper candidate that was asked for is not replaced by a more expensive one; with no limit it is", async () => {
    const asked = { inputTokens: 1_000_000, requested: "cheaper", valueMicrocents: 100_000_000 };
    for (const [policy, action] of [
      [limited, "execute"],
      [sampleSnapshot(), "substitute"],
    ] as const) {
      const { engine } = await CommandWorld.open({ policy });
      expect(await engine.decide(asked)).toMatchObject({ decision: { action } });
      await engine.close();
    }
  });

  test("a floor left to the policy gives way to what was asked for; one that the client gave does not", async () => {
    const useCases = { default: { ...limited.useCases["default"], qualityMinBps: bps(8_000) } };
    const { engine } = await CommandWorld.open({ policy: { ...limited, useCases } as PolicySnapshot });
    const asked = { inputTokens: 1_000_000, requested: "cheaper", valueMicrocents: 100_000_000 };
    expect(await engine.decide(asked)).toMatchObject({
      decision: { action: "execute" },
      request: { qualityMinBps: 7_500 },
    });
    const strict = await engine.decide({ ...asked, qualityMinBps: 8_000 });
    expect(strict.decision).toMatchObject({ action: "reject", reason: "budget" });
    await engine.close();
  });

  test("providers may be narrowed to that of what was asked for, unless the client excludes it", async () => {
    const policy: PolicySnapshot = { ...limited, substituteWithin: "requestedProvider" };
    const { engine } = await CommandWorld.open({ policy });
    const asked = { inputTokens: 1_000_000, requested: "better", valueMicrocents: 100_000_000 };
    expect((await engine.decide(asked)).request.providersAllowed).toBe(1n);
    const excluded = await engine.decide({ ...asked, providers: ["second"] });
    expect(excluded.request.providersAllowed).toBe(0n);
    expect(excluded.decision).toMatchObject({ action: "reject", reason: "provider" });
    expect((await engine.decide({ inputTokens: 1 })).request.providersAllowed).toBe(U64_MAX);
    await engine.close();
  });

  test("the limit and the providers are in the snapshot, and the default is left out", () => {
    for (const change of [{}, { spendLimit: "none" }, { substituteWithin: ["second"] }] as const) {
      const json = parseExact(writeExact(snapshotToJson({ ...limited, ...change }))) as ExactJson;
      expect(snapshotFromJson(json)).toMatchObject(change);
      expect(Object.keys(json as object).filter((key) => /spend|within/i.test(key))).toEqual(Object.keys(change));
    }
  });
});
