/**
 * The configuration that calls every candidate at the mock provider.
 * @module
 */
import type { DeploymentConfig, ProviderConfig } from "../config/call-config.ts";
import { PRICED_PROVIDERS, type PriceBook } from "../prices/price-book.ts";

/** The provider whose price the mock bills a model at; `undefined`: the mock does not have the model. */
function pricedBy(book: PriceBook, model: string): string | undefined {
  return ["anthropic", "openai", ...PRICED_PROVIDERS].find((provider) => book.find(provider, model) !== undefined);
}

/**
 * @param candidates - names; those without a price are left out.
 */
export function mockConfig(
  url: string,
  candidates: readonly string[],
  book: PriceBook,
): { readonly providers: readonly ProviderConfig[]; readonly deployments: readonly DeploymentConfig[] } {
  const deployments = candidates.flatMap((candidate) => {
    const provider = pricedBy(book, candidate);
    return provider === undefined ? [] : [{ name: `${candidate} (mock)`, candidate, provider: `mock ${provider}` }];
  });
  const providers = [...new Set(deployments.map(({ provider }) => provider.slice("mock ".length)))].map(
    (prices): ProviderConfig => ({
      name: `mock ${prices}`,
      api: prices === "anthropic" ? "anthropic" : "openai",
      baseUrl: prices === "anthropic" ? url : `${url}/v1`,
      prices,
    }),
  );
  return { providers, deployments };
}
