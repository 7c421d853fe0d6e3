/** Services whose models are called at a scripted provider, one for each list of prices that a case asks for. */
import { parsePolicyFile } from "@calybris/engine";
import { createKey } from "../../src/keys/keyring.ts";
import { RATE_NAMES } from "../../src/prices/model-prices.ts";
import { POLICY, type Running, startService } from "../support/running-service.ts";

const MODELS: { readonly [model: string]: string } = {
  "mock-chat": "openai",
  "mock-resp": "openai",
  "mock-embed": "openai",
  "mock-claude": "anthropic",
  "mock-gemini": "google",
  "mock-chat-only": "host",
  "mock-mistral": "mistral",
  "mock-deepseek": "deepseek",
  "mock-resp-only": "host",
};

/** Dollars for a million units. */
export type CasePrices = { readonly [rate: string]: string | number };

const PRICES: CasePrices = { input: "1", output: "2" };

/** Other names that cases have for a rate. */
const OTHER_NAMES: { readonly [name: string]: string } = {
  cache_read: "cacheRead",
  cache_write: "cacheWrite",
  cache_write_5m: "cacheWrite",
  cache_write_1h: "cacheWrite1h",
  web_search: "webSearch",
};

export interface CaseService {
  readonly running: Running;
  /** Of a tenant with money, and of one without. */
  readonly rich: string;
  readonly poor: string;
}

export class CaseServices implements AsyncDisposable {
  readonly #providerUrl: string;
  readonly #started = new Map<string, Promise<CaseService>>();

  constructor(providerUrl: string) {
    this.#providerUrl = providerUrl;
  }

  /** @param prices - `undefined`: a dollar for a million tokens of input, two for output. */
  of(prices: CasePrices = PRICES): Promise<CaseService> {
    const key = JSON.stringify(prices);
    const started = this.#started.get(key) ?? startCaseService(this.#providerUrl, ratesOf(prices));
    this.#started.set(key, started);
    return started;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const started of this.#started.values()) await (await started).running.end();
  }
}

function ratesOf(prices: CasePrices): { readonly [rate: string]: string } {
  return Object.fromEntries(
    Object.entries(prices).map(([name, dollars]) => {
      const rate = OTHER_NAMES[name] ?? name;
      if (!RATE_NAMES.some((one) => one === rate)) throw new RangeError(`the runner does not know the price ${name}`);
      return [rate, String(dollars)];
    }),
  );
}

async function startCaseService(url: string, prices: { readonly [rate: string]: string }): Promise<CaseService> {
  const [rich, poor] = [createKey(), createKey()];
  const keyed = (name: string, sha256: string): object => ({ name, scopes: ["decide"], sha256, tenants: [name] });
  const provider = (name: string, baseUrl: string, api = name): object => ({
    name,
    api,
    baseUrl,
    keyEnv: "CASES_PROVIDER_KEY",
  });
  const running = await startService({
    startingPolicy: () => Promise.resolve(parsePolicyFile(policyOf(Object.keys(MODELS)))),
    moreKeys: [keyed("rich", rich.sha256), keyed("poor", poor.sha256)] as never,
    flags: {
      providers: JSON.stringify([
        provider("openai", `${url}/v1`),
        provider("host", `${url}/v1`, "openai-compatible"),
        provider("mistral", `${url}/v1`),
        provider("deepseek", `${url}/v1`),
        provider("anthropic", url),
        provider("google", `${url}/v1beta`),
      ]),
      deployments: JSON.stringify(
        Object.entries(MODELS).map(([model, api]) => ({
          name: `${model} here`,
          candidate: model,
          provider: api,
          prices,
          ...(model === "mock-resp-only" ? { dialects: ["openai-responses"] } : {}),
        })),
      ),
      models: JSON.stringify([
        { name: "alias-*", candidate: "mock-chat" },
        { name: "capped", candidate: "mock-chat", outputTokensMax: 20 },
      ]),
      "calls-attempts-max": "1",
    },
  });
  const client = running.client({ key: running.keys.operate });
  await client.setBudget("rich", {
    limit: { exposureCapDollars: "1000" },
    grant: { id: "all", amountMicrocents: "100000000000" },
  });
  await client.setBudget("poor", { limit: { exposureCapMicrocents: "1" } });
  return { running, rich: rich.key, poor: poor.key };
}

function policyOf(models: readonly string[]): object {
  const candidates = models.map((name, index) => ({
    id: index + 1,
    name,
    provider: "mock",
    tier: "only",
    qualityBps: 8_000,
    latencyP95Ms: 1_000,
    riskCeilingBps: 9_500,
    capabilities: ["chat"],
    regions: ["us"],
    inputPriceDollarsPerMillion: "1",
    outputPriceDollarsPerMillion: "2",
  }));
  const catalog = { name: "cases", title: "Models of the cases", epoch: 1, providers: ["mock"], candidates };
  return { ...POLICY, catalog: { ...catalog, capabilities: ["chat"], regions: ["us"], tiers: ["only"] } };
}
