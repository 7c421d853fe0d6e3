/**
 * The decision service: the engine behind HTTP.
 *
 *     start:  configuration → journal verified and folded → budgets → listen
 *     stop:   refuse what is new → finish what is open → seal the journal
 *
 * @module
 */
import type { Server } from "node:http";
import { Engine, type EngineOptions, loadBudgets, loadPolicy, nodeSha256 } from "@calybris/engine";
import { CalybrisError, type PolicySnapshot, snapshotDigest, toHex } from "@calybris/kernel";
import type { Desk } from "./api/desk.ts";
import { serviceRoutes } from "./api/routes.ts";
import { type Config, isLoopback } from "./config/config.ts";
import { Admission } from "./http/admission.ts";
import { CrossOrigin } from "./http/cross-origin.ts";
import { type Exchange, NodeExchange } from "./http/exchange.ts";
import { FastDoor } from "./http/fast-door.ts";
import { Rates } from "./http/rates.ts";
import { Reception } from "./http/reception.ts";
import { Router } from "./http/route.ts";
import { httpServer, listen } from "./http/server.ts";
import { Keyring } from "./keys/keyring.ts";
import type { Logger } from "./watch/log.ts";
import { Metrics } from "./watch/metrics.ts";
import { Readiness } from "./watch/readiness.ts";
import { Traces } from "./watch/traces.ts";

export interface ServiceOptions {
  readonly config: Config;
  readonly log: Logger;
  /** What `journal.keyFile` holds. */
  readonly journalKey?: Uint8Array | undefined;
  /** Begins a new journal when the configuration names no policy. */
  readonly startingPolicy?: () => Promise<PolicySnapshot>;
  /** Ports of the engine, for tests: clock, disk, kernel. */
  readonly ports?: Pick<EngineOptions, "nowUs" | "disk" | "driver" | "kernelFor"> | undefined;
}

/** What a start found, for whoever started it. */
export interface StartReport {
  readonly url: string;
  readonly directory: string;
  readonly entries: number;
  readonly head: { readonly sequence: number; readonly hash: string };
  readonly setAside: { readonly file: string; readonly bytes: number; readonly fromSequence: number } | undefined;
  readonly policy: { readonly id: number; readonly name: string };
  /** The configuration's policy is another than the journal's, which is in force. */
  readonly policyKept: boolean;
  readonly tenantsChanged: number;
  readonly keyCount: number;
  readonly milliseconds: number;
}

/** What stands between the engine and the network. */
interface Assembled {
  readonly server: Server;
  readonly door: FastDoor;
  readonly reception: Reception;
  readonly readiness: Readiness;
  readonly traces: Traces | undefined;
}

export class Service {
  readonly report: StartReport;
  readonly engine: Engine;
  readonly #config: Config;
  readonly #log: Logger;
  readonly #assembled: Assembled;
  #stopping: Promise<void> | undefined;

  private constructor(report: StartReport, engine: Engine, { config, log }: ServiceOptions, assembled: Assembled) {
    this.report = report;
    this.engine = engine;
    this.#config = config;
    this.#log = log;
    this.#assembled = assembled;
  }

  /**
   * Opens the journal, puts budgets in force and listens. When it resolves, requests are answered.
   *
   * @throws CalybrisError as `Engine.open` does, `CAL_GATEWAY_LISTEN`, `CAL_BUDGETS_INVALID`, `CAL_POLICY_INVALID`, or
   *   `CAL_CONFIG_INVALID` when others could reach a service without keys.
   */
  static async start(options: ServiceOptions): Promise<Service> {
    const startedMs = performance.now();
    const { config, log } = options;
    const { engine, policyKept } = await openEngine(options);
    try {
      const budgets = config.budgets.file === undefined ? [] : await loadBudgets(config.budgets.file);
      const tenantsChanged = (await engine.ledger.apply(budgets, "calybris serve")).length;
      const assembled = assemble(engine, options);
      const address = await listen(assembled.server, config);
      const { entries, setAside } = engine.recovery;
      const { head } = engine.reading;
      const report: StartReport = {
        url: urlOf(config, address.port),
        directory: config.journal.directory,
        entries,
        head: { sequence: head.sequence, hash: head.hash },
        setAside,
        policy: { id: engine.reading.policies().length, name: engine.snapshot.name },
        policyKept,
        tenantsChanged,
        keyCount: config.keys.length,
        milliseconds: Math.round(performance.now() - startedMs),
      };
      log.info(report, "ready");
      return new Service(report, engine, options, assembled);
    } catch (error) {
      // Why it did not start is what has to be told.
      await engine.close().catch(() => undefined);
      throw error;
    }
  }

  /** Refuses what is new, finishes what is open as long as `limits.drainMs` allows, seals the journal. Once. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const { server, door, reception, readiness, traces } = this.#assembled;
    readiness.stopping();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    const drained = reception.stop();
    door.closeIdle();
    server.closeIdleConnections();
    const isInTime = await within(drained, this.#config.limits.drainMs);
    if (!isInTime) this.#log.warn({ open: reception.openCount }, "requests were cut off");
    door.closeAll();
    server.closeAllConnections();
    await closed;
    readiness.close();
    await traces?.close();
    await this.engine.close();
    const { sequence, hash } = this.engine.reading.head;
    this.#log.info({ sequence, hash }, "stopped");
  }
}

async function openEngine({ config, log, journalKey, startingPolicy, ports }: ServiceOptions): Promise<{
  readonly engine: Engine;
  readonly policyKept: boolean;
}> {
  const { directory, waitingMax, segmentBytesMax } = config.journal;
  const shared = { directory, key: journalKey, waitingMax, segmentBytesMax, ...ports };
  const configured = config.policy.file === undefined ? undefined : await loadPolicy(config.policy.file);
  const engine = await openOrBegin(shared, configured, startingPolicy);
  if (configured === undefined || digestOf(configured) === digestOf(engine.snapshot))
    return { engine, policyKept: false };
  const details = { given: digestOf(configured), journal: digestOf(engine.snapshot) };
  if (config.policy.whenDifferent === "keep") {
    log.warn(details, "the configured policy is another than the journal's, which stays in force");
    return { engine, policyKept: true };
  }
  await engine.close();
  throw new CalybrisError("CAL_ENGINE_POLICY_MISMATCH", details);
}

/** A journal that exists is opened with its own policy; a new one begins with the one given. */
async function openOrBegin(
  shared: EngineOptions,
  configured: PolicySnapshot | undefined,
  startingPolicy: (() => Promise<PolicySnapshot>) | undefined,
): Promise<Engine> {
  try {
    return await Engine.open(shared);
  } catch (error) {
    if (!(error instanceof CalybrisError) || error.code !== "CAL_ENGINE_POLICY_REQUIRED") throw error;
    const policy = configured ?? (await startingPolicy?.());
    if (policy === undefined) throw error;
    return Engine.open({ ...shared, policy });
  }
}

function assemble(engine: Engine, { config, log }: ServiceOptions): Assembled {
  const { endpoint, shareBps } = config.traces;
  const traces = endpoint === undefined ? undefined : new Traces(endpoint, shareBps);
  const metrics = new Metrics();
  const rates = new Rates();
  const readiness = new Readiness(engine, config.journal.directory);
  const desk: Desk = { engine, config, rates, metrics };
  const crossOrigin = new CrossOrigin(config.cors.origins);
  let connections = 0;
  const routes = serviceRoutes(desk, {
    readiness,
    traces,
    connectionCount: () => connections,
    openCount: () => reception.openCount,
  });
  const reception = new Reception({
    router: new Router(routes),
    admission: new Admission(new Keyring(config.keys, config.limits.perSecond), crossOrigin),
    rates,
    metrics,
    log,
    traces,
    crossOrigin,
    bodyBytesMax: config.limits.bodyBytesMax,
    depthMax: config.limits.depthMax,
    onBroken: (cause) => engine.stop(cause),
  });
  const receive = (exchange: Exchange): void => reception.receive(exchange);
  const server = httpServer(
    config,
    (request, response) => receive(new NodeExchange(request, response)),
    ({ code }) => metrics.error(code),
  );
  const { limits, tls } = config;
  const door = new FastDoor({ ...limits, receive });
  // Below TLS a connection is not readable, and pages of other origins take headers that the door does not give.
  if (tls.certificateFile === undefined && config.cors.origins.length === 0) door.guard(server);
  server.on("connection", (socket) => {
    connections += 1;
    socket.once("close", () => {
      connections -= 1;
    });
  });
  return { server, reception, readiness, traces, door };
}

function urlOf(config: Config, port: number): string {
  const { host } = config.listen;
  const scheme = config.tls.certificateFile === undefined ? "http" : "https";
  const shown = isLoopback(host) ? host : host === "::" || host === "0.0.0.0" ? "localhost" : host;
  return `${scheme}://${shown.includes(":") ? `[${shown}]` : shown}:${port}`;
}

function digestOf(snapshot: PolicySnapshot): string {
  return toHex(snapshotDigest(snapshot, nodeSha256));
}

async function within(done: Promise<void>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  const isInTime = await Promise.race([done.then(() => true), late]);
  clearTimeout(timer);
  return isInTime;
}
