/** A service whose models are called at a mock provider in this process. */
import { parsePolicyFile } from "@calybris/engine";
import { InlineDriver, Writer } from "@calybris/engine/internal";
import { MemoryDisk } from "../../../engine/test/support/memory-disk.ts";
import { mockConfig } from "../../src/mock/mock-config.ts";
import { MockProvider } from "../../src/mock/mock-provider.ts";
import { type MockPace, NO_PACE } from "../../src/mock/pace.ts";
import { type PriceBook, shippedPrices } from "../../src/prices/price-book.ts";
import { POLICY, type Running, startService, type StartOptions } from "../support/running-service.ts";

/** Real models, by the providers that price them. */
interface TestModel {
  readonly name: string;
  readonly provider: string;
  readonly input: string;
  readonly output: string;
  readonly quality: number;
}

export const MODELS: readonly TestModel[] = [
  { name: "gpt-4.1", provider: "OpenAI", input: "2", output: "8", quality: 9_000 },
  { name: "gpt-4.1-nano", provider: "OpenAI", input: "0.1", output: "0.4", quality: 7_000 },
  { name: "claude-sonnet-4-6", provider: "Anthropic", input: "3", output: "15", quality: 9_500 },
  { name: "text-embedding-3-small", provider: "OpenAI", input: "0.02", output: "0", quality: 8_000 },
];

export const CALL_CATALOG: object = {
  name: "models",
  title: "Models of the tests",
  epoch: 1,
  providers: ["OpenAI", "Anthropic"],
  capabilities: ["chat"],
  regions: ["us"],
  tiers: ["economy"],
  candidates: MODELS.map(({ name, provider, input, output, quality }, index) => ({
    id: index + 1,
    name,
    provider,
    tier: "economy",
    qualityBps: quality,
    latencyP95Ms: 1_000,
    riskCeilingBps: 9_500,
    capabilities: ["chat"],
    regions: ["us"],
    inputPriceDollarsPerMillion: input,
    outputPriceDollarsPerMillion: output,
  })),
};

export const CALL_POLICY: object = { ...POLICY, catalog: CALL_CATALOG };

/** Models of which one alone is good enough for a decision that is enforced. */
export function onlyGood(name: string): object {
  const { candidates, ...catalog } = CALL_CATALOG as { readonly candidates: readonly { readonly name: string }[] };
  return { ...catalog, candidates: candidates.map((one) => (one.name === name ? one : { ...one, qualityBps: 4_000 })) };
}

let prices: Promise<PriceBook> | undefined;

export interface RunningGateway extends Running {
  readonly mock: MockProvider;
}

export interface GatewayOptions extends StartOptions {
  readonly pace?: MockPace;
  readonly models?: readonly object[];
  /** Instead of the usual ones: every candidate of the policy by these names is called at the mock. */
  readonly candidates?: readonly string[];
}

export async function startGateway(options: GatewayOptions = {}): Promise<RunningGateway> {
  prices ??= shippedPrices();
  const book = await prices;
  const mock = await MockProvider.start({ prices: book, pace: options.pace ?? NO_PACE });
  const providers = [
    { name: "openai", api: "openai", baseUrl: `${mock.url}/v1` },
    { name: "anthropic", api: "anthropic", baseUrl: mock.url },
  ];
  const own = options.candidates && mockConfig(mock.url, options.candidates, book);
  const deployments = MODELS.map(({ name, provider }) => ({
    name: `${name} at the mock`,
    candidate: name,
    provider: provider.toLowerCase(),
  }));
  const running = await startService({
    startingPolicy: () => Promise.resolve(parsePolicyFile(CALL_POLICY)),
    ...options,
    flags: {
      providers: JSON.stringify(own?.providers ?? providers),
      deployments: JSON.stringify(own?.deployments ?? deployments),
      models: JSON.stringify(options.models ?? []),
      ...options.flags,
    },
    ports: { ...memory(options), ...options.ports },
  });
  return {
    ...running,
    mock,
    end: async () => {
      await running.end();
      await mock.close();
    },
  };
}

function memory({ onDisk }: StartOptions): StartOptions["ports"] {
  if (onDisk === true) return {};
  const disk = new MemoryDisk();
  return { disk, driver: (start) => new InlineDriver(new Writer(disk, start)) };
}
