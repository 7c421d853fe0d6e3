/**
 * What serves model calls, put together from the configuration.
 * @module
 */
import type { Engine } from "@calybris/engine";
import type { Config } from "../config/config.ts";
import type { Route } from "../http/route-contract.ts";
import { type PriceBook, shippedPrices } from "../prices/price-book.ts";
import { CallBodies } from "../scan/call-bodies.ts";
import { loadDigestKey } from "../scan/digest-key.ts";
import { callRoutes } from "./call-routes.ts";

import { decidedCalls } from "./engine-calls.ts";
import { Fleet } from "./fleet.ts";
import { ModelNames } from "./model-names.ts";

export interface CallServing {
  readonly routes: readonly Route[];
  readonly fleet: Fleet;
  close(): Promise<void>;
}

export interface CallServingOptions {
  /** Instead of the prices that come with this version. */
  readonly prices?: PriceBook | undefined;
  readonly env?: { readonly [name: string]: string | undefined };
  readonly report: (error: unknown) => void;
}

/**
 * @returns `undefined` where the configuration has no deployment.
 * @throws GatewayError `CAL_CONFIG_INVALID` for a key or an address that cannot be used.
 */
export async function serveCalls(
  engine: Engine,
  config: Config,
  { prices, env = process.env, report }: CallServingOptions,
): Promise<CallServing | undefined> {
  if (config.deployments.length === 0) return undefined;
  const fleet = new Fleet(config, env, prices ?? (await shippedPrices()));
  const bodies = new CallBodies(await loadDigestKey(config.journal.directory));
  const names = new ModelNames(config.models, config.calls);
  const calls = decidedCalls(engine);
  const routes = callRoutes({ engine, calls, config, fleet, names, bodies, nowMs: Date.now, report });
  return {
    routes,
    fleet,
    close: async () => {
      await Promise.all([fleet.close(), bodies.close()]);
    },
  };
}
