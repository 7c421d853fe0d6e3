import type { Decision, Kernel, Request } from "@calybris/kernel";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Decision as Answer, DecisionRequest } from "../../../client/src/index.ts";
import { FORBIDDEN } from "../support/forbidden.ts";
import { codeOf, POLICY, post, type Running, startService, testPolicy } from "../support/running-service.ts";

/** Every other field, at its ends and beyond what is usual. */
const OTHER_FIELDS: { readonly [field: string]: readonly unknown[] } = {
  requestId: ["override"],
  tenant: ["default"],
  reservationSeconds: [1, 2_678_400],
  useCase: ["default"],
  requested: ["large", "medium", "small", 1, 2, 3],
  outputTokens: [0, 1, 4_294_967_295],
  budgetMicrocents: [0, "18446744073709551615"],
  budgetCents: ["0", "1000000"],
  budgetDollars: ["0", "1000000"],
  qualityMinBps: [0, 10_000],
  latencyMaxMs: [0, 1, 4_294_967_295],
  capabilities: [[], ["tools"], ["tools", "vision"]],
  providers: [["alpha"], ["alpha", "beta"]],
  regions: [["eu"], ["us"], ["eu", "us"]],
  features: [{}],
  textScore: [-2_147_483_647, 0, 2_147_483_647],
  riskBps: [0, 9_599],
  confidenceBps: [10_000],
  valueMicrocents: ["9223372036854775807"],
  valueCents: ["1000000"],
  valueDollars: ["1000000"],
};

/** What somebody might hope to be obeyed. */
const HEADERS: readonly { readonly [name: string]: string }[] = [
  { "x-calybris-override": "true" },
  { "x-calybris-risk-hard-limit-bps": "10000" },
  { "x-governance": "off" },
  { "x-http-method-override": "PUT" },
  { prefer: "handling=lenient" },
  { "x-forwarded-for": "127.0.0.1" },
  { "x-calybris-policy": "none" },
  { "x-admin": "1" },
];

const ANY_VALUE: readonly string[] = ["valueMicrocents", "valueCents", "valueDollars"];

async function withService(
  options: Parameters<typeof startService>[0],
  body: (own: Running) => Promise<void>,
): Promise<void> {
  const own = await startService(options);
  try {
    await body(own);
  } finally {
    await own.end();
  }
}

async function expectAllForbidden(own: Running): Promise<void> {
  const client = own.client({ key: own.keys.decide });
  const { results } = await client.decideBatch(FORBIDDEN.map(({ request }) => request));
  for (const [index, result] of results.entries()) {
    const { what, reason } = FORBIDDEN[index] as (typeof FORBIDDEN)[number];
    expect(result, what).toMatchObject({
      action: "reject",
      selected: null,
      costMicrocents: "0",
      reason,
    });
  }
}

describe("a hard limit", () => {
  test("holds whatever else a request says", async () => {
    await withService({}, async (own) => {
      const client = own.client({ key: own.keys.decide });
      for (const { what, request: forbidden } of FORBIDDEN) {
        const requests = Object.entries(OTHER_FIELDS).flatMap(([field, values]) => {
          // What is forbidden stays as it is, also in another unit.
          const isTheSame = field in forbidden || (ANY_VALUE.includes(field) && "valueMicrocents" in forbidden);
          return isTheSame
            ? []
            : values.map(
                (value) =>
                  ({ ...forbidden, [field]: field === "requestId" ? `${value} ${what}` : value }) as DecisionRequest,
              );
        });
        const { results } = await client.decideBatch(requests);
        for (const [index, result] of results.entries()) {
          const request = JSON.stringify(requests[index]);
          expect(result, `${what}: ${request}`).toMatchObject(
            "error" in result ? { error: { code: "CAL_REQUEST_INVALID" } } : { action: "reject" },
          );
        }
      }
    });
  });

  test("holds whatever a header says", async () => {
    await withService({}, async (own) => {
      for (const headers of HEADERS) {
        for (const { what, request } of FORBIDDEN) {
          const { status, body } = await post(own, "/v1/decisions", JSON.stringify(request), headers);
          expect([status, (body as Answer).action], what).toEqual([200, "reject"]);
        }
      }
    });
  });

  test("holds at its very edge, and gives way one below it", async () => {
    await withService({}, async (own) => {
      const client = own.client({ key: own.keys.decide });
      const at = (change: object): Promise<Answer> =>
        client.decide({ inputTokens: 10, valueDollars: "100", ...change });
      expect((await at({ riskBps: 9_600 })).reason).toBe("risk_hard_limit");
      expect((await at({ riskBps: 9_499 })).action).not.toBe("reject");
      expect((await at({ confidenceBps: 5_499 })).reason).toBe("confidence_hard_limit");
      expect((await at({ confidenceBps: 5_500 })).action).not.toBe("reject");
    });
  });
});

describe("a policy", () => {
  const LOOSEST = {
    riskHardLimitBps: 9_600,
    confidenceMinBps: 5_500,
    riskPenaltyMultiplierBps: 0,
    latencyPenaltyMicrocentsPerMs: 0,
    disabled: [],
    useCases: {
      default: { valueDollars: "1000000", riskBps: 0, confidenceBps: 10_000, qualityMinBps: 0, outputTokens: 0 },
      forbidden: { valueDollars: "1000000", riskBps: 10_000, confidenceBps: 0, qualityMinBps: 0, outputTokens: 0 },
    },
    catalog: {
      ...(POLICY.catalog as object),
      candidates: ((POLICY.catalog as { candidates: object[] }).candidates ?? []).map((candidate) => ({
        ...candidate,
        qualityBps: 10_000,
        riskCeilingBps: 10_000,
        latencyP95Ms: 0,
      })),
    },
  };

  test("as loose as one may be loosens nothing, nor does a use case at the forbidden end", async () => {
    await withService({ startingPolicy: () => Promise.resolve(testPolicy(LOOSEST)) }, async (own) => {
      await expectAllForbidden(own);
      const client = own.client({ key: own.keys.decide });
      expect(await client.decide({ inputTokens: 1, useCase: "forbidden" })).toMatchObject({ action: "reject" });
      expect(await client.decide({ inputTokens: 1, useCase: "forbidden", riskBps: 0 })).toMatchObject({
        reason: "confidence_hard_limit",
      });
    });
  });

  describe("over the API", () => {
    let own: Running;
    beforeAll(async () => {
      own = await startService();
    });
    afterAll(() => own.end());

    test.each(Object.keys(LOOSEST).map((key): [string] => [key]))(
      "may not be looser by its %s, one at a time",
      async (key) => {
        const operate = own.client({ key: own.keys.operate });
        const policy = { ...POLICY, epoch: 2, [key]: LOOSEST[key as keyof typeof LOOSEST] };
        await operate.setPolicy({ policy, by: "mallory" });
        await expectAllForbidden(own);
      },
    );

    test.each([
      [{ riskHardLimitBps: 9_601 }],
      [{ riskHardLimitBps: 10_000 }],
      [{ confidenceMinBps: 5_499 }],
      [{ confidenceMinBps: 0 }],
      [{ riskPenaltyMultiplierBps: -1 }],
      [{ riskPenaltyMultiplierBps: 50_001 }],
      [{ governance: false }],
      [{ costToValueLimitBps: 20_000 }],
    ])("with %j is refused, before it is activated", async (change) => {
      const operate = own.client({ key: own.keys.operate });
      const before = await operate.policies();
      await expect(operate.setPolicy({ policy: { ...POLICY, ...change }, by: "mallory" })).rejects.toMatchObject({
        status: 400,
        code: "CAL_POLICY_INVALID",
      });
      expect(await operate.policies()).toEqual(before);
    });
  });
});

describe("a kernel that errs", () => {
  /** Chooses the most expensive candidate for every request. */
  const spendthrift = (change: (request: Request) => Partial<Decision>): (() => Kernel) => {
    return () => ({
      prescribe: (request) =>
        ({
          sequence: request.sequence,
          action: "execute",
          reason: "requested_maximizes_utility",
          selectedId: 1,
          selectedIndex: 0,
          costMicrocents: 10n ** 15n,
          utilityMicrocents: 1n,
          counterfactualId: 0,
          counterfactualUtilityMicrocents: 0n,
          evaluatedCount: 3,
          eligibleCount: 1,
          policyEpoch: 1n,
          catalogEpoch: 1n,
          ...change(request),
        }) as Decision,
    });
  };

  test.each([
    ["spends more than it is worth", { inputTokens: 1, valueMicrocents: 1_000 }, {}],
    ["spends on what is worth nothing", { inputTokens: 1, valueMicrocents: 0 }, { costMicrocents: 1n }],
    ["spends on what is worth less than nothing", { inputTokens: 1, valueMicrocents: -5 }, { costMicrocents: 1n }],
    ["spends just as much as is forbidden", { inputTokens: 1, valueMicrocents: 1_000 }, { costMicrocents: 1_250n }],
  ])("%s: nothing of it is journaled or answered, and the service stops deciding", async (_what, request, change) => {
    await withService({ ports: { kernelFor: spendthrift(() => change as Partial<Decision>) } }, async (own) => {
      const before = own.service.engine.reading.head.sequence;
      const first = await post(own, "/v1/decisions", JSON.stringify(request));
      expect([first.status, codeOf(first.body)]).toEqual([503, "CAL_ENGINE_STOPPED"]);
      const next = await post(own, "/v1/decisions", JSON.stringify({ inputTokens: 1 }));
      expect([next.status, next.body]).toEqual([503, first.body]);
      await expect(own.client().ready()).rejects.toMatchObject({ status: 503 });
      expect(await own.client().health()).toEqual({ status: "alive" });
      const { reading } = own.service.engine;
      const lines = await Array.fromAsync(reading.lines(before, reading.head.sequence));
      expect(lines.join("")).not.toContain('"kind":"decision"');
      expect(own.logged()).toContain(
        (first.body as { error: { details: { incident: string } } }).error.details.incident,
      );
    });
  });

  test.each([
    ["risk", { inputTokens: 1, riskBps: 9_600 }],
    ["confidence", { inputTokens: 1, confidenceBps: 5_499 }],
  ])("is not even asked beyond the limit of %s", async (_what, request) => {
    const kernelFor = spendthrift(() => {
      throw new Error("the kernel was asked");
    });
    await withService({ ports: { kernelFor } }, async (own) => {
      const { body } = await post(own, "/v1/decisions", JSON.stringify(request));
      expect(body).toMatchObject({ action: "reject", evaluatedCount: 0 });
    });
  });
});
