/**
 * The deployments of every candidate, with their connections, keys and prices.
 * @module
 */
import type { Config } from "../config/config.ts";
import { type DeploymentConfig, PROVIDER_APIS, type ProviderConfig } from "../config/call-config.ts";
import { rateOfDollars } from "../prices/genai-prices.ts";
import { type ModelPrices, pricesAt, RATE_NAMES } from "../prices/model-prices.ts";
import type { PriceBook } from "../prices/price-book.ts";
import { parseBaseUrl } from "../providers/deployment.ts";
import { type Host, hostOf } from "../providers/hosts.ts";
import { readKey } from "../providers/secret.ts";
import { Upstream } from "../providers/upstream.ts";
import type { CallGauges } from "../watch/call-metrics.ts";
import type { AnswerDialect } from "../wire/dialect.ts";

/** One deployment of a candidate. */
export interface Target {
  readonly upstream: Upstream;
  readonly dialects: readonly AnswerDialect[];
  /** The provider's id of the model. */
  readonly model: string;
  /** The provider whose prices apply. Its names of tiers, speeds and regions are the ones in the answers. */
  readonly priceProvider: string;
  readonly contextTokens: number;
  readonly outputTokensMax: number;
  /** The field of the output limit in chat completions. */
  readonly outputLimit: "max_completion_tokens" | "max_tokens";
  /** `undefined` if it accepts the whole dialect. */
  readonly host: Host | undefined;
  /** Prices at a time; `undefined` if the model has none. It is not called then. */
  pricesAt(timeMs: number): ModelPrices | undefined;
  /** Prices of another model of the same provider, for a call of which it served a part. */
  pricesOf(model: string, timeMs: number): ModelPrices | undefined;
}

const CONTEXT_TOKENS = 200_000;
const OUTPUT_TOKENS_MAX = 32_768;
const CONCURRENCY_MAX = 256;
const REGION = "";
const KEEP_ALIVE_MS = 4_000;
const HALF_OPEN_AFTER_MS = 30_000;
/** The number of tokens that a price in dollars is for. */
const PRICED_UNITS = 1_000_000n;

/** The price list of an API; `undefined` if it has none. The provider's name then selects the prices. */
function pricesOfApi(api: ProviderConfig["api"]): string | undefined {
  return api === "openai-compatible" ? undefined : api;
}

export class Fleet {
  readonly #targets: ReadonlyMap<string, readonly Target[]>;

  /**
   * @param env - environment variables that hold keys.
   * @param before - the previous fleet. An unchanged deployment keeps its connections and its circuit breaker.
   * @throws GatewayError `CAL_CONFIG_INVALID` for a missing key or an invalid address.
   */
  constructor(
    { providers, deployments, calls }: Pick<Config, "providers" | "deployments" | "calls">,
    env: { readonly [name: string]: string | undefined },
    prices: PriceBook | undefined,
    before?: Fleet,
  ) {
    const known = new Map(before?.upstreams().map((one) => [placeText(one.deployment), one]));
    const made = deployments.map((deployment): [string, Target] => {
      const position = providers.findIndex(({ name }) => name === deployment.provider);
      const provider = providers[position] as ProviderConfig;
      const place = placeOf(deployment, provider, position, env);
      const options = { connectMs: calls.connectMs, keepAliveMs: KEEP_ALIVE_MS, halfOpenAfterMs: HALF_OPEN_AFTER_MS };
      const upstream = known.get(placeText(place)) ?? new Upstream(place, options);
      return [deployment.candidate, targetOf(deployment, provider, upstream, prices)];
    });
    this.#targets = new Map(
      [...Map.groupBy(made, ([candidate]) => candidate)].map(([candidate, all]) => [
        candidate,
        all.map(([, target]) => target),
      ]),
    );
  }

  /** The deployments of a candidate; empty if it has none. */
  targetsOf(candidate: string): readonly Target[] {
    return this.#targets.get(candidate) ?? [];
  }

  /** Every deployment. */
  all(): readonly Target[] {
    return [...this.#targets.values()].flat();
  }

  upstreams(): readonly Upstream[] {
    return this.all().map(({ upstream }) => upstream);
  }

  /** Names of the candidates that can be called. */
  candidates(): readonly string[] {
    return [...this.#targets.keys()];
  }

  /** The state of each deployment's circuit breaker. */
  circuits(): CallGauges["deployments"] {
    return this.all().map(({ upstream: { deployment, guard } }) => {
      const state = guard.state === "half-open" ? "half_open" : guard.state;
      return { name: deployment.name, state };
    });
  }

  /** Ends every connection to a provider. */
  async close(): Promise<void> {
    await Promise.all(this.all().map(({ upstream }) => upstream.close()));
  }
}

/** The identity of a deployment: address, key and settings. Equal texts share one `Upstream`. */
function placeText({ baseUrl, key, ...rest }: Upstream["deployment"]): string {
  return JSON.stringify([baseUrl.href, key?.reveal(), rest]);
}

function placeOf(
  { name, region, weight, concurrencyMax, dialects }: DeploymentConfig,
  provider: ProviderConfig,
  position: number,
  env: { readonly [name: string]: string | undefined },
): Upstream["deployment"] {
  const { api, baseUrl, keyEnv, keyFile } = provider;
  const path = `providers[${position}]`;
  const source = keyEnv === undefined ? (keyFile === undefined ? undefined : { keyFile }) : { keyEnv };
  return {
    name,
    baseUrl: parseBaseUrl(baseUrl ?? PROVIDER_APIS[api].baseUrl ?? "", `${path}.baseUrl`),
    key: source && readKey(source, `${path}.${"keyEnv" in source ? "keyEnv" : "keyFile"}`, env),
    dialects: dialects ?? PROVIDER_APIS[api].dialects,
    region: region ?? REGION,
    weight: weight ?? 1,
    concurrencyMax: concurrencyMax ?? CONCURRENCY_MAX,
  };
}

function targetOf(
  deployment: DeploymentConfig,
  provider: ProviderConfig,
  upstream: Upstream,
  book: PriceBook | undefined,
): Target {
  const model = deployment.model ?? deployment.candidate;
  const priceProvider = provider.prices ?? pricesOfApi(provider.api) ?? provider.name;
  const own = ownPrices(deployment);
  const host = hostOf(provider.api);
  const pricesOf = (id: string, timeMs: number): ModelPrices | undefined => {
    const priced = book?.find(priceProvider, id);
    return priced && pricesAt(priced, timeMs);
  };
  return {
    upstream,
    dialects: upstream.deployment.dialects,
    model,
    priceProvider,
    contextTokens: deployment.contextTokens ?? CONTEXT_TOKENS,
    outputTokensMax: deployment.outputTokensMax ?? OUTPUT_TOKENS_MAX,
    outputLimit: provider.outputLimit ?? host?.outputLimit ?? "max_completion_tokens",
    host,
    pricesAt: (timeMs) => own ?? pricesOf(model, timeMs),
    pricesOf,
  };
}

function ownPrices({ prices }: DeploymentConfig): ModelPrices | undefined {
  if (prices === undefined) return undefined;
  const rates = RATE_NAMES.flatMap((name) => {
    const dollars = prices[name];
    return dollars === undefined ? [] : [[name, { base: rateOfDollars(Number(dollars), PRICED_UNITS), tiers: [] }]];
  });
  return { rates: Object.fromEntries(rates) as ModelPrices["rates"], unreadPrices: [] };
}
