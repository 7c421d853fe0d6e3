/**
 * Every place where a model is called, by the policy's candidate that it runs: connections, keys and prices.
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
  /** Whose words for tiers, speeds and regions its answers use. */
  readonly priceProvider: string;
  readonly contextTokens: number;
  readonly outputTokensMax: number;
  /** What its chat completions call the output limit. */
  readonly outputLimit: "max_completion_tokens" | "max_tokens";
  /** `undefined`: it takes all of its dialect. */
  readonly host: Host | undefined;
  /** `undefined`: the model has no price, and is not called. */
  pricesAt(timeMs: number): ModelPrices | undefined;
  /** Of another model of the provider, which answers for a part. */
  pricesOf(model: string, timeMs: number): ModelPrices | undefined;
}

const CONTEXT_TOKENS = 200_000;
const OUTPUT_TOKENS_MAX = 32_768;
const CONCURRENCY_MAX = 256;
const REGION = "";
const KEEP_ALIVE_MS = 4_000;
const HALF_OPEN_AFTER_MS = 30_000;
/** A price in dollars is for so many tokens. */
const PRICED_UNITS = 1_000_000n;

/** Each API's own prices; what has none is priced by the provider's name. */
function pricesOfApi(api: ProviderConfig["api"]): string | undefined {
  return api === "openai-compatible" ? undefined : api;
}

export class Fleet {
  readonly #targets: ReadonlyMap<string, readonly Target[]>;

  /**
   * @param env - where the keys' variables are.
   * @param before - of the configuration before: a deployment that is called as it was keeps its connections and its circuit.
   * @throws GatewayError `CAL_CONFIG_INVALID` for a key that is not there, and an address that cannot be called.
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

  /** Empty for a candidate that no deployment runs. */
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

  /** By the deployments' names. */
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

/** All that a deployment is called by; two that are equal in it are one. */
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
