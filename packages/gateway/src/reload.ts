/**
 * Reloading: the configuration, keys, TLS files, deployments, the policy file, budgets and signers are read again and take effect
 * atomically.
 *
 *     read everything → check everything → one step of the journal → keys, TLS and deployments
 *
 * Mistakes are found before the step, so either everything takes effect or nothing changes.
 * @module
 */
import { type Caller, type Engine, loadBudgets, loadPolicy, type Reconfiguration } from "@calybris/engine";
import { CalybrisError } from "@calybris/kernel";
import type { Config } from "./config/config.ts";
import { OPTIONS } from "./config/options.ts";
import { readSigners } from "./config/trust-file.ts";
import { digestsOf } from "./decisions/policy-body.ts";
import { identityOf } from "./keys/keyring.ts";
import type { Logger } from "./watch/log.ts";

/** The changes of a reload. */
export interface ReloadReport {
  /** The policy that was activated; null if the file has not changed since it was last activated. */
  readonly policy: { readonly policyId: number; readonly sequence: number; readonly snapshotDigest: string } | null;
  /** Tenants whose limits changed. */
  readonly tenantsChanged: readonly string[];
  readonly keyCount: number;
  /** Changed options that take effect at the next start. */
  readonly restartNeeded: readonly string[];
}

export interface ReloadPorts {
  readonly engine: Engine;
  /** The configuration of the start. */
  readonly config: Config;
  /** Reads the configuration again. */
  readonly readConfig: () => Promise<Config>;
  /** Checks keys, TLS files and deployments; the returned function puts them into effect and never throws. */
  readonly prepareHttp: (config: Config) => () => void;
  readonly log: Logger;
}

export class Reload {
  readonly #ports: ReloadPorts;
  #last: Promise<unknown> = Promise.resolve();

  constructor(ports: ReloadPorts) {
    this.#ports = ports;
  }

  /**
   * Reloads; one at a time, in the order of the calls.
   *
   * @param callerOf - returns the caller; called once all files are valid.
   * @throws CalybrisError if a file is invalid or the change cannot be journaled; nothing has changed then.
   */
  run(callerOf: () => Caller): Promise<ReloadReport> {
    const run = this.#last.then(() => this.#run(callerOf));
    this.#last = run.catch(() => undefined);
    return run;
  }

  async #run(callerOf: () => Caller): Promise<ReloadReport> {
    const { engine, log } = this.#ports;
    try {
      const config = await this.#ports.readConfig();
      const { change } = await readChange(config, engine);
      const commitHttp = this.#ports.prepareHttp(config);
      const { signersFile } = config.rollout;
      const commitSigners =
        signersFile === undefined ? undefined : await engine.rollout.prepareSigners(await readSigners(signersFile));
      const { policyId, sequence, tenantsChanged } = await inTime(() => engine.reconfigure(change, callerOf));
      engine.unknownTenants = config.budgets.unknownTenants;
      commitSigners?.();
      commitHttp();
      const policy =
        policyId === undefined || sequence === undefined || change.policy === undefined
          ? null
          : { policyId, sequence, snapshotDigest: digestsOf(change.policy).snapshotDigest };
      const restartNeeded = OPTIONS.filter(({ path }) => !isReloadable(path, this.#ports.config, config))
        .map(({ path }) => path)
        .filter((path) => text(config, path) !== text(this.#ports.config, path));
      const report = { policy, tenantsChanged, keyCount: config.keys.length, restartNeeded };
      log.info({ ...report, tenantsChanged: tenantsChanged.length }, "reloaded");
      return report;
    } catch (error) {
      log.error({ code: error instanceof CalybrisError ? error.code : "bug", problem: String(error) }, "not reloaded");
      throw error;
    }
  }
}

export interface FileChange {
  readonly change: Reconfiguration;
  /** Digest of the policy file, as `policy check` prints it; `undefined` without a file. */
  readonly fileDigest: string | undefined;
}

/**
 * The changes in the configured files. The policy file counts as changed if it differs from the policy that was last
 * activated from it, whatever was activated since; genesis counts as activated from it. If changes need a signature, a file
 * that equals the policy activated by a signed command changes nothing.
 */
export async function readChange(
  { policy, budgets, keys: configs, rollout }: Config,
  { reading, policy: active }: Engine,
): Promise<FileChange> {
  const limits = budgets.file === undefined ? [] : await loadBudgets(budgets.file);
  const keys = configs.map(identityOf);
  const others = { budgets: limits, keys };
  if (policy.file === undefined) return { change: others, fileDigest: undefined };
  const configured = await loadPolicy(policy.file);
  const fileDigest = digestsOf(configured).snapshotDigest;
  const last = reading.policies().findLast(({ isFromFile }) => isFromFile);
  const isSigned = rollout.signersFile !== undefined && active.snapshotDigest === fileDigest;
  if (last?.snapshotDigest === fileDigest || isSigned) return { change: others, fileDigest };
  return { change: { policy: configured, policyFrom: "file", ...others }, fileDigest };
}

/** TLS can be renewed, but not turned on or off, while the service listens. */
function isReloadable(path: string, before: Config, after: Config): boolean {
  if (path.startsWith("tls."))
    return (before.tls.certificateFile === undefined) === (after.tls.certificateFile === undefined);
  // While the service runs, signatures can become required and their keys can change; the requirement cannot be dropped.
  if (path === "rollout.signersFile") return after.rollout.signersFile !== undefined;
  // A service without deployments has no routes for model calls.
  if (CALLED.includes(path)) return before.deployments.length > 0;
  return RELOADABLE.includes(path);
}

const CALLED: readonly string[] = ["providers", "deployments", "models"];

const RELOADABLE: readonly string[] = [
  "keys",
  "policy.file",
  "budgets.file",
  "budgets.unknownTenants",
  "limits.perSecond",
];

function text(config: Config, path: string): string | undefined {
  const value = path.split(".").reduce<unknown>((at, key) => (at as { readonly [key: string]: unknown })[key], config);
  return JSON.stringify(value);
}

const TRIES = 20;
const PAUSE_MS = 50;

/** Retries while the journal's queue is full: a reload is rare, and may need room for many entries at once. */
async function inTime<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      const isFull = error instanceof CalybrisError && error.code === "CAL_JOURNAL_OVERLOADED";
      if (!isFull || tries === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
