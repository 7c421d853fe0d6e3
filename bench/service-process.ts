/**
 * The benchmarked service, in its own process: journal on disk, keys, a metered tenant, a policy that learns. It prints its
 * port, and its counts on request.
 *
 *     node bench/service-process.ts DIRECTORY SHA256
 * @module
 */
import { builtInCatalogPath, type Engine, parseBudgets, parsePolicyFile } from "@calybris/engine";
import { readJsonFile } from "@calybris/engine/internal";
import { createLog, readConfig, Service } from "@calybris/gateway";
import { POLICY } from "./service-policy.ts";

export interface Counted {
  readonly entries: number;
  readonly batches: number;
  readonly fsyncs: number;
  readonly bytes: number;
  readonly rssBytes: number;
  /** Since the process began, in microseconds. */
  readonly cpuUs: number;
}

/** Starts the service with all features: journal, ledger, learning, keys. */
export async function startService(directory: string, sha256: string): Promise<Service> {
  const config = await readConfig({
    flags: {
      port: "0",
      journal: directory,
      keys: JSON.stringify([{ name: "load", scopes: ["decide"], sha256 }]),
      "log-level": "warn",
      "limits-batch-max": "2000",
      "journal-waiting-max": "16384",
      "budgets-open-reservations-max": "10000000",
    },
  });
  const catalog = await readJsonFile(builtInCatalogPath("llm"));
  const service = await Service.start({
    config,
    log: createLog("warn"),
    startingPolicy: () => Promise.resolve(parsePolicyFile(POLICY, catalog.value)),
  });
  const { ledger } = service.engine;
  await ledger.apply(parseBudgets({ tenants: { acme: {} } }));
  await ledger.grant({ tenant: "acme", amountMicrocents: 2n ** 62n, id: "all" });
  return service;
}

async function main([directory = "", sha256 = ""]: readonly string[]): Promise<void> {
  const service = await startService(directory, sha256);
  // The parent may have exited in the meantime.
  process.on("message", () => process.send?.(counted(service.engine), undefined, undefined, () => undefined));
  process.on("disconnect", () => void service.stop().then(() => process.exit()));
  process.send?.({ port: Number(new URL(service.report.url).port), readyMs: service.report.milliseconds });
}

export function counted(engine: Engine): Counted {
  const { user, system } = process.cpuUsage();
  return { ...engine.metrics(), rssBytes: process.memoryUsage.rss(), cpuUs: user + system };
}

if (import.meta.main) await main(process.argv.slice(2));
