/**
 * The decision service: the engine behind HTTP.
 *
 *     start:  configuration → journal verified and folded → budgets → listen
 *     stop:   refuse what is new → finish what is open → seal the journal
 *
 * @module
 */
import { Engine, type EngineOptions, loadBudgets, loadPolicy, nodeSha256 } from "@calybris/engine";
import { CalybrisError, type PolicySnapshot, snapshotDigest, toHex } from "@calybris/kernel";
import { type Config, isLoopback } from "./config/config.ts";
import { HttpStack, type HttpStackOptions } from "./http-stack.ts";

export interface ServiceOptions extends HttpStackOptions {
  /** What `journal.keyFile` holds. */
  readonly journalKey?: Uint8Array | undefined;
  /** Begins a new journal when the configuration names no policy. */
  readonly startingPolicy?: () => Promise<PolicySnapshot>;
  /** Ports of the engine, for tests: clock, disk, kernel. */
  readonly ports?: Pick<EngineOptions, "nowUs" | "disk" | "driver" | "kernelFor"> | undefined;
}

/** What a start found. */
export interface StartReport {
  readonly url: string;
  readonly directory: string;
  readonly entries: number;
  readonly head: { readonly sequence: number; readonly hash: string };
  readonly setAside: { readonly file: string; readonly bytes: number; readonly fromSequence: number } | undefined;
  readonly policy: { readonly id: number; readonly name: string };
  /** The configured policy differs from the journal's, which stays active. */
  readonly policyKept: boolean;
  readonly tenantsChanged: number;
  readonly keyCount: number;
  readonly milliseconds: number;
}

export class Service {
  readonly report: StartReport;
  readonly engine: Engine;
  readonly #config: Config;
  readonly #log: ServiceOptions["log"];
  readonly #http: HttpStack;
  #stopping: Promise<void> | undefined;

  private constructor(report: StartReport, engine: Engine, { config, log }: ServiceOptions, http: HttpStack) {
    this.report = report;
    this.engine = engine;
    this.#config = config;
    this.#log = log;
    this.#http = http;
  }

  /**
   * Opens the journal, applies budgets and listens. When it resolves, requests are answered.
   *
   * @throws CalybrisError as `Engine.open` does, `CAL_GATEWAY_LISTEN`, `CAL_BUDGETS_INVALID`, `CAL_POLICY_INVALID`, or
   *   `CAL_CONFIG_INVALID` when others could reach a service without keys.
   */
  static async start(options: ServiceOptions): Promise<Service> {
    const startedMs = performance.now();
    const { config, log } = options;
    const { engine, policyKept } = await openEngine(options);
    let http: HttpStack | undefined;
    try {
      const budgets = config.budgets.file === undefined ? [] : await loadBudgets(config.budgets.file);
      const tenantsChanged = (await engine.ledger.apply(budgets, "calybris serve")).length;
      http = await HttpStack.create(engine, options);
      const address = await http.listen();
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
      return new Service(report, engine, options, http);
    } catch (error) {
      // The caller needs the reason of the failed start, not what followed from it.
      await http?.close().catch(() => undefined);
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
    const cutCount = await this.#http.stop(this.#config.limits.drainMs);
    if (cutCount > 0) this.#log.warn({ open: cutCount }, "requests were cut off");
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
  const { unknownTenants } = config.budgets;
  const shared = { directory, key: journalKey, waitingMax, segmentBytesMax, unknownTenants, ...ports };
  const configured = config.policy.file === undefined ? undefined : await loadPolicy(config.policy.file);
  const engine = await openOrBegin(shared, configured, startingPolicy);
  if (configured === undefined || digestOf(configured) === digestOf(engine.snapshot))
    return { engine, policyKept: false };
  const details = { given: digestOf(configured), journal: digestOf(engine.snapshot) };
  if (config.policy.whenDifferent === "keep") {
    log.warn(details, "the configured policy differs from the journal's, which stays active");
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

function urlOf(config: Config, port: number): string {
  const { host } = config.listen;
  const scheme = config.tls.certificateFile === undefined ? "http" : "https";
  const shown = isLoopback(host) ? host : host === "::" || host === "0.0.0.0" ? "localhost" : host;
  return `${scheme}://${shown.includes(":") ? `[${shown}]` : shown}:${port}`;
}

function digestOf(snapshot: PolicySnapshot): string {
  return toHex(snapshotDigest(snapshot, nodeSha256));
}
