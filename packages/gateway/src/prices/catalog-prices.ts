/**
 * A catalog beside the price data: whether each candidate's name is the exact id of a model, and whether its prices are
 * those of today. A catalog is written once and prices change, so that a budget would be reserved at last year's price.
 * @module
 */
import { type ModelPrices, type PricedModel, pricesAt } from "./model-prices.ts";
import { PRICED_PROVIDERS, type PriceBook } from "./price-book.ts";

/** A candidate with the prices that a source lists, in microcents per million tokens. */
export interface ListedPrice {
  readonly name: string;
  /** As the source calls it: `OpenAI`, or `openai`. */
  readonly provider: string;
  readonly inputPriceMicrocents: bigint;
  readonly outputPriceMicrocents: bigint;
}

/**
 * `same`; `stale`: the data has other prices; `inexact`: only a model that begins alike is known; `unknown`: none is;
 * `no source`: the price data has no such provider.
 */
export type CatalogFinding = ListedPrice &
  (
    | { readonly finding: "same" | "unknown" | "no source" }
    | { readonly finding: "inexact"; readonly nearest: string }
    | { readonly finding: "stale"; readonly inputNowMicrocents: bigint; readonly outputNowMicrocents: bigint }
  );

/** Names that are not the provider's id in lower case. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ["xai", "x-ai"],
  ["mistral ai", "mistral"],
  ["amazon", "aws"],
]);

/** The provider of the price data that a catalog's provider is; `undefined` for one that it does not have. */
export function priceProviderOf(name: string): string | undefined {
  const lower = name.toLowerCase();
  const id = NAMES.get(lower) ?? lower;
  return PRICED_PROVIDERS.find((known) => known === id);
}

/** @param timeMs - prices at any hour of that day count as today's: some are lower at night. */
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

/** The price data as a list: every model with a price of input, under the names of its providers. */
export function priceList(book: PriceBook, timeMs: number): readonly ListedPrice[] {
  return PRICED_PROVIDERS.flatMap((provider) =>
    book.models(provider).flatMap((model) => {
      const { input, output } = baseRates(pricesAt(model, timeMs));
      const listed = { name: model.id, provider, inputPriceMicrocents: input, outputPriceMicrocents: output };
      return pricesAt(model, timeMs).rates.input === undefined ? [] : [listed];
    }),
  );
}

/** Below thresholds of length. */
function baseRates({ rates }: ModelPrices): { readonly input: bigint; readonly output: bigint } {
  return { input: rates.input?.base ?? 0n, output: rates.output?.base ?? 0n };
}

const DAY_MS = 86_400_000;
const STEP_MS = 1_800_000;

/** The prices of a day, each once. */
function pricesOfDay(model: PricedModel, timeMs: number): readonly ModelPrices[] {
  const begin = timeMs - (timeMs % DAY_MS);
  const times = Array.from({ length: DAY_MS / STEP_MS }, (_none, index) => begin + index * STEP_MS);
  return [...new Set([timeMs, ...times].map((time) => pricesAt(model, time)))];
}
