import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { costOf } from "../../src/prices/call-cost.ts";
import type { ModelPrices, Rate } from "../../src/prices/model-prices.ts";
import { factorMax, factorsOf } from "../../src/prices/price-factors.ts";
import { type CallCostBound, callBound } from "../../src/reserve/call-bound.ts";
import { kindOf, sizeOf, tokensByBytes } from "../../src/reserve/call-size.ts";
import { ExpectedUses } from "../../src/reserve/expected-usage.ts";
import { outputLimit } from "../../src/reserve/output-limit.ts";
import { UsageEstimator } from "../../src/reserve/usage-estimator.ts";
import type { CallContent } from "../../src/scan/content-count.ts";
import { NO_USAGE } from "../../src/usage/usage-record.ts";

const CONTENT: CallContent = {
  promptBytes: 10_000,
  wideBytes: 0,
  messageCount: 1,
  toolCount: 0,
  toolBytes: 0,
  imageCount: 0,
  imageBytes: 0,
  choiceCount: 1,
  predictionBytes: 0,
  searchesMax: 0,
  hidden: [],
  userText: "",
};

const rate: fc.Arbitrary<Rate> = fc
  .record({
    base: fc.bigInt(0n, 10n ** 11n),
    above: fc.bigInt(0n, 10n ** 11n),
    start: fc.integer({ min: 1, max: 300_000 }),
  })
  .map(({ base, above, start }) => ({ base, tiers: [{ aboveInputTokens: start, rate: above }] }));
const prices: fc.Arbitrary<ModelPrices> = fc
  .record(
    {
      input: rate,
      output: rate,
      cacheRead: rate,
      cacheWrite: rate,
      cacheWrite1h: rate,
      webSearch: rate,
      request: rate,
    },
    { requiredKeys: ["input", "output", "cacheWrite", "cacheWrite1h", "webSearch"] },
  )
  .map((rates) => ({ rates, unreadPrices: [] }));

function reserved({ input, outputPriceMicrocents }: CallCostBound, outputTokensMax: number): bigint {
  const first = input[0]?.microcents ?? 0n;
  return first + (BigInt(outputTokensMax) * outputPriceMicrocents + 999_999n) / 1_000_000n;
}

describe("the bound of a call", () => {
  const share = fc.integer({ min: 0, max: 100 });
  const usage = fc.record({
    input: share,
    read: share,
    write: share,
    write1h: share,
    output: share,
    searches: fc.integer({ min: 0, max: 3 }),
  });
  const content = fc.record({
    promptBytes: fc.integer({ min: 1, max: 400_000 }),
    toolCount: fc.nat(3),
    choiceCount: fc.integer({ min: 1, max: 4 }),
    predictionBytes: fc.nat(5_000),
    hidden: fc.constantFrom<readonly string[]>([], ["image"]),
  });
  const asked = fc.record({
    region: fc.constantFrom("", "us", "global"),
    tier: fc.constantFrom("", "auto", "standard_only"),
  });

  test("is not exceeded by any usage within it: every cache, tier and factor", () => {
    fc.assert(
      fc.property(
        prices,
        content,
        usage,
        asked,
        fc.integer({ min: 1, max: 64_000 }),
        (list, part, used, service, limit) => {
          const { factorBpsMax, unknown } = factorMax(service, "anthropic");
          expect(unknown).toEqual([]);
          const whole = { ...CONTENT, ...part, searchesMax: 3 };
          const candidate = { provider: "anthropic", prices: list, contextTokens: 500_000, factorBpsMax };
          const bound = callBound(whole, candidate);
          expect(bound?.input.map(({ basis }) => basis)).toEqual([part.hidden.length > 0 ? "window" : "bytes"]);
          const inputMax = tokensByBytes(whole) ?? 500_000;
          const inputTokens = Math.floor((inputMax * used.input) / 100);
          const parts = used.read + used.write + used.write1h;
          const portion = (one: number): number =>
            parts === 0 ? 0 : Math.floor((inputTokens * one) / Math.max(parts, 100));
          const record = {
            ...NO_USAGE,
            inputTokens,
            cacheReadTokens: portion(used.read),
            cacheWriteTokens: portion(used.write),
            cacheWrite1hTokens: portion(used.write1h),
            // Refused predictions are output besides the answers.
            outputTokens: Math.floor((limit * part.choiceCount * used.output) / 100) + part.predictionBytes,
            webSearches: used.searches,
            region: service.region,
          };
          const { costMicrocents } = costOf(record, { provider: "anthropic", prices: list });
          expect(bound && reserved(bound, limit)).toBeGreaterThanOrEqual(costMicrocents);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  const RATES = { input: { base: 300_000_000n, tiers: [] }, output: { base: 1_500_000_000n, tiers: [] } };
  const CANDIDATE = {
    provider: "p",
    prices: { rates: RATES, unreadPrices: [] },
    contextTokens: 200_000,
    factorBpsMax: 10_000,
  };

  test("is by the window where bytes do not show the input, or show more than the model reads", () => {
    expect(callBound({ ...CONTENT, hidden: ["image"] }, CANDIDATE)?.input).toEqual([
      { basis: "window", microcents: 60_000_000n },
    ]);
    expect(callBound({ ...CONTENT, promptBytes: 900_000 }, CANDIDATE)?.input[0]?.basis).toBe("window");
    expect(callBound({ ...CONTENT, hidden: ["tool web_search"] }, CANDIDATE)?.input[0]?.microcents).toBe(120_000_000n);
  });

  test("costs more by the factor that may be served, input and output alike", () => {
    const bound = callBound({ ...CONTENT, hidden: ["image"] }, { ...CANDIDATE, factorBpsMax: 11_000 });
    expect(bound).toEqual({
      input: [{ basis: "window", microcents: 66_000_000n }],
      outputPriceMicrocents: 1_650_000_000n,
    });
  });

  test("is none where nothing bounds the call", () => {
    const unknown = { ...CANDIDATE, contextTokens: undefined };
    expect(callBound({ ...CONTENT, hidden: ["image"] }, unknown)).toBeUndefined();
    expect(callBound(CONTENT, unknown)?.input[0]?.basis).toBe("bytes");
    const { input: _, ...withoutInput } = RATES;
    expect(callBound(CONTENT, { ...CANDIDATE, prices: { rates: withoutInput, unreadPrices: [] } })).toBeUndefined();
  });

  test("has an estimate behind it once one was learned and is lower", () => {
    const estimator = new UsageEstimator(100);
    const kind = kindOf("p", CONTENT);
    for (let seen = 0; seen < 200; seen += 1) estimator.note(kind, sizeOf(CONTENT), 2_500);
    const bound = callBound(CONTENT, CANDIDATE, estimator);
    expect(bound?.input.map(({ basis }) => basis)).toEqual(["bytes", "estimate"]);
    expect(bound?.input[1]?.microcents).toBeLessThan(900_000n);
    for (let seen = 0; seen < 9_000; seen += 1) estimator.note(kind, sizeOf(CONTENT), 90_000);
    expect(callBound(CONTENT, CANDIDATE, estimator)?.input.map(({ basis }) => basis)).toEqual(["bytes"]);
  });

  test("is learned for the provider and for what the prompt consists of", () => {
    const kinds = [
      kindOf("p", CONTENT),
      kindOf("q", CONTENT),
      kindOf("p", { ...CONTENT, wideBytes: 1_000 }),
      kindOf("p", { ...CONTENT, toolBytes: 5_000 }),
      kindOf("p", { ...CONTENT, imageCount: 1, hidden: ["image"] }),
      kindOf("p", { ...CONTENT, hidden: ["image", "block document"], imageCount: 1 }),
    ];
    expect(new Set(kinds).size).toBe(kinds.length);
    const image = { ...CONTENT, promptBytes: 1_010_000, imageBytes: 1_000_000, imageCount: 1, hidden: ["image"] };
    expect(sizeOf(image)).toBeLessThan(20_000);
  });
});

describe("the most expensive service that a call may get", () => {
  test("bounds every factor that an answer can name, where the request asks for it or for nothing", () => {
    const word = fc.constantFrom("", "default", "standard", "batch", "us", "global", "auto", "flex");
    fc.assert(
      fc.property(word, word, word, (tier, speed, region) => {
        const bound = factorMax({ tier, speed, region }, "anthropic", { "speed fast": 60_000 });
        const served = factorsOf({ tier, speed, region }, "anthropic", { "speed fast": 60_000 });
        if (bound.unknown.length > 0 || served.unknown.length > 0) return;
        const product = served.factorsBps.reduce((all, factorBps) => (all * factorBps) / 10_000, 10_000);
        expect(bound.factorBpsMax).toBeGreaterThanOrEqual(product);
      }),
    );
  });

  test.each([
    [{ tier: "priority" }, "openai", {}, 25_000, []],
    [{ tier: "fast" }, "openai", {}, 25_000, []],
    [{ tier: "ultrafast" }, "openai", {}, 10_000, ["tier ultrafast"]],
    [{ tier: "priority" }, "another", {}, 10_000, ["tier priority"]],
    [{ speed: "fast" }, "anthropic", {}, 60_000, []],
    [{ speed: "fast", region: "us" }, "anthropic", {}, 66_000, []],
    [{ tier: "priority" }, "openai", { "tier priority": 20_000 }, 20_000, []],
    [{ tier: "auto" }, "openai", { "tier priority": 20_000 }, 20_000, []],
    [{ speed: "fast", region: "us" }, "anthropic", { "speed fast": 60_000 }, 66_000, []],
    [{ speed: "constructor" }, "anthropic", {}, 10_000, ["speed constructor"]],
    [{ tier: "batch" }, "openai", {}, 10_000, []],
  ] as const)("%j at %s", (service, provider, own, factorBpsMax, unknown) => {
    expect(factorMax(service, provider, own)).toEqual({ factorBpsMax, unknown });
  });
});

describe("the output limit", () => {
  test.each([
    [
      "the client's, where it is the lowest",
      { limitTokens: 100, thinkingTokens: 0 },
      { outputTokensMax: 200, outputTokensMin: 50 },
      300,
      { outputTokensMax: 100, outputTokensMin: 50 },
    ],
    [
      "the policy's",
      { limitTokens: 128_000, thinkingTokens: 0 },
      { outputTokensMax: 200, outputTokensMin: undefined },
      300,
      { outputTokensMax: 200, outputTokensMin: 200 },
    ],
    [
      "the model's, where nobody sets one",
      { limitTokens: undefined, thinkingTokens: 0 },
      { outputTokensMax: undefined, outputTokensMin: 50 },
      300,
      { outputTokensMax: 300, outputTokensMin: 50 },
    ],
    [
      "above the budget for thinking",
      { limitTokens: 40_000, thinkingTokens: 10_000 },
      { outputTokensMax: 8_000, outputTokensMin: 1_000 },
      undefined,
      { outputTokensMax: 10_001, outputTokensMin: 10_001 },
    ],
    [
      "never below a floor that is above it",
      { limitTokens: 10, thinkingTokens: 0 },
      { outputTokensMax: undefined, outputTokensMin: 50 },
      300,
      { outputTokensMax: 10, outputTokensMin: 10 },
    ],
  ])("is %s", (_what, requested, policy, modelTokensMax, limit) => {
    expect(outputLimit(requested, policy, modelTokensMax)).toEqual(limit);
  });

  test("is none where nothing sets one", () => {
    const policy = { outputTokensMax: undefined, outputTokensMin: undefined };
    expect(outputLimit({ limitTokens: undefined, thinkingTokens: 0 }, policy, undefined)).toBeUndefined();
  });
});

describe("what a call is expected to use", () => {
  test("is a rough count at first, then the middle of what calls of its kind used, and never beyond the limit", () => {
    const uses = new ExpectedUses(new UsageEstimator(100), new UsageEstimator(100));
    expect(uses.expect("p", CONTENT, 8_192)).toEqual({ inputTokens: 2_500, outputTokens: 500 });
    expect(uses.expect("p", { ...CONTENT, wideBytes: 10_000 }, 100)).toEqual({ inputTokens: 4_000, outputTokens: 100 });
    for (const outputTokens of [10, 40, 1_000]) uses.note("p", CONTENT, { inputTokens: 3_000, outputTokens });
    const { inputTokens, outputTokens } = uses.expect("p", CONTENT, 8_192);
    expect([inputTokens >= 3_000, inputTokens < 3_200, outputTokens >= 40, outputTokens <= 42]).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });
});
