/**
 * The prices of all providers, by exact ID. A model without a price is refused, because a guessed price would be settled as
 * if it were known.
 * @module
 */
import { GatewayError } from "../gateway-errors.ts";
import { nearestId, pricedModels } from "./genai-prices.ts";
import type { PricedModel } from "./model-prices.ts";

/** Providers of the price data that the gateway can call; `meta` has no API, and is reached through a named host. */
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
  /** By provider, filled on demand: the data has a thousand models. */
  readonly #models = new Map<string, ProviderModels>();
  readonly #providers: ReadonlyMap<string, unknown>;

  /** @param providers - of genai-prices' data. */
  constructor(providers: readonly { readonly id: string }[]) {
    this.#providers = new Map(providers.map((provider) => [provider.id, provider]));
  }

  /** @throws GatewayError `CAL_GATEWAY_MODEL_UNPRICED`, naming the ID that prefix matching would find. */
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

  /** `undefined` if exactly this ID has no price. */
  find(provider: string, id: string): PricedModel | undefined {
    return this.#of(provider).byId.get(id);
  }

  /** All models of a provider; empty for an unknown provider. */
  models(provider: string): readonly PricedModel[] {
    return this.#of(provider).all;
  }

  /** The ID under which the source's matching finds a model: the same, or one with a common prefix. */
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

/** The built-in prices. They are half a megabyte of source, loaded only if needed. */
export async function shippedPrices(): Promise<PriceBook> {
  const { findProvider } = await import("@pydantic/genai-prices");
  return new PriceBook(PRICED_PROVIDERS.flatMap((providerId) => findProvider({ providerId }) ?? []));
}
