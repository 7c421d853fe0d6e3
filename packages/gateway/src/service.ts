/**
 * The decision service: the engine behind HTTP.
 *
 *     start:  configuration → journal verified and folded → policy file and budgets → listen
 *     reload: configuration, policy file, budgets, keys and TLS files again, all or nothing
 *     stop:   refuse what is new → finish what is open → seal the journal
 *
 * @module
 */
import {
  type Caller,
  type CheckpointResult,
  type ClockStep,
  Engine,
  type EngineOptions,
  type LogSigner,
  loadPolicy,
  type OlderVerification,
  type SnapshotResult,
  type WitnessResult,
  type WitnessSettings,
} from "@calybris/engine";
import { FOLLOWED_STEP_MS_MAX } from "@calybris/engine/internal";
import { CalybrisError, type PolicySnapshot } from "@calybris/kernel";
import { type Config, isLoopback } from "./config/config.ts";
import { readSigners } from "./config/trust-file.ts";
import { HttpStack, type HttpStackOptions } from "./http-stack.ts";
import { Reload, type ReloadReport, readChange } from "./reload.ts";

/** A longer gap may mean that the clock had run ahead. */
const LONG_GAP_US = FOLLOWED_STEP_MS_MAX * 1_000;

export interface ServiceOptions extends Omit<HttpStackOptions, "reload"> {
  /** Signs checkpoints of the journal; without it none are signed. */
  readonly checkpointSigner?: LogSigner | undefined;
  /** Witnesses that are asked to cosign each checkpoint. */
  readonly witnesses?: WitnessSettings | undefined;
  /** The contents of `journal.keyFile`. */
  readonly journalKey?: Uint8Array | undefined;
  /** Opens a journal that has lost acknowledged entries, with the entries before them. Default false. */
  readonly acceptLoss?: boolean | undefined;
  /** The policy of a new journal, if the configuration names none. */
  readonly startingPolicy?: () => Promise<PolicySnapshot>;
  /** Reads the configuration again at a reload; if absent, it stays unchanged. */
  readonly readConfig?: (() => Promise<Config>) | undefined;
  /** Ports of the engine, for tests: clock, disk, kernel. */
  readonly ports?: Pick<EngineOptions, "nowUs" | "clockSource" | "disk" | "driver" | "kernelFor"> | undefined;
}

/** The result of a start. */
export interface StartReport {
  readonly url: string;
  readonly directory: string;
  readonly entries: number;
  readonly head: { readonly sequence: number; readonly hash: string };
  readonly setAside: { readonly file: string; readonly bytes: number; readonly fromSequence: number } | undefined;
  /** The accepted loss of entries. */
  readonly loss: string | undefined;
  /** The last entry that was not read because a snapshot covers it; 0 without a snapshot. */
  readonly fromSequence: number;
  /** Newer snapshots that were not used, with the reasons. */
  readonly snapshotsRefused: readonly { readonly file: string; readonly problem: string }[];
  /** Segments before the snapshot that are unavailable. */
  readonly segmentsAbsent: readonly string[];
  /** The active policy. */
  readonly policy: { readonly id: number; readonly name: string; readonly snapshotDigest: string };
  /** Whether the policy file differed from the policy last activated from it, and was activated. */
  readonly policyActivated: boolean;
  /** Whether a policy was activated by a command after the file's, and stays active. */
  readonly policyOutlivesFile: boolean;
  /**
   * The command that signs and activates the changed policy file, if changes need a signature; the active policy continues.
   */
  readonly policyAwaits: string | undefined;
  readonly tenantsChanged: number;
  /** Seconds between the last entry and the start. */
  readonly idleSeconds: number;
  readonly keyCount: number;
  readonly milliseconds: number;
}

export class Service {
  readonly report: StartReport;
  readonly engine: Engine;
  readonly #config: Config;
  readonly #log: ServiceOptions["log"];
  readonly #http: HttpStack;
  readonly #reload: Reload;
  #stopping: Promise<void> | undefined;

  private constructor(
    report: StartReport,
    engine: Engine,
    { config, log }: ServiceOptions,
    http: HttpStack,
    reload: Reload,
  ) {
    this.report = report;
    this.#reload = reload;
    this.engine = engine;
    this.#config = config;
    this.#log = log;
    this.#http = http;
  }

  /**
   * Opens the journal, activates the policy file if it has changed, applies budgets and listens. Once it resolves, requests
   * are answered. If policy changes need a signature, a changed file is not activated: the active policy continues, with a
   * warning.
   *
   * @throws CalybrisError as `Engine.open` does, `CAL_GATEWAY_LISTEN`, `CAL_BUDGETS_INVALID`, `CAL_POLICY_INVALID`, or
   *   `CAL_CONFIG_INVALID` if a service without keys would be reachable by others.
   */
  static async start(options: ServiceOptions): Promise<Service> {
    const startedMs = performance.now();
    const { config, log } = options;
    const engine = await openEngine(options);
    let http: HttpStack | undefined;
    try {
      const { change, fileDigest } = await readChange(config, engine);
      const isUnsigned = change.policy !== undefined && config.rollout.signersFile !== undefined;
      const { policy: _, policyFrom: __, ...signless } = change;
      const { tenantsChanged } = await engine.reconfigure(isUnsigned ? signless : change);
      const reload = new Reload({
        engine,
        config,
        log,
        readConfig: options.readConfig ?? (() => Promise.resolve(config)),
        prepareHttp: (changed) => (http as HttpStack).prepare(changed),
      });
      http = await HttpStack.create(engine, { ...options, reload: (callerOf) => reload.run(callerOf) });
      const address = await http.listen();
      const active = engine.policy;
      const { entries, setAside, loss, idleUs, fromSequence, snapshotsRefused, segmentsAbsent } = engine.recovery;
      for (const refused of snapshotsRefused) log.warn(refused, "a snapshot was not used");
      if (segmentsAbsent.length > 0)
        log.warn({ segments: segmentsAbsent }, "archived segments cannot be reached: what they hold cannot be shown");
      if (idleUs > LONG_GAP_US)
        log.warn({ idleSeconds: seconds(idleUs) }, "the last entry is long ago: is the clock right?");
      const { head } = engine.reading;
      const url = urlOf(config, address.port);
      const policyAwaits = isUnsigned
        ? `calybris policy set ${config.policy.file} --key KEY_FILE --url ${url}`
        : undefined;
      if (policyAwaits !== undefined)
        log.warn(
          { file: config.policy.file, command: policyAwaits },
          "the policy file has changed and needs a signature: the active policy continues",
        );
      const report: StartReport = {
        url,
        directory: config.journal.directory,
        entries,
        head: { sequence: head.sequence, hash: head.hash },
        setAside,
        loss,
        fromSequence,
        snapshotsRefused,
        segmentsAbsent,
        policy: {
          id: active.id,
          name: active.snapshot.name,
          snapshotDigest: active.snapshotDigest,
        },
        policyActivated: change.policy !== undefined && !isUnsigned,
        policyOutlivesFile:
          !isUnsigned && fileDigest !== undefined && !active.isFromFile && active.snapshotDigest !== fileDigest,
        policyAwaits,
        tenantsChanged: tenantsChanged.length,
        idleSeconds: seconds(idleUs),
        keyCount: config.keys.length,
        milliseconds: Math.round(performance.now() - startedMs),
      };
      log.info(report, "ready");
      return new Service(report, engine, options, http, reload);
    } catch (error) {
      // The caller needs the reason of the failed start, not errors of the cleanup.
      await http?.close().catch(() => undefined);
      await engine.close().catch(() => undefined);
      throw error;
    }
  }

  /**
   * Reloads configuration, keys, TLS files, the policy file and budgets; all of them take effect, or none.
   *
   * @throws CalybrisError if any is invalid; the service then continues unchanged.
   */
  reload(caller: Caller = {}): Promise<ReloadReport> {
    return this.#reload.run(() => caller);
  }

  /** Refuses new requests, finishes open ones within `limits.drainMs`, and seals the journal. Later calls have no effect. */
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

async function openEngine(options: ServiceOptions): Promise<Engine> {
  const { config, journalKey, acceptLoss, startingPolicy, ports, log } = options;
  const { directory, waitingMax, segmentBytesMax } = config.journal;
  const { unknownTenants, openReservationsMax } = config.budgets;
  const onClockStep = ({ fromUs, toUs, isFollowed }: ClockStep): void => {
    const step = { from: new Date(fromUs / 1_000), to: new Date(toUs / 1_000) };
    if (isFollowed) log.warn(step, "the system clock was stepped");
    else log.error(step, "the system clock went forward by more than 7 days: nothing is decided until it is right");
  };
  const onSnapshot = (result: SnapshotResult): void => {
    if (result.problem === undefined) log.info(result, "a snapshot was written");
    else log.warn(result, "a snapshot could not be written: the next start may take longer");
  };
  const onCheckpoint = (result: CheckpointResult): void => {
    if (result.problem === undefined) log.debug(result, "a checkpoint was signed");
    else log.warn(result, "a checkpoint could not be signed: decisions go on");
  };
  const onWitnesses = (result: WitnessResult): void => {
    if (result.witnessCount >= result.quorum) log.debug(result, "witnesses signed a checkpoint");
    else log.warn(result, "a checkpoint has fewer witnesses than its quorum: they are asked again");
  };
  const { everyEntries, everySeconds } = config.checkpoint;
  const signer = options.checkpointSigner;
  const checkpoint = signer && { signer, everyEntries, everySeconds, witnesses: options.witnesses };
  const onOlderVerified = (status: OlderVerification): void => logOlder(log, status);
  const callbacks = { onClockStep, onSnapshot, onCheckpoint, onWitnesses, onOlderVerified };
  const { signersFile } = config.rollout;
  const changeSigners = signersFile === undefined ? undefined : await readSigners(signersFile);
  const limits = { waitingMax, segmentBytesMax, openReservationsMax, unknownTenants };
  const settings = { checkpoint, changeSigners, ...limits, ...callbacks };
  const shared = { directory, key: journalKey, acceptLoss, ...settings, ...ports };
  const { file } = config.policy;
  return openOrBegin(shared, file === undefined ? startingPolicy : () => loadPolicy(file));
}

/** Logs the verification of the entries before the snapshot of the start: one line at the end. */
function logOlder(log: ServiceOptions["log"], status: OlderVerification): void {
  const { state, problem, verifiedSequence, untilSequence } = status;
  const sequences = { verifiedSequence, untilSequence };
  if (state === "broken") log.error({ ...sequences, problem }, "entries before the snapshot of the start are broken");
  else if (state === "incomplete")
    log.warn({ ...sequences, problem }, "entries before the snapshot of the start could not all be verified");
  else
    log.info(
      sequences,
      "entries before the snapshot of the start are verified: chain, form, policies, and every decision by its identity",
    );
}

/** An existing journal opens with its own policy; a new one begins with the given policy. */
async function openOrBegin(
  shared: EngineOptions,
  startingPolicy: (() => Promise<PolicySnapshot>) | undefined,
): Promise<Engine> {
  try {
    return await Engine.open(shared);
  } catch (error) {
    if (!(error instanceof CalybrisError) || error.code !== "CAL_ENGINE_POLICY_REQUIRED") throw error;
    const policy = await startingPolicy?.();
    if (policy === undefined) throw error;
    return Engine.open({ ...shared, policy });
  }
}

function seconds(us: number): number {
  return Math.floor(us / 1_000_000);
}

function urlOf(config: Config, port: number): string {
  const { host } = config.listen;
  const scheme = config.tls.certificateFile === undefined ? "http" : "https";
  const shown = isLoopback(host) ? host : host === "::" || host === "0.0.0.0" ? "localhost" : host;
  return `${scheme}://${shown.includes(":") ? `[${shown}]` : shown}:${port}`;
}
