/**
 * Assembles everything between the engine and the network.
 *
 *     connection ─▶ fast path ─┐
 *          └─▶ Node ─▶ Fastify ┴─▶ pipeline ─▶ handlers ─▶ engine
 *
 * @module
 */
import type { AddressInfo } from "node:net";
import type { Caller, Engine } from "@calybris/engine";
import { unknownPathDialect } from "./calls/call-routes.ts";
import { type CallServing, serveCalls } from "./calls/serving.ts";
import type { Config } from "./config/config.ts";
import { PolicyAnswers } from "./decisions/policy-answers.ts";
import type { ReceiptSigner } from "./decisions/receipts.ts";
import { serviceRoutes } from "./decisions/routes.ts";
import { Admission } from "./http/admission.ts";
import { BodyReader } from "./http/body-reader.ts";
import { BodyWorker } from "./http/body-worker.ts";
import { ConnectionServer, readTls } from "./http/connection-server.ts";
import { CrossOrigin } from "./http/cross-origin.ts";
import { FastPath } from "./http/fast-path.ts";
import { FastifyServer } from "./http/fastify-server.ts";
import { Rates } from "./http/rates.ts";
import { RequestPipeline } from "./http/request-pipeline.ts";
import type { Route } from "./http/route-contract.ts";
import { TrafficBudget } from "./http/traffic-budget.ts";
import type { PriceBook } from "./prices/price-book.ts";
import { asCoded } from "./http/error-dialect.ts";
import { Keyring } from "./keys/keyring.ts";
import { FailureLog } from "./watch/failure-log.ts";
import type { ReloadReport } from "./reload.ts";
import type { Logger } from "./watch/log.ts";
import { Metrics } from "./watch/metrics.ts";
import { Readiness } from "./watch/readiness.ts";
import { RegretWatch } from "./watch/regret-watch.ts";
import { RolloutWatch } from "./watch/rollout-watch.ts";
import { Traces } from "./watch/traces.ts";

export interface HttpStackOptions {
  readonly config: Config;
  readonly log: Logger;
  /** `false` sends every request through Fastify, for tests and benchmarks that compare the two paths. */
  readonly fastPath?: boolean | undefined;
  /** Signs receipts. */
  readonly receipts?: ReceiptSigner | undefined;
  /** Routes in addition to those of the API. */
  readonly moreRoutes?: readonly Route[] | undefined;
  /** Prices of model calls, instead of the built-in ones. */
  readonly prices?: PriceBook | undefined;
  /** Reloads the service on behalf of a caller. */
  readonly reload: (callerOf: () => Caller) => Promise<ReloadReport>;
}

export class HttpStack {
  readonly #connections: ConnectionServer;
  readonly #keyring: Keyring;
  readonly #fastify: FastifyServer;
  readonly #pipeline: RequestPipeline;
  readonly #worker: BodyWorker;
  readonly #readiness: Readiness;
  readonly #regret: RegretWatch;
  readonly #rollout: RolloutWatch;
  readonly #traces: Traces | undefined;
  readonly #calls: CallServing | undefined;

  private constructor(parts: {
    readonly connections: ConnectionServer;
    readonly keyring: Keyring;
    readonly fastify: FastifyServer;
    readonly pipeline: RequestPipeline;
    readonly worker: BodyWorker;
    readonly readiness: Readiness;
    readonly regret: RegretWatch;
    readonly rollout: RolloutWatch;
    readonly traces: Traces | undefined;
    readonly calls: CallServing | undefined;
  }) {
    this.#connections = parts.connections;
    this.#keyring = parts.keyring;
    this.#fastify = parts.fastify;
    this.#pipeline = parts.pipeline;
    this.#worker = parts.worker;
    this.#readiness = parts.readiness;
    this.#regret = parts.regret;
    this.#rollout = parts.rollout;
    this.#traces = parts.traces;
    this.#calls = parts.calls;
  }

  /** @throws CalybrisError `CAL_CONFIG_INVALID`; `CAL_INPUT_UNREADABLE` for an unusable certificate. */
  static async create(
    engine: Engine,
    { config, log, fastPath, receipts, moreRoutes = [], prices, reload }: HttpStackOptions,
  ): Promise<HttpStack> {
    const { limits } = config;
    const { endpoint, shareBps } = config.traces;
    const tls = readTls(config.tls);
    const keyring = new Keyring(config.keys, limits.perSecond);
    const keysChanged = (): void => keyring.setCreated(engine.keys.created());
    keysChanged();
    const metrics = new Metrics();
    const rates = new Rates();
    const policyAnswers = new PolicyAnswers(engine);
    const budget = new TrafficBudget(limits);
    const crossOrigin = new CrossOrigin(config.cors.origins);
    const worker = new BodyWorker(limits.bodyBytesMax);
    const readiness = new Readiness(engine, config.journal.directory);
    const regret = new RegretWatch(engine, log);
    const rollout = new RolloutWatch(engine, log);
    const traces = endpoint === undefined ? undefined : new Traces(endpoint, shareBps);
    const failures = new FailureLog(log, (cause) => engine.stop(cause));
    const report = (error: unknown): void => failures.report("model call", asCoded(error));
    const calls = await serveCalls(engine, config, { prices, metrics: metrics.calls, report });
    const pipeline = new RequestPipeline({
      admission: new Admission(keyring, crossOrigin),
      rates,
      bodies: new BodyReader(limits, worker),
      budget,
      metrics,
      failures,
      traces,
      crossOrigin,
      unknownPath: calls && unknownPathDialect,
    });
    const watched = {
      readiness,
      regret,
      rollout,
      traces,
      budget,
      connectionCount: () => connections.connectionCount,
      openCount: () => pipeline.openCount,
      callGauges: () => calls?.gauges() ?? { deployments: [], estimatesCompared: 0, estimatesMissed: 0 },
    };
    const routes = [
      ...serviceRoutes({ engine, config, rates, metrics, policyAnswers, receipts, reload, keysChanged }, watched),
      ...(calls?.routes ?? []),
      ...moreRoutes,
    ];
    const fastify = new FastifyServer({ ...limits, routes, pipeline });
    const connections = new ConnectionServer(config, tls, {
      budget,
      fastPath: fastPath === false ? undefined : new FastPath({ ...limits, routes, pipeline }),
      accept: fastify.accept,
      refused: ({ code }) => metrics.error(code),
      cut: () => metrics.error("client_slow"),
    });
    await fastify.ready();
    return new HttpStack({
      connections,
      keyring,
      fastify,
      pipeline,
      worker,
      readiness,
      regret,
      rollout,
      traces,
      calls,
    });
  }

  /**
   * @throws CalybrisError `CAL_GATEWAY_LISTEN`; `CAL_CONFIG_INVALID` if a service without keys would be reachable by others.
   */
  listen(): Promise<AddressInfo> {
    return this.#connections.listen();
  }

  /**
   * Checks the keys, TLS files, providers and deployments of a changed configuration.
   *
   * @returns a function that puts them into effect: TLS for new connections, everything else for new requests.
   * @throws CalybrisError `CAL_CONFIG_INVALID`, `CAL_INPUT_UNREADABLE`.
   */
  prepare(config: Config): () => void {
    const renewTls = this.#connections.prepare(config);
    const renewCalls = this.#calls?.prepare(config);
    return () => {
      renewTls();
      renewCalls?.();
      this.#keyring.replace(config.keys, config.limits.perSecond);
    };
  }

  /** Refuses new requests and finishes open ones within `drainMs`; returns how many were cut off. */
  async stop(drainMs: number): Promise<number> {
    this.#readiness.stopping();
    const closed = this.#connections.close();
    const drained = this.#pipeline.stop();
    this.#connections.closeIdle();
    await within(drained, drainMs);
    const cutCount = this.#pipeline.openCount;
    this.#connections.closeAll();
    await closed;
    await this.close();
    return cutCount;
  }

  /** Releases all resources. */
  async close(): Promise<void> {
    this.#readiness.close();
    this.#regret.close();
    this.#rollout.close();
    await this.#worker.close();
    await this.#calls?.close();
    await this.#traces?.close();
    await this.#fastify.close();
    await this.#connections.close();
  }
}

async function within(done: Promise<void>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([done, late]);
  clearTimeout(timer);
}
