/**
 * Builds the service of model calls from the configuration.
 * @module
 */
import type { Engine } from "@calybris/engine";
import { Repeats } from "../brake/repeats.ts";
import { StormBrake } from "../brake/storm-brake.ts";
import { ResponseCache } from "../cache/response-cache.ts";
import type { Config } from "../config/config.ts";
import type { Route } from "../http/route-contract.ts";
import { type PriceBook, shippedPrices } from "../prices/price-book.ts";
import { EstimatesFile } from "../reserve/estimates-file.ts";
import { ExpectedUses } from "../reserve/expected-usage.ts";
import { UsageEstimator } from "../reserve/usage-estimator.ts";
import { CallBodies } from "../scan/call-bodies.ts";
import { loadDigestKey } from "../scan/digest-key.ts";
import type { CallMetrics } from "../watch/call-metrics.ts";
import type { ServedGauges } from "../watch/health.ts";
import { AnswerCache } from "./answer-cache.ts";
import type { CallContext } from "./call-context.ts";
import { callRoutes } from "./call-routes.ts";
import { Fleet } from "./fleet.ts";
import { ModelNames } from "./model-names.ts";
import { RetiredUpstreams } from "./retired-upstreams.ts";

/** Share of calls whose input may exceed its estimate; the excess is an overrun. */
const MISS_RATE_BPS = 100;

export interface CallServing {
  readonly routes: readonly Route[];
  readonly gauges: () => ServedGauges;
  /**
   * Checks providers, deployments and models of a changed configuration. The returned function applies them to new calls;
   * calls in progress keep the previous configuration.
   *
   * @throws GatewayError `CAL_CONFIG_INVALID` for a key or an address that cannot be used.
   */
  prepare(changed: Config): () => void;
  close(): Promise<void>;
}

export interface CallServingOptions {
  /** Replaces the price book of this version. */
  readonly prices?: PriceBook | undefined;
  readonly env?: { readonly [name: string]: string | undefined };
  readonly metrics: CallMetrics;
  readonly report: (error: unknown) => void;
}

/**
 * @returns `undefined` if the configuration has no deployment.
 * @throws GatewayError `CAL_CONFIG_INVALID` for a key or an address that cannot be used.
 */
export async function serveCalls(
  engine: Engine,
  config: Config,
  { prices, env = process.env, metrics, report }: CallServingOptions,
): Promise<CallServing | undefined> {
  if (config.deployments.length === 0) return undefined;
  const book = prices ?? (await shippedPrices());
  const retired = new RetiredUpstreams(config.calls.totalMs);
  const digestKey = await loadDigestKey(config.journal.directory);
  const bodies = new CallBodies(digestKey);
  const estimator = new UsageEstimator(MISS_RATE_BPS);
  const outputs = new UsageEstimator(MISS_RATE_BPS);
  const expected = new ExpectedUses(estimator, outputs);
  const estimates = await EstimatesFile.open(config.journal.directory, { input: estimator, output: outputs });
  const brake = new StormBrake({ perMinute: config.calls.unansweredPerMinute });
  let current: CallContext = {
    engine,
    config,
    fleet: new Fleet(config, env, book),
    names: new ModelNames(config.models, config.calls),
    bodies,
    estimator,
    expected,
    brake,
    repeats: new Repeats(),
    metrics,
    answers: answerCache(config.calls, digestKey),
    nowMs: Date.now,
    report,
  };
  return {
    routes: callRoutes(() => current),
    prepare: ({ providers, deployments, models }) => {
      const { fleet: before } = current;
      const fleet = new Fleet({ providers, deployments, calls: config.calls }, env, book, before);
      const names = new ModelNames(models, config.calls);
      return () => {
        current = { ...current, fleet, names };
        retired.add(before.upstreams().filter((one) => !fleet.upstreams().includes(one)));
      };
    },
    gauges: () => {
      const { compared, missed } = estimator.misses;
      return { deployments: current.fleet.circuits(), estimatesCompared: compared, estimatesMissed: missed };
    },
    close: async () => {
      await Promise.all([current.fleet.close(), retired.close(), bodies.close(), estimates.close()]);
    },
  };
}

function answerCache({ cacheBytesMax, cacheSeconds }: Config["calls"], digestKey: Uint8Array): AnswerCache | undefined {
  if (cacheBytesMax === 0) return undefined;
  return new AnswerCache(new ResponseCache({ bytesMax: cacheBytesMax, ttlMs: cacheSeconds * 1_000 }), digestKey);
}
