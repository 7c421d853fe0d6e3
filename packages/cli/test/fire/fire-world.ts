/**
 * A mock provider in this process, which keeps the bill, and the files of a gateway that calls it.
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createKey, MockProvider, shippedPrices } from "@calybris/gateway";
import { CalybrisClient } from "@calybris/client";
import { CALL_POLICY, MODELS } from "../../../gateway/test/calls/running-gateway.ts";
import { GatewayProcess } from "./gateway-process.ts";

/** Slow enough that calls are cut in each of their phases. */
const PACE = { latencyMs: 3, firstTokenMs: 6, tokensPerSecond: 4_000 };
const AMPLE_MICROCENTS = 10_000_000_000_000n;
const CAP_DOLLARS = "1000000";

export const TENANTS = ["ample", "scarce"] as const;

export class FireWorld {
  readonly folder: string;
  readonly journal: string;
  readonly mock: MockProvider;
  readonly gateway: GatewayProcess;
  /** Of the tenants, in their order. */
  readonly keys: readonly string[];
  readonly #operator: string;

  static async make(): Promise<FireWorld> {
    const mock = await MockProvider.start({ prices: await shippedPrices(), pace: PACE });
    return new FireWorld(mock, mkdtempSync(join(tmpdir(), "calybris-fire-")));
  }

  private constructor(mock: MockProvider, folder: string) {
    this.folder = folder;
    this.mock = mock;
    this.journal = join(folder, "journal");
    const operator = createKey();
    const callers = TENANTS.map((tenant) => ({ tenant, ...createKey() }));
    this.keys = callers.map(({ key }) => key);
    this.#operator = operator.key;
    const policy = this.#write("policy.json", CALL_POLICY);
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
      ],
      deployments: MODELS.map(({ name, provider }) => ({
        name: `${name} at the mock`,
        candidate: name,
        provider: provider.toLowerCase(),
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

  /** Money for the tenants: more than the first can spend, and so much for the second. */
  async fund(url: string, scarceMicrocents: bigint): Promise<void> {
    const client = this.operator(url);
    for (const [index, tenant] of TENANTS.entries()) {
      const amountMicrocents = String(index === 0 ? AMPLE_MICROCENTS : scarceMicrocents);
      const limit = { exposureCapDollars: CAP_DOLLARS };
      await client.setBudget(tenant, { limit, grant: { id: `all of ${tenant}`, amountMicrocents } });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway.abandon();
    await this.mock.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
