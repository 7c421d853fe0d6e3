/**
 * The cost of tokens at catalog prices, to the microcent, as the kernel computes it: input and output are each rounded up.
 * The kernel uses `bigint`; here a product below 2^53 is computed in `number`, which is exact and twenty times faster.
 * @module
 */
import type { CatalogFile } from "@calybris/engine";
import { AMOUNT_MAX_MICROCENTS } from "./cells.ts";
import type { UsageRow } from "./usage-row.ts";

const TOKENS_PER_PRICE = 1_000_000;

export type Candidate = CatalogFile["candidates"][number];

/** The cost in microcents; `Infinity` above {@link AMOUNT_MAX_MICROCENTS}. */
export function costOf(candidate: Candidate, inputTokens: number, outputTokens: number): number {
  return bounded(
    sideMicrocents(inputTokens, candidate.inputPriceMicrocents) +
      sideMicrocents(outputTokens, candidate.outputPriceMicrocents),
  );
}

function sideMicrocents(tokens: number, price: bigint): number {
  const priceNumber = Number(price);
  const product = tokens * priceNumber;
  if (product <= Number.MAX_SAFE_INTEGER && priceNumber <= Number.MAX_SAFE_INTEGER) {
    const rest = product % TOKENS_PER_PRICE;
    return (product - rest) / TOKENS_PER_PRICE + (rest > 0 ? 1 : 0);
  }
  const exact = (BigInt(tokens) * price + 999_999n) / 1_000_000n;
  return exact > BigInt(AMOUNT_MAX_MICROCENTS) ? Number.POSITIVE_INFINITY : Number(exact);
}

function bounded(microcents: number): number {
  return microcents > AMOUNT_MAX_MICROCENTS ? Number.POSITIVE_INFINITY : microcents;
}

/**
 * An estimate of a row's cost, for exports that do not report it, at catalog prices. Cached input has the provider's price
 * for it if known, otherwise the full price; batch rows cost half.
 */
export function estimateOf(candidate: Candidate, row: UsageRow): number {
  const cache = row.cacheReadTokens + row.cacheWriteTokens === 0 ? undefined : CACHE_PRICES.get(candidate.name);
  const uncached = cache === undefined ? row.inputTokens : row.inputTokens - row.cacheReadTokens - row.cacheWriteTokens;
  const cached =
    cache === undefined
      ? 0
      : sideMicrocents(row.cacheReadTokens, cache.read) + sideMicrocents(row.cacheWriteTokens, cache.write);
  const full = bounded(costOf(candidate, uncached, row.outputTokens) + cached);
  return row.isBatch ? Math.ceil(full / 2) : full;
}

const MICROCENTS_PER_TENTHOUSANDTH = 10_000n;

/** Dollars for a million tokens, in ten-thousandths. */
const perMillion = (tenThousandths: number): bigint => BigInt(tenThousandths) * MICROCENTS_PER_TENTHOUSANDTH;

/**
 * Prices of prompt cache reads and writes by candidate, in ten-thousandths of a dollar per million tokens. Source, as for
 * the catalog: \@pydantic/genai-prices at commit 47df840a5ab1 (2026-08-21), MIT. One-hour writes, which cost more at
 * Anthropic, are priced like five-minute writes.
 */
const CACHE_PRICES: ReadonlyMap<string, { readonly read: bigint; readonly write: bigint }> = new Map(
  (
    [
      ["gpt-5.1", 1_250, 12_500],
      ["gpt-5", 1_250, 12_500],
      ["gpt-5-mini", 250, 2_500],
      ["gpt-5-nano", 50, 500],
      ["gpt-4.5-preview", 375_000, 750_000],
      ["gpt-4.1", 5_000, 20_000],
      ["gpt-4.1-mini", 1_000, 4_000],
      ["gpt-4.1-nano", 250, 1_000],
      ["gpt-4o", 12_500, 25_000],
      ["gpt-4o-mini", 750, 1_500],
      ["o1", 75_000, 150_000],
      ["o1-mini", 5_500, 11_000],
      ["o3", 5_000, 20_000],
      ["o3-mini", 5_500, 11_000],
      ["o4-mini", 2_750, 11_000],
      ["claude-opus-4-5", 5_000, 62_500],
      ["claude-opus-4-1", 15_000, 187_500],
      ["claude-opus-4", 15_000, 187_500],
      ["claude-sonnet-4-5", 3_000, 37_500],
      ["claude-sonnet-4", 3_000, 37_500],
      ["claude-haiku-4-5", 1_000, 12_500],
      ["claude-3-7-sonnet", 3_000, 37_500],
      ["claude-3-5-sonnet", 3_000, 37_500],
      ["claude-3-5-haiku", 800, 10_000],
      ["claude-3-opus", 15_000, 187_500],
      ["claude-3-sonnet", 3_000, 37_500],
      ["claude-3-haiku", 300, 3_000],
      ["gemini-3-pro", 2_000, 20_000],
      ["gemini-2.5-pro", 1_250, 12_500],
      ["gemini-2.5-flash", 300, 3_000],
      ["gemini-2.5-flash-lite", 100, 1_000],
      ["gemini-2.0-flash", 250, 1_000],
      ["deepseek-v3.1-terminus", 1_300, 2_700],
      ["deepseek-r1", 1_400, 5_500],
      ["mistral-large-3", 500, 5_000],
    ] as const
  ).map(([name, read, write]) => [name, { read: perMillion(read), write: perMillion(write) }]),
);
