import { describe, expect, test } from "vitest";
import { checkPrices, type ListedPrice, priceList, priceProviderOf } from "../../src/prices/catalog-prices.ts";
import { PriceBook, shippedPrices } from "../../src/prices/price-book.ts";

const DOLLAR = 100_000_000n;
const OPENAI = {
  id: "openai",
  models: [
    { id: "gpt-a", match: { starts_with: "gpt-a" }, prices: { input_mtok: 2, output_mtok: 8 } },
    {
      id: "gpt-night",
      match: { equals: "gpt-night" },
      prices: [
        { prices: { input_mtok: 4, output_mtok: 8 } },
        { constraint: { start_time: "16:30:00Z", end_time: "00:30:00Z" }, prices: { input_mtok: 2, output_mtok: 4 } },
      ],
    },
  ],
};
const BOOK = new PriceBook([OPENAI]);
const NOON_MS = Date.parse("2026-11-27T12:00:00Z");

const listed = (name: string, input: number, output: number, provider = "OpenAI"): ListedPrice => ({
  name,
  provider,
  inputPriceMicrocents: BigInt(input) * DOLLAR,
  outputPriceMicrocents: BigInt(output) * DOLLAR,
});

describe("a candidate of a catalog", () => {
  test.each<[string, ListedPrice, object]>([
    ["with the price of today is the same", listed("gpt-a", 2, 8), { finding: "same" }],
    [
      "with another price is stale",
      listed("gpt-a", 2, 9),
      { finding: "stale", inputNowMicrocents: 2n * DOLLAR, outputNowMicrocents: 8n * DOLLAR },
    ],
    ["with the price by day is the same at night", listed("gpt-night", 4, 8), { finding: "same" }],
    ["with the price by night is the same by day", listed("gpt-night", 2, 4), { finding: "same" }],
    [
      "with the input of one and the output of the other is stale",
      listed("gpt-night", 2, 8),
      { finding: "stale", inputNowMicrocents: 4n * DOLLAR },
    ],
    [
      "whose name only begins like a model is inexact",
      listed("gpt-a-2", 2, 8),
      { finding: "inexact", nearest: "gpt-a" },
    ],
    ["of no model is unknown", listed("other", 2, 8), { finding: "unknown" }],
    ["of a provider without prices has no source", listed("llama", 1, 1, "Meta"), { finding: "no source" }],
    [
      "of a provider that is a name of every object has no source",
      listed("llama", 1, 1, "constructor"),
      { finding: "no source" },
    ],
  ])("%s", (_what, candidate, expected) => {
    const [noon] = checkPrices([candidate], BOOK, NOON_MS);
    expect(noon).toMatchObject({ ...candidate, ...expected });
    const [night] = checkPrices([candidate], BOOK, NOON_MS + 8 * 3_600_000);
    expect(night?.finding).toBe(noon?.finding);
  });
});

test("the price data as a list is what a check of it finds to be the same", async () => {
  const book = await shippedPrices();
  const list = priceList(book, NOON_MS);
  expect(list.length).toBeGreaterThan(500);
  expect(checkPrices(list, book, NOON_MS).filter(({ finding }) => finding !== "same")).toEqual([]);
});

test.each([
  ["OpenAI", "openai"],
  ["xAI", "x-ai"],
  ["Mistral AI", "mistral"],
  ["Meta", undefined],
])("the provider %s is %s", (name, id) => {
  expect(priceProviderOf(name)).toBe(id);
});
