/**
 * A mock provider in this process, which keeps the bill, and the files of a gateway that calls it.
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createKey, type MockOptions, MockProvider, shippedPrices } from "@calybris/gateway";
import { CalybrisClient } from "@calybris/client";
import { FIRE_MODELS, FIRE_POLICY } from "./fire-policy.ts";
import { GatewayProcess } from "./gateway-process.ts";

/** Slow enough that calls are cut in each of their phases. */
const PACE = { latencyMs: 3, firstTokenMs: 6, tokensPerSecond: 4_000 };
const AMPLE_MICROCENTS = 10_000_000_000_000n;

const CAP_DOLLARS = "1000000";

/** Nearly without an end where it is left out. */
export interface Funds {
  /** Microcents. */
  readonly grant?: bigint;
  readonly exposureCapDollars?: string;
}

export const TENANTS: readonly string[] = ["ample", "scarce"];

export class FireWorld {
  readonly folder: string;
  readonly journal: string;
  readonly mock: MockProvider;
  readonly gateway: GatewayProcess;
  /** Of the tenants, in their order. */
  readonly keys: readonly string[];
  readonly #operator: string;

  /** @param tenants - each with a key of its own. */
  static async make(
    tenants: readonly string[],
    pace: MockOptions["pace"] = PACE,
    policy: object = FIRE_POLICY,
  ): Promise<FireWorld> {
    const mock = await MockProvider.start({ prices: await shippedPrices(), pace });
    return new FireWorld(mock, mkdtempSync(join(tmpdir(), "calybris-fire-")), tenants, policy);
  }

  private constructor(mock: MockProvider, folder: string, tenants: readonly string[], policyFile: object) {
    this.folder = folder;
    this.mock = mock;
    this.journal = join(folder, "journal");
    const operator = createKey();
    const callers = tenants.map((tenant) => ({ tenant, ...createKey() }));
    this.keys = callers.map(({ key }) => key);
    this.#operator = operator.key;
    const policy = this.#write("policy.json", policyFile);
    const config = {
      listen: { port: 0 },
      journal: { directory: this.journal },
      policy: { file: policy },
      log: { level: "error" },
      calls: { retryWaitMs: 1, outputTokensMin: 16 },
      keys: [
        { name: "operator", scopes: ["operate", "audit"], sha256: operator.sha256 },
        ...callers.map(({ tenant, sha256 }) => ({ name: tenant, scopes: ["decide"], sha256, tenants: [tenant] })),
      ],
      providers: [
        { name: "openai", api: "openai", baseUrl: `${mock.url}/v1` },
        { name: "anthropic", api: "anthropic", baseUrl: mock.url },
        { name: "google", api: "google", baseUrl: `${mock.url}/v1beta` },
      ],
      deployments: FIRE_MODELS.map(({ name, provider }) => ({
        name: `${name} at the mock`,
        candidate: name,
        provider,
      })),
      models: [{ name: "chosen", candidate: "gpt-4.1", decisions: "enforce" }],
    };
    this.gateway = new GatewayProcess(this.#write("config.json", config));
  }

  #write(name: string, value: object): string {
    const file = join(this.folder, name);
    writeFileSync(file, JSON.stringify(value));
    return file;
  }

  operator(url: string): CalybrisClient {
    return new CalybrisClient({ url, key: this.#operator });
  }

  /** Everything that the mock has billed, as an operator gets it from a provider. */
  exportBill(): string {
    const file = join(this.folder, "bill.jsonl");
    writeFileSync(file, this.mock.billText());
    return file;
  }

  /** What a tenant has in all, and how much of it may be reserved at once. */
  async fund(
    url: string,
    tenant: string,
    { grant = AMPLE_MICROCENTS, exposureCapDollars = CAP_DOLLARS }: Funds,
  ): Promise<void> {
    const amountMicrocents = String(grant);
    const limit = { exposureCapDollars };
    await this.operator(url).setBudget(tenant, { limit, grant: { id: `all of ${tenant}`, amountMicrocents } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway.abandon();
    await this.mock.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
