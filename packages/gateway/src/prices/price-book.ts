/**
 * The prices of all providers, looked up by exact id. A model without a price is refused: a guess would be settled as if it
 * were known.
 * @module
 */
import { GatewayError } from "../gateway-errors.ts";
import { nearestId, pricedModels } from "./genai-prices.ts";
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
  /** Of the providers that were asked for: the data has a thousand models. */
  readonly #models = new Map<string, ProviderModels>();
  readonly #providers: ReadonlyMap<string, unknown>;

  /** @param providers - of genai-prices' data. */
  constructor(providers: readonly { readonly id: string }[]) {
    this.#providers = new Map(providers.map((provider) => [provider.id, provider]));
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
    return this.#of(provider).byId.get(id);
  }

  /** All models of a provider; none of one that the data does not have. */
  models(provider: string): readonly PricedModel[] {
    return this.#of(provider).all;
  }

  /** The id under which the source's rules find a model: the same, or one that begins alike. */
  nearest(provider: string, id: string): string | undefined {
    return nearestId(this.#providers.get(provider), id);
  }

  #of(provider: string): ProviderModels {
    let models = this.#models.get(provider);
    if (models !== undefined) return models;
    const given = this.#providers.get(provider);
    if (given === undefined) return NONE;
    models = providerModels(pricedModels(given));
    this.#models.set(provider, models);
    return models;
  }
}

interface ProviderModels {
  readonly all: readonly PricedModel[];
  /** The first with that id. */
  readonly byId: ReadonlyMap<string, PricedModel>;
}

const NONE: ProviderModels = { all: [], byId: new Map() };

function providerModels(all: readonly PricedModel[]): ProviderModels {
  const byId = new Map<string, PricedModel>();
  for (const model of all) for (const id of model.exactIds) if (!byId.has(id)) byId.set(id, model);
  return { all, byId };
}

/** The prices that come with this version. The data is half a megabyte of source, so that it is read only where it is used. */
export async function shippedPrices(): Promise<PriceBook> {
  const { findProvider } = await import("@pydantic/genai-prices");
  return new PriceBook(PRICED_PROVIDERS.flatMap((providerId) => findProvider({ providerId }) ?? []));
}
