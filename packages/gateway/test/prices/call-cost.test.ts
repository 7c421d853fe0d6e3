import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { boundOf, costOf, type PricedCall } from "../../src/prices/call-cost.ts";
import { pricedModels, rateOfDollars } from "../../src/prices/genai-prices.ts";
import { type ModelPrices, pricesAt, RATE_NAMES, type Rate, type RateName } from "../../src/prices/model-prices.ts";
import { type PriceBook, shippedPrices } from "../../src/prices/price-book.ts";
import { NO_TOKENS, NO_USAGE, type UsageRecord } from "../../src/usage/usage-record.ts";

const dollars = (price: number): Rate => ({ base: rateOfDollars(price, 1_000_000n), tiers: [] });
const prices = (given: { readonly [Name in RateName]?: number }): ModelPrices => ({
  rates: Object.fromEntries(Object.entries(given).map(([name, price]) => [name, dollars(price)])),
  unreadPrices: [],
});
const CLAUDE = prices({ input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75, cacheWrite1h: 6 });
const cost = (usage: Partial<UsageRecord>, given: ModelPrices = CLAUDE, rest: Partial<PricedCall> = {}): unknown => {
  const { costMicrocents, unknown } = costOf(
    { ...NO_USAGE, ...usage },
    { provider: "anthropic", prices: given, ...rest },
  );
  return unknown.length === 0 ? costMicrocents : [costMicrocents, ...unknown];
};

describe("the cost of a call", () => {
  test("is each part at its own rate, and what is no part at the rate of the whole", () => {
    const usage = {
      inputTokens: 40,
      cacheReadTokens: 10,
      cacheWriteTokens: 10,
      cacheWrite1hTokens: 5,
      outputTokens: 15,
    };
    // 15 × 300 + 10 × 30 + 10 × 375 + 5 × 600 + 15 × 1,500 microcents.
    expect(cost(usage)).toBe(34_050n);
  });

  test("is rounded up once, at the end", () => {
    const tiny = prices({ input: 0.000001, output: 0.000001 });
    expect(cost({ inputTokens: 1, outputTokens: 1 }, tiny)).toBe(1n);
    expect(cost({ inputTokens: 5_000, outputTokens: 5_000 }, tiny)).toBe(1n);
    expect(cost({ inputTokens: 5_000, outputTokens: 5_001 }, tiny)).toBe(2n);
  });

  test("takes the tier of the whole input for every unit, from one token above its bound on", () => {
    const tier = (base: number, above: number): Rate => ({
      ...dollars(base),
      tiers: [{ aboveInputTokens: 200_000, rate: rateOfDollars(above, 1_000_000n) }],
    });
    const tiered = {
      rates: { input: tier(1.25, 2.5), output: tier(10, 15), cacheRead: tier(0.125, 0.25) },
      unreadPrices: [],
    };
    expect(cost({ inputTokens: 200_000, cacheReadTokens: 100_000, outputTokens: 100 }, tiered)).toBe(
      12_500_000n + 1_250_000n + 100_000n,
    );
    expect(cost({ inputTokens: 200_001, cacheReadTokens: 100_000, outputTokens: 100 }, tiered)).toBe(
      25_000_250n + 2_500_000n + 150_000n,
    );
  });

  test("counts audio, images and reasoning apart where they have a rate, and as a part of the whole where not", () => {
    const usage = {
      inputTokens: 100,
      audioInputTokens: 60,
      audioCacheReadTokens: 20,
      cacheReadTokens: 30,
      outputTokens: 100,
      reasoningTokens: 70,
      audioOutputTokens: 10,
    };
    expect(cost(usage, prices({ input: 1, output: 1 }))).toBe(20_000n);
    const apart = prices({
      input: 1,
      cacheRead: 0.1,
      audioInput: 10,
      audioCacheRead: 2,
      output: 1,
      audioOutput: 20,
      reasoning: 3,
    });
    // 30 text, 10 cached text, 40 audio, 20 cached audio; 20 text, 10 audio, 70 reasoning.
    expect(cost(usage, apart)).toBe(3_000n + 100n + 40_000n + 4_000n + 2_000n + 20_000n + 21_000n);
  });

  test("has searches and requests by the thousand, which no factor multiplies", () => {
    const searching = {
      ...CLAUDE,
      rates: { ...CLAUDE.rates, webSearch: { base: rateOfDollars(10, 1_000n), tiers: [] } },
    };
    expect(cost({ webSearches: 2 }, searching)).toBe(2_000_000n);
    expect(cost({ webSearches: 2, inputTokens: 100, tier: "batch" }, searching)).toBe(2_000_000n + 15_000n);
    const perRequest = {
      rates: { ...CLAUDE.rates, request: { base: rateOfDollars(5, 1_000n), tiers: [] } },
      unreadPrices: [],
    };
    expect(cost({}, perRequest)).toBe(500_000n);
  });

  test.each([
    [{ tier: "standard", speed: "standard", region: "not_available" }, 30_000n],
    [{ tier: "batch" }, 15_000n],
    [{ region: "us" }, 33_000n],
    [{ tier: "batch", region: "us" }, 16_500n],
    [{ tier: "priority" }, [30_000n, "tier priority"]],
    [{ speed: "fast" }, [30_000n, "speed fast"]],
    [{ region: "constructor" }, [30_000n, "region constructor"]],
    [{ tier: "batch", speed: "fast" }, [15_000n, "speed fast"]],
  ])("for a call served as %j is %s, and names what has no price", (words, wanted) => {
    expect(cost({ inputTokens: 100, ...words })).toEqual(wanted);
  });

  test("takes a factor that the catalog adds", () => {
    expect(cost({ inputTokens: 100, speed: "fast" }, CLAUDE, { factors: { "speed fast": 60_000 } })).toBe(180_000n);
  });

  test("names each part that has no price, and counts what is known of it", () => {
    const plain = prices({ input: 3, output: 15 });
    expect(cost({ inputTokens: 100, cacheReadTokens: 50 }, plain)).toBe(30_000n);
    expect(cost({ inputTokens: 100, cacheWriteTokens: 50 }, plain)).toEqual([30_000n, "cacheWrite"]);
    expect(cost({ inputTokens: 100, cacheWrite1hTokens: 50 }, prices({ input: 3, output: 15, cacheWrite: 4 }))).toEqual(
      [35_000n, "cacheWrite1h"],
    );
    expect(cost({ inputTokens: 100, cacheWrite12hTokens: 50 })).toEqual([33_750n, "cacheWrite12h"]);
    expect(cost({ webSearches: 1 })).toEqual([0n, "webSearch"]);
    expect(cost({ unknownUnits: ["image_gen"] })).toEqual([0n, "image_gen"]);
    expect(cost({ inputTokens: 25, isFinal: false })).toEqual([7_500n, "output"]);
    expect(cost({ outputTokens: 1 }, prices({ input: 3 }))).toEqual([0n, "output"]);
  });

  test("has another model's part at that model's own rates, or names it", () => {
    const others = [{ model: "claude-opus-4-7", usage: { ...NO_TOKENS, inputTokens: 100, outputTokens: 10 } }];
    expect(cost({ inputTokens: 100, others })).toEqual([30_000n, "model claude-opus-4-7"]);
    expect(cost({ inputTokens: 100, others }, CLAUDE, { pricesOf: () => prices({ input: 5, output: 25 }) })).toBe(
      30_000n + 50_000n + 25_000n,
    );
  });

  const rate = fc.record({
    base: fc.bigInt({ min: 0n, max: 10n ** 11n }),
    tiers: fc.array(fc.record({ aboveInputTokens: fc.nat(1_000_000), rate: fc.bigInt({ min: 0n, max: 10n ** 11n }) }), {
      maxLength: 2,
    }),
  });
  const rates = fc.record(Object.fromEntries(RATE_NAMES.map((name) => [name, rate])), {
    requiredKeys: ["input", "output", "webSearch"],
  });
  const usage = fc
    .record({
      text: fc.nat(10 ** 6),
      read: fc.nat(10 ** 6),
      written: fc.nat(10 ** 6),
      hour: fc.nat(10 ** 5),
      audio: fc.nat(1_000),
      output: fc.nat(10 ** 6),
      reasoning: fc.nat(100),
      webSearches: fc.nat(20),
    })
    .map(
      ({ text, read, written, hour, audio, output, reasoning, webSearches }): UsageRecord => ({
        ...NO_USAGE,
        inputTokens: text + read + written + hour + audio,
        cacheReadTokens: read,
        cacheWriteTokens: written,
        cacheWrite1hTokens: hour,
        audioInputTokens: audio,
        outputTokens: output + reasoning,
        reasoningTokens: reasoning,
        webSearches,
      }),
    );

  test("is never above the bound for a call of its size, whatever the prices", () => {
    fc.assert(
      fc.property(usage, rates, fc.constantFrom("", "batch", "us"), (used, given, word) => {
        const book = { rates: given, unreadPrices: [] };
        const served = { ...used, ...(word === "us" ? { region: word } : { tier: word }) };
        const { costMicrocents } = costOf(served, { provider: "anthropic", prices: book });
        const factorBpsMax = word === "us" ? 11_000 : 10_000;
        expect(costMicrocents).toBeLessThanOrEqual(boundOf({ ...used, factorBpsMax }, book));
      }),
      { numRuns: 500 },
    );
  });
});

describe("prices from the data", () => {
  test.each([
    [3, 300_000_000n],
    [0.003625, 362_500n],
    [0.1, 10_000_000n],
    [1e-7, 10n],
    [1.5e-8, 2n],
    [0.083_333_333_333_333_34, 8_333_334n],
    [0, 0n],
    [1e3, 100_000_000_000n],
  ])("of $%d for a million are %i microcents", (price, wanted) => {
    expect(rateOfDollars(price, 1_000_000n)).toBe(wanted);
  });

  const dated = {
    id: "p",
    models: [
      {
        id: "m",
        match: { or: [{ equals: "m-2025-01-01" }, { starts_with: "m" }] },
        prices: [
          { prices: { input_mtok: 1, output_mtok: 1, audio_hours: 3 } },
          {
            constraint: { type: "start_date", start_date: "2026-01-01" },
            prices: { input_mtok: 2, output_mtok: { base: 1, tiers: [{ start: 10, price: 5 }] } },
          },
          {
            constraint: { type: "time_of_date", start_time: "22:30:00Z", end_time: "04:00:00Z" },
            prices: { input_mtok: 3 },
          },
        ],
      },
    ],
  };

  test.each([
    ["2025-12-31T23:59:59Z", 3],
    ["2025-12-31T20:00:00Z", 1],
    ["2026-01-01T12:00:00Z", 2],
    ["2026-01-01T22:30:00Z", 3],
    ["2026-01-02T03:59:59Z", 3],
    ["2026-01-02T04:00:00Z", 2],
  ])("hold at %s by their date and time of day", (at, price) => {
    const [model] = pricedModels(dated);
    expect(model && pricesAt(model, Date.parse(at)).rates.input).toEqual(dollars(price));
  });

  test("name their exact ids, their tiers, and what cannot be read", () => {
    const [model] = pricedModels(dated);
    expect(model?.exactIds).toEqual(["m", "m-2025-01-01"]);
    expect(model?.dated[0]?.prices.unreadPrices).toEqual(["audio_hours"]);
    expect(model?.dated[1]?.prices.rates.output).toEqual({
      base: 100_000_000n,
      tiers: [{ aboveInputTokens: 10, rate: 500_000_000n }],
    });
  });
});

describe("the prices that come with this version", () => {
  let book: PriceBook;
  beforeAll(async () => {
    book = await shippedPrices();
  });

  test("are those of exact ids", () => {
    const { rates } = pricesAt(book.model("anthropic", "claude-sonnet-4-5"), Date.parse("2026-11-27"));
    expect([rates.input?.base, rates.cacheWrite1h?.base, rates.webSearch?.base]).toEqual([
      300_000_000n,
      600_000_000n,
      1_000_000_000_000n,
    ]);
    expect(book.model("openai", "gpt-4o").id).toBe("gpt-4o");
  });

  test.each([
    ["anthropic", "claude-sonnet-5-5", "claude-sonnet-5"],
    ["mistral", "mistral-large-9", undefined],
    ["openai", "gpt-6", undefined],
    ["nobody", "gpt-4o", undefined],
    ["anthropic", "CLAUDE-SONNET-4-5", "claude-sonnet-4-5"],
  ])("of %s refuse %s by code, and name the id that a prefix would have taken", (provider, model, nearest) => {
    const details = { provider, model, ...(nearest === undefined ? {} : { nearest }) };
    expect(() => book.model(provider, model)).toThrow(
      expect.objectContaining({ code: "CAL_GATEWAY_MODEL_UNPRICED", details }),
    );
  });
});
