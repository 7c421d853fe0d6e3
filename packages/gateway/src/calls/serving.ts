/**
 * What serves model calls, put together from the configuration.
 * @module
 */
import type { Engine } from "@calybris/engine";
import { StormBrake } from "../brake/storm-brake.ts";
import { ResponseCache } from "../cache/response-cache.ts";
import type { Config } from "../config/config.ts";
import type { Route } from "../http/route-contract.ts";
import { type PriceBook, shippedPrices } from "../prices/price-book.ts";
import { ExpectedUses } from "../reserve/expected-usage.ts";
import { UsageEstimator } from "../reserve/usage-estimator.ts";
import { CallBodies } from "../scan/call-bodies.ts";
import { loadDigestKey } from "../scan/digest-key.ts";
import type { CallMetrics } from "../watch/call-metrics.ts";
import type { ServedGauges } from "../watch/health.ts";
import { AnswerCache } from "./answer-cache.ts";
import { callRoutes } from "./call-routes.ts";
import { Fleet } from "./fleet.ts";
import { ModelNames } from "./model-names.ts";

/** Share of calls that may have more input than their estimate; the rest of them is an overrun. */
const MISS_RATE_BPS = 100;

export interface CallServing {
  readonly routes: readonly Route[];
  readonly fleet: Fleet;
  readonly gauges: () => ServedGauges;
  close(): Promise<void>;
}

export interface CallServingOptions {
  /** Instead of the prices that come with this version. */
  readonly prices?: PriceBook | undefined;
  readonly env?: { readonly [name: string]: string | undefined };
  readonly metrics: CallMetrics;
  readonly report: (error: unknown) => void;
}

/**
 * @returns `undefined` where the configuration has no deployment.
 * @throws GatewayError `CAL_CONFIG_INVALID` for a key or an address that cannot be used.
 */
export async function serveCalls(
  engine: Engine,
  config: Config,
  { prices, env = process.env, metrics, report }: CallServingOptions,
): Promise<CallServing | undefined> {
  if (config.deployments.length === 0) return undefined;
  const fleet = new Fleet(config, env, prices ?? (await shippedPrices()));
  const digestKey = await loadDigestKey(config.journal.directory);
  const bodies = new CallBodies(digestKey);
  const names = new ModelNames(config.models, config.calls);
  const estimator = new UsageEstimator(MISS_RATE_BPS);
  const expected = new ExpectedUses(estimator, new UsageEstimator(MISS_RATE_BPS));
  const brake = new StormBrake({ perMinute: config.calls.unansweredPerMinute });
  const routes = callRoutes({
    engine,
    config,
    fleet,
    names,
    bodies,
    estimator,
    expected,
    brake,
    metrics,
    answers: answerCache(config.calls, digestKey),
    nowMs: Date.now,
    report,
  });
  return {
    routes,
    fleet,
    gauges: () => {
      const { compared, missed } = estimator.misses;
      return { deployments: fleet.circuits(), estimatesCompared: compared, estimatesMissed: missed };
    },
    close: async () => {
      await Promise.all([fleet.close(), bodies.close()]);
    },
  };
}

function answerCache({ cacheBytesMax, cacheSeconds }: Config["calls"], digestKey: Uint8Array): AnswerCache | undefined {
  if (cacheBytesMax === 0) return undefined;
  return new AnswerCache(new ResponseCache({ bytesMax: cacheBytesMax, ttlMs: cacheSeconds * 1_000 }), digestKey);
}
