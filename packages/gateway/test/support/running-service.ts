/**
 * A service in this process, on a free port, with a directory of its own; and clients that speak to it.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parsePolicyFile } from "@calybris/engine";
import { InlineDriver, Writer } from "@calybris/engine/internal";
import type { PolicySnapshot } from "@calybris/kernel";
import { CalybrisClient, type ClientOptions, type PolicyFile } from "../../../client/src/index.ts";
import { MemoryDisk } from "../../../engine/test/support/memory-disk.ts";
import type { KeyConfig } from "../../src/config/config.ts";
import { readConfig } from "../../src/config/read-config.ts";
import { API_CONTRACTS } from "../../src/decisions/contracts.ts";
import { type DocumentedError, errorsOf } from "../../src/decisions/operation-docs.ts";
import { createKey } from "../../src/keys/keyring.ts";
import { SCOPES, type Scope } from "../../src/keys/scope.ts";
import { Service, type ServiceOptions } from "../../src/service.ts";
import { createLog } from "../../src/watch/log.ts";

const shared = { riskCeilingBps: 9_500, capabilities: ["tools"], regions: ["eu"] };

/** Three candidates: the more expensive, the better. `small` is elsewhere and can less. */
type Json = Readonly<Record<string, unknown>>;

export const CATALOG: Json = {
  name: "three",
  title: "Three candidates",
  epoch: 1,
  providers: ["alpha", "beta"],
  capabilities: ["tools", "vision"],
  regions: ["eu", "us"],
  tiers: ["economy", "premium"],
  candidates: [
    {
      id: 1,
      name: "large",
      provider: "alpha",
      tier: "premium",
      qualityBps: 9_000,
      latencyP95Ms: 900,
      inputPriceDollarsPerMillion: "10",
      outputPriceDollarsPerMillion: "30",
      ...shared,
      capabilities: ["tools", "vision"],
    },
    {
      id: 2,
      name: "medium",
      provider: "beta",
      tier: "economy",
      qualityBps: 8_000,
      latencyP95Ms: 500,
      inputPriceDollarsPerMillion: "2",
      outputPriceDollarsPerMillion: "6",
      ...shared,
    },
    {
      id: 3,
      name: "small",
      provider: "beta",
      tier: "economy",
      qualityBps: 6_000,
      latencyP95Ms: 200,
      inputPriceDollarsPerMillion: "0.5",
      outputPriceDollarsPerMillion: "1",
      ...shared,
      capabilities: [],
      regions: ["us"],
    },
  ],
};

export const POLICY: PolicyFile = {
  name: "of the tests",
  epoch: 1,
  catalog: CATALOG,
  riskHardLimitBps: 9_600,
  confidenceMinBps: 5_500,
  riskPenaltyMultiplierBps: 1_000,
  latencyPenaltyMicrocentsPerMs: 1,
  useCases: {
    default: { valueDollars: "1", riskBps: 100, confidenceBps: 9_500, qualityMinBps: 5_000, outputTokens: 500 },
  },
};

export function testPolicy(changes: object = {}): PolicySnapshot {
  return parsePolicyFile({ ...POLICY, ...changes });
}

export interface Running {
  readonly service: Service;
  readonly url: string;
  readonly directory: string;
  /** Everything that was logged. */
  readonly logged: () => string;
  /** The plain keys, by scope. */
  readonly keys: Readonly<Record<Scope, string>>;
  readonly client: (options?: Partial<ClientOptions>) => CalybrisClient;
  /** Stops and removes everything. */
  readonly end: () => Promise<void>;
}

export interface StartOptions
  extends Partial<
    Pick<ServiceOptions, "ports" | "startingPolicy" | "fastPath" | "receipts" | "moreRoutes" | "checkpointSigner">
  > {
  readonly flags?: { readonly [flag: string]: string };
  /** More keys, in the configuration's own form. */
  readonly moreKeys?: readonly KeyConfig[];
  /** `false`: a service that has no keys. */
  readonly keyed?: boolean;
  readonly directory?: string;
  /** On a real disk, with a writer thread; else in memory. */
  readonly onDisk?: boolean;
}

export async function startService(options: StartOptions = {}): Promise<Running> {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), "calybris-service-"));
  const made = { decide: createKey(), operate: createKey(), audit: createKey() };
  const entries: readonly KeyConfig[] = SCOPES.map((scope) => ({
    name: scope,
    scopes: [scope],
    sha256: made[scope].sha256,
  }));
  const keys = options.keyed === false ? [] : [...entries, ...(options.moreKeys ?? [])];
  const config = await readConfig({
    flags: { port: "0", journal: directory, keys: JSON.stringify(keys), "log-level": "debug", ...options.flags },
  });
  let logged = "";
  const log = createLog(config.log.level, {
    write: (line) => {
      logged += line;
    },
  });
  const service = await Service.start({
    config,
    log,
    fastPath: options.fastPath,
    moreRoutes: options.moreRoutes,
    receipts: options.receipts,
    checkpointSigner: options.checkpointSigner,
    startingPolicy: options.startingPolicy ?? (() => Promise.resolve(testPolicy())),
    ports:
      options.onDisk === true || options.directory !== undefined
        ? options.ports
        : { ...memoryPorts(), ...options.ports },
  });
  const { url } = service.report;
  return {
    service,
    url,
    directory,
    logged: () => logged,
    keys: { decide: made.decide.key, operate: made.operate.key, audit: made.audit.key },
    client: (given) => new CalybrisClient({ url, attempts: 1, ...given }),
    end: async () => {
      await service.stop();
      rmSync(directory, { recursive: true, force: true });
      requireDocumented(logged);
    },
  };
}

/** Every error that was answered is one that the documentation lists for its operation. */
function requireDocumented(logged: string): void {
  const contracts = new Map(API_CONTRACTS.map((contract) => [contract.name, contract]));
  const undocumented = logged
    .split("\n")
    .filter((line) => line.includes('"code":"CAL_'))
    .map((line) => JSON.parse(line) as { readonly code: DocumentedError; readonly operation?: string })
    .filter(({ code, operation }) => {
      const contract = contracts.get(operation ?? "");
      return contract !== undefined && !errorsOf(contract).includes(code);
    })
    .map(({ code, operation }) => `${operation} answers ${code}`);
  if (undocumented.length > 0)
    throw new Error(`operation-docs.ts does not list: ${[...new Set(undocumented)].join(", ")}`);
}

/** A disk in memory, written in this thread: for tests that start many services. */
function memoryPorts(): NonNullable<StartOptions["ports"]> {
  const disk = new MemoryDisk();
  return { disk, driver: (start) => new InlineDriver(new Writer(disk, start)) };
}

/** Sends a body as it is, which a client never would. */
export async function post(
  running: Running,
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: { readonly [name: string]: string } = {},
): Promise<{ readonly status: number; readonly body: unknown; readonly headers: Headers }> {
  const response = await fetch(`${running.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${running.keys.decide}`, ...headers },
    body,
  });
  return { status: response.status, body: await response.json(), headers: response.headers };
}

/** The code of an error's body. */
export function codeOf(body: unknown): string {
  return (body as { readonly error?: { readonly code?: string } }).error?.code ?? "none";
}
