/**
 * The prices of all providers, looked up by exact id. A model without a price is refused: a guess would be settled as if it
 * were known.
 * @module
 */
import { GatewayError } from "../gateway-errors.ts";
import { exactModel, nearestId, pricedModels } from "./genai-prices.ts";
import type { PricedModel } from "./model-prices.ts";

/** Providers of the price data that the gateway can reach; `meta` has none of its own, and comes through a named host. */
export const PRICED_PROVIDERS = [
  "anthropic",
  "aws",
  "azure",
  "cerebras",
  "deepseek",
  "fireworks",
  "google",
  "groq",
  "mistral",
  "moonshotai",
  "novita",
  "openai",
  "openrouter",
  "perplexity",
  "together",
  "x-ai",
  "zhipuai",
] as const;

export class PriceBook {
  readonly #models: ReadonlyMap<string, readonly PricedModel[]>;
  readonly #providers: ReadonlyMap<string, unknown>;

  /** @param providers - of genai-prices' data. */
  constructor(providers: readonly { readonly id: string }[]) {
    this.#providers = new Map(providers.map((provider) => [provider.id, provider]));
    this.#models = new Map(providers.map((provider) => [provider.id, pricedModels(provider)]));
  }

  /** @throws GatewayError `CAL_GATEWAY_MODEL_UNPRICED`, which names the id that the source's prefixes would have taken. */
  model(provider: string, id: string): PricedModel {
    const found = this.find(provider, id);
    if (found !== undefined) return found;
    const nearest = this.nearest(provider, id);
    throw new GatewayError("CAL_GATEWAY_MODEL_UNPRICED", {
      provider,
      model: id,
      ...(nearest === undefined ? {} : { nearest }),
    });
  }

  /** `undefined` without a price of exactly this id. */
  find(provider: string, id: string): PricedModel | undefined {
    return exactModel(this.#models.get(provider) ?? [], id);
  }

  /** All models of a provider; none of one that the data does not have. */
  models(provider: string): readonly PricedModel[] {
    return this.#models.get(provider) ?? [];
  }

  /** The id under which the source's rules find a model: the same, or one that begins alike. */
  nearest(provider: string, id: string): string | undefined {
    return nearestId(this.#providers.get(provider), id);
  }
}

/** The prices that come with this version. The data is half a megabyte of source, so that it is read only where it is used. */
export async function shippedPrices(): Promise<PriceBook> {
  const { findProvider } = await import("@pydantic/genai-prices");
  return new PriceBook(PRICED_PROVIDERS.flatMap((providerId) => findProvider({ providerId }) ?? []));
}
