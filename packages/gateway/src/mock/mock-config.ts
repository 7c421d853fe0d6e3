/**
 * A configuration in which every candidate is called at the mock provider.
 * @module
 */
import type { DeploymentConfig, ProviderConfig } from "../config/call-config.ts";
import { PRICED_PROVIDERS, type PriceBook } from "../prices/price-book.ts";

/** The provider at whose prices the mock bills a model; `undefined` if the mock does not serve the model. */
function pricedBy(book: PriceBook, model: string): string | undefined {
  return ["anthropic", "openai", "google", ...PRICED_PROVIDERS].find(
    (provider) => book.find(provider, model) !== undefined,
  );
}

/** Base paths of APIs whose official clients do not use `/v1`. */
const VERSION_PATHS: { readonly [provider: string]: string } = { anthropic: "", google: "/v1beta" };

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
      api: prices === "anthropic" || prices === "google" ? prices : "openai",
      baseUrl: `${url}${VERSION_PATHS[prices] ?? "/v1"}`,
      prices,
    }),
  );
  return { providers, deployments };
}
