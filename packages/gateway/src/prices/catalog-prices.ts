/**
 * Compares a catalog with the price data: whether each candidate's name is the exact ID of a model, and whether its prices
 * are current. Without this check, a budget could be reserved at outdated prices.
 * @module
 */
import { type ModelPrices, type PricedModel, pricesAt } from "./model-prices.ts";
import { PRICED_PROVIDERS, type PriceBook } from "./price-book.ts";

/** A candidate with the prices that a source lists, in microcents per million tokens. */
export interface ListedPrice {
  readonly name: string;
  /** As in the source: `OpenAI`, or `openai`. */
  readonly provider: string;
  readonly inputPriceMicrocents: bigint;
  readonly outputPriceMicrocents: bigint;
}

/**
 * `same`; `stale`: the data has different prices; `inexact`: only a model with a common prefix is known; `unknown`: no model
 * is; `no source`: the price data lacks the provider.
 */
export type CatalogFinding = ListedPrice &
  (
    | { readonly finding: "same" | "unknown" | "no source" }
    | { readonly finding: "inexact"; readonly nearest: string }
    | { readonly finding: "stale"; readonly inputNowMicrocents: bigint; readonly outputNowMicrocents: bigint }
  );

/** Names that differ from the lower-case ID of the provider. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ["xai", "x-ai"],
  ["mistral ai", "mistral"],
  ["amazon", "aws"],
]);

/** Maps a catalog's provider to one of the price data; `undefined` if it lacks the provider. */
export function priceProviderOf(name: string): string | undefined {
  const lower = name.toLowerCase();
  const id = NAMES.get(lower) ?? lower;
  return PRICED_PROVIDERS.find((known) => known === id);
}

/** @param timeMs - prices at any hour of that day count as current, because some are lower at night. */
export function checkPrices(
  candidates: readonly ListedPrice[],
  book: PriceBook,
  timeMs: number,
): readonly CatalogFinding[] {
  return candidates.map((candidate): CatalogFinding => {
    const provider = priceProviderOf(candidate.provider);
    if (provider === undefined) return { ...candidate, finding: "no source" };
    const model = book.find(provider, candidate.name);
    if (model === undefined) {
      const nearest = book.nearest(provider, candidate.name);
      return nearest === undefined
        ? { ...candidate, finding: "unknown" }
        : { ...candidate, finding: "inexact", nearest };
    }
    const today = pricesOfDay(model, timeMs).map(baseRates);
    const { inputPriceMicrocents, outputPriceMicrocents } = candidate;
    if (today.some(({ input, output }) => input === inputPriceMicrocents && output === outputPriceMicrocents))
      return { ...candidate, finding: "same" };
    const [highest = { input: 0n, output: 0n }] = today.toSorted((a, b) => Number(b.input - a.input));
    return { ...candidate, finding: "stale", inputNowMicrocents: highest.input, outputNowMicrocents: highest.output };
  });
}

/** The price data as a list: every model with an input price, with its provider. */
export function priceList(book: PriceBook, timeMs: number): readonly ListedPrice[] {
  return PRICED_PROVIDERS.flatMap((provider) =>
    book.models(provider).flatMap((model) => {
      const { input, output } = baseRates(pricesAt(model, timeMs));
      const listed = { name: model.id, provider, inputPriceMicrocents: input, outputPriceMicrocents: output };
      return pricesAt(model, timeMs).rates.input === undefined ? [] : [listed];
    }),
  );
}

/** Rates below all length tiers. */
function baseRates({ rates }: ModelPrices): { readonly input: bigint; readonly output: bigint } {
  return { input: rates.input?.base ?? 0n, output: rates.output?.base ?? 0n };
}

const DAY_MS = 86_400_000;
const STEP_MS = 1_800_000;

/** The different prices of a day. */
function pricesOfDay(model: PricedModel, timeMs: number): readonly ModelPrices[] {
  const begin = timeMs - (timeMs % DAY_MS);
  const times = Array.from({ length: DAY_MS / STEP_MS }, (_none, index) => begin + index * STEP_MS);
  return [...new Set([timeMs, ...times].map((time) => pricesAt(model, time)))];
}
