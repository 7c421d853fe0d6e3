/**
 * The engine: a deterministic state machine behind a durable journal. It composes the other files and adds one rule of its
 * own: sequence, time, state change and order of entries happen in one synchronous step.
 * @module
 */
import { type Actor, CalybrisError, type PolicySnapshot } from "@calybris/kernel";
import type { EngineCheckpoints } from "./checkpoint/engine-checkpoints.ts";
import type { EngineError } from "./engine-errors.ts";
import type { EngineCalls } from "./flows/calls.ts";
import type { ClockCorrection, EngineClock } from "./flows/clock.ts";
import type { UnknownTenants } from "./flows/decide-step.ts";
import type { Decided } from "./flows/decided.ts";
import type { DecisionWaiter } from "./flows/decision-waiter.ts";
import type { DecidedOrRefused, EngineDecisions, RefuseRest } from "./flows/decisions.ts";
import type { Caller, EngineKeys } from "./flows/keys.ts";
import type { EngineLearning } from "./flows/learning.ts";
import type { EngineLedger } from "./flows/ledger.ts";
import type { EnginePolicies, PolicyActivation, Reconfiguration, Reconfigured } from "./flows/policies.ts";
import type { EngineRollout } from "./flows/rollout.ts";
import type { ClientRequest } from "./intake/client-request.ts";
import { FailStop } from "./journal/fail-stop.ts";
import type { Journal } from "./journal/journal.ts";
import type { Recovered } from "./journal/recovery.ts";
import {
  type EngineOptions,
  type EngineSettings,
  type Folded,
  fold,
  guardedPorts,
  idleTime,
  type Ports,
  requirePolicy,
} from "./opening.ts";
import { EngineRegret } from "./regret/engine-regret.ts";
import type { ChangeSignature } from "./rollout/change-authorization.ts";
import type { EngineReading } from "./reading.ts";
import type { SnapshotKeeper } from "./snapshot/snapshot-keeper.ts";
import { startFlows } from "./start-flows.ts";
import { startJournal } from "./start-journal.ts";
import type { EngineState, PolicyVersion } from "./state/state.ts";
import { DirectoryStorage } from "./storage/directory-storage.ts";
import type {
  OlderVerification,
  OlderVerifier,
  Started,
  Storage,
  StorageLock,
  StoredEntries,
} from "./storage/storage.ts";
import type { ClockStep } from "./system-clock.ts";

export { type Decided, plainDecided } from "./flows/decided.ts";
export type { PolicyActivation, Reconfiguration, Reconfigured } from "./flows/policies.ts";
export type { EngineOptions, EngineSettings } from "./opening.ts";
export { OPEN_RESERVATIONS_MAX } from "./start-flows.ts";

/** Interval between sweeps for overdue reservations. */
const SWEEP_MS = 1_000;

export class Engine {
  readonly recovery: Pick<Recovered, "entries" | "setAside" | "loss"> & {
    /** Time from the last entry to this start, microseconds; 0 for a new journal. */
    readonly idleUs: number;
  } & Started;
  /** Callers: the API keys that may act. */
  readonly keys: EngineKeys;
  /** Budgets: limits per tenant, reservations and settlements. */
  readonly ledger: EngineLedger;
  /** Calls: decisions that reserve their own bound, their attempts, and their ends. */
  readonly calls: EngineCalls;
  /** Learning: outcomes of decisions, and the estimates that they update. */
  readonly learning: EngineLearning;
  /** Checkpoints: signed roots of the journal's Merkle tree. */
  readonly checkpoints: EngineCheckpoints;
  /** Rollout: stages another policy, compares it in shadow, promotes it, rolls back. */
  readonly rollout: EngineRollout;
  /** Regret: the value of decisions, compared with that of other policies. */
  readonly regret: EngineRegret;
  /** Read-only queries; they also work after the engine has stopped. */
  readonly reading: EngineReading;
  /** The treatment of requests that name a tenant without a limit; a change takes effect at the next decision. */
  unknownTenants: UnknownTenants;
  readonly #ports: Ports;
  readonly #failStop: FailStop;
  readonly #lock: StorageLock;
  readonly #state: EngineState;
  readonly #journal: Journal;
  readonly #policies: EnginePolicies;
  readonly #decisions: EngineDecisions;
  readonly #snapshots: SnapshotKeeper;
  readonly #older: OlderVerifier;
  readonly #entries: StoredEntries;
  readonly #clock: EngineClock;
  #sweeping: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;
  #clockRepair: ClockCorrection | undefined;

  private constructor(
    storage: Storage,
    folded: Folded,
    options: EngineSettings,
    ports: Ports,
    failStop: FailStop,
    lock: StorageLock,
  ) {
    const { state, stored, end: _end, start, before: _before, ...recovery } = folded.journal;
    const idleUs = recovery.entries === 0 ? 0 : idleTime(storage.name, options, state, ports.nowUs());
    this.recovery = { ...recovery, idleUs, ...start };
    this.unknownTenants = options.unknownTenants ?? "unmetered";
    this.#ports = ports;
    this.#failStop = failStop;
    this.#lock = lock;
    this.#state = state;
    const hooks = { failStop, onSnapshot: () => this.regret.follow() };
    const started = startJournal(storage, folded.journal, options, ports, hooks);
    const { journal, reading, snapshots, checkpoints, older } = started;
    this.checkpoints = checkpoints;
    this.reading = reading;
    this.#journal = journal;
    this.#snapshots = snapshots;
    this.#older = older;
    this.#entries = stored;
    const flows = startFlows(storage, folded, options, ports, {
      ...started,
      failStop,
      unknownTenants: () => this.unknownTenants,
    });
    this.keys = flows.keys;
    this.ledger = flows.ledger;
    this.learning = flows.learning;
    this.rollout = flows.rollout;
    this.calls = flows.calls;
    this.#clock = flows.clock;
    this.#policies = flows.policies;
    this.#decisions = flows.decisions;
    this.regret = new EngineRegret(reading, state.regret);
  }

  /**
   * Opens the journal in a directory: locks it, verifies and folds it, and begins it if it is new. If this throws, no file,
   * thread, timer or lock is left open.
   *
   * @throws CalybrisError `CAL_JOURNAL_LOCKED` when another process holds it, `CAL_JOURNAL_CORRUPT` when its content is
   *   damaged, `CAL_JOURNAL_VERSION` for another format, `CAL_JOURNAL_KEY` without the right key,
   *   `CAL_ENGINE_POLICY_REQUIRED` for a new journal without a policy, `CAL_ENGINE_POLICY_MISMATCH` when the given policy
   *   is not the active one, `CAL_JOURNAL_CLOCK` when the last entry is more than 5 minutes ahead of the clock,
   *   `CAL_JOURNAL_UNREADABLE` when the directory cannot be used.
   */
  static open(options: EngineOptions): Promise<Engine> {
    return Engine.openOn(new DirectoryStorage(options), options);
  }

  /** Like {@link Engine.open}, on a storage other than a directory. */
  static async openOn(storage: Storage, options: EngineSettings): Promise<Engine> {
    const failStop = new FailStop();
    const ports = guardedPorts(options, failStop);
    await storage.prepare();
    const lock = await storage.lock();
    let engine: Engine | undefined;
    try {
      const folded = await fold(storage, options);
      const { state } = folded.journal;
      requirePolicy(storage.name, options, state);
      engine = new Engine(storage, folded, options, ports, failStop, lock);
      if (state.sequence === 0) await engine.#policies.begin(options.policy as PolicySnapshot);
      await engine.#policies.bindSignatures();
      if (options.repairClock !== undefined) engine.#clockRepair = await engine.#clock.repair(options.repairClock);
      await engine.calls.holdInterrupted();
      await engine.ledger.sweep();
      engine.#sweepNowAndThen();
      await engine.checkpoints.start();
      engine.#older.start();
      return engine;
    } catch (error) {
      // The caller needs the first error; errors of the cleanup follow from it.
      await (engine === undefined ? lock.release() : engine.close().catch(() => undefined));
      throw error;
    }
  }

  /** The active policy. */
  get snapshot(): PolicySnapshot {
    return this.#state.current.snapshot;
  }

  /** The active policy with its id, digests and origin. */
  get policy(): PolicyVersion {
    return this.#state.current;
  }

  /** A step of the system clock that is not followed: until it is confirmed or the clock is right, nothing is ordered. */
  get clockStep(): ClockStep | undefined {
    return this.#ports.clock?.unconfirmed;
  }

  /**
   * Follows the unconfirmed step of the system clock, by a `clock` entry that names the caller. All later entries have the
   * time of the clock.
   *
   * @param callerOf - called only when a step is unconfirmed.
   * @returns the entry, once it is durable; `undefined`, with nothing written, when no step is unconfirmed.
   * @throws CalybrisError `CAL_LEDGER_INVALID`, `CAL_ENGINE_ACTOR` for the caller, or `CAL_JOURNAL_OVERLOADED`; the step stays
   *   unconfirmed.
   */
  confirmClock(callerOf: () => Caller = () => ({})): Promise<ClockCorrection | undefined> {
    return this.#clock.confirm(callerOf);
  }

  /** The clock entry written when the engine was opened with `repairClock`. */
  get clockRepair(): ClockCorrection | undefined {
    return this.#clockRepair;
  }

  /** Progress of verifying the entries before the start's snapshot; a broken entry stops the engine. */
  get olderVerification(): OlderVerification {
    return this.#older.status;
  }

  /** Digest of the state after the last ordered entry (`calystt1`). */
  stateDigest(): string {
    return this.#state.digest();
  }

  /** Entries, batches, syncs and bytes since this engine was opened. */
  metrics(): { readonly entries: number; readonly batches: number; readonly fsyncs: number; readonly bytes: number } {
    return { ...this.#journal.metrics };
  }

  /**
   * Decides one request and makes the decision durable before returning it.
   * A rejection is an answer, not an error: it is a decision with a reason, journaled like any other. If this throws, the
   * caller holds no answer and may resend the same request with the same `requestId`: an id is decided at most once
   * within the retention (7 days or 10^7 ids), and a resend returns the first decision, whatever policy is active by
   * then. An id belongs to the tenant that the request names; requests without a tenant share a namespace of their own. Two
   * requests are the same when they mean the same under the policy that decided the first; sender, tags and session are not
   * compared.
   *
   * @param actor - the authenticated caller, as returned by `keys.introduce`; default: the user that runs this process.
   * @throws CalybrisError `CAL_ENGINE_ACTOR` for a key that is not active; nothing was decided.
   * @throws CalybrisError `CAL_REQUEST_INVALID` with every mistake in the request; nothing was decided.
   * @throws CalybrisError `CAL_LEDGER_TENANT_UNKNOWN` for a tenant without a limit where `unknownTenants` is `"refuse"`.
   * @throws CalybrisError `CAL_LEDGER_RESERVATIONS_FULL` for a tenant that has `openReservationsMax` open reservations.
   * @throws CalybrisError `CAL_REQUEST_ID_REUSED` when the id was decided with other content.
   * @throws CalybrisError `CAL_JOURNAL_ARCHIVE_UNREACHABLE` when the entry that decided the id cannot be read.
   * @throws CalybrisError `CAL_JOURNAL_OVERLOADED` when the disk is behind; retry with backoff.
   * @throws CalybrisError `CAL_ENGINE_CLOCK` after the system clock went forward by more than 7 days, until that is confirmed.
   * @throws CalybrisError `CAL_JOURNAL_FAILED` once the disk has refused a batch; only a new process helps.
   * @throws CalybrisError `CAL_ENGINE_STOPPED` once the engine found one of its invariants broken; only a new process helps.
   */
  decide(client: ClientRequest, actor?: Actor): Promise<Decided> {
    return new Promise((resolve, reject) => this.submit(client, { decided: resolve, failed: reject }, 0, actor));
  }

  /**
   * Like {@link decide}, without a promise per request: for servers with many requests. Throws nothing; `waiter` receives
   * every result and error, possibly before this returns. An error that the waiter throws is an uncaught error of the
   * process.
   *
   * @param token - returned with the answer, so that one waiter can serve many requests.
   */
  submit(client: ClientRequest, waiter: DecisionWaiter, token: number, actor?: Actor): void {
    this.#decisions.submit(client, waiter, token, actor);
  }

  /**
   * Decides many requests in order, each as if sent alone, in one step of the journal: either all are accepted or none. A
   * request that cannot be decided has an error in its place; after the disk has refused a batch (`CAL_JOURNAL_FAILED`),
   * every request has, except those that were decided before. A batch with an id that may have been decided begins its step
   * once that entry is durable and read; commands issued in between are ordered before it.
   *
   * @param clients - at most as many as entries may wait (`waitingMax`).
   * @param actor - the authenticated caller of all of them.
   * @param refuseRest - ends the reading of a batch that has too many mistakes.
   * @returns as many results, in the same order, once the last of them is durable.
   * @throws CalybrisError `CAL_JOURNAL_OVERLOADED` when the queue cannot take all of them; nothing was decided.
   * @throws CalybrisError `CAL_ENGINE_STOPPED`, `CAL_ENGINE_CLOSED`; nothing was decided.
   */
  decideMany(
    clients: readonly ClientRequest[],
    actor?: Actor,
    refuseRest?: RefuseRest,
  ): Promise<readonly DecidedOrRefused[]> {
    return this.#decisions.decideMany(clients, actor, refuseRest);
  }

  /**
   * Activates another policy, from the next decision on. Writes no entry if an earlier call has already activated it.
   *
   * @throws CalybrisError as `EngineRollout.stage`; nothing was changed. The signature is that of a promotion.
   */
  setPolicy(policy: PolicySnapshot, caller: Caller = {}, signature?: ChangeSignature): Promise<PolicyActivation> {
    return this.#policies.activate(policy, caller, signature);
  }

  /**
   * Activates a policy, applies limits and revokes keys in one step of the journal: all of it or nothing. Limits equal to
   * those of the journal change nothing; tenants that are not named keep theirs.
   *
   * @param callerOf - called only after the change is found valid, so that no key is introduced for a refused one.
   * @param change.policyFrom - `"file"` for a policy from the service's configured file.
   * @throws CalybrisError `CAL_ROLLOUT_SIGNATURE_MISSING` for another policy where changes are signed,
   *   `CAL_BUDGETS_INVALID`, `CAL_LEDGER_INVALID` and `CAL_ENGINE_ACTOR` for the caller, or `CAL_JOURNAL_OVERLOADED`;
   *   nothing was changed.
   */
  reconfigure(change: Reconfiguration, callerOf: () => Caller = () => ({})): Promise<Reconfigured> {
    return this.#policies.reconfigure(change, callerOf);
  }

  /**
   * Stops the engine for good, as a broken invariant does: every later command is refused. For an embedder that finds an
   * answer of the engine wrong.
   * @returns the error that every later command gets.
   */
  stop(cause: unknown): EngineError<"CAL_ENGINE_STOPPED"> {
    return this.#failStop.stop(cause);
  }

  /**
   * Waits for everything that was ordered, seals the journal and releases the directory. An engine that has stopped is
   * closed without a seal; `reading.failure` holds the reason.
   *
   * @throws CalybrisError `CAL_JOURNAL_FAILED` when the journal could not be sealed: the disk refused a write, now or
   *   before, or has not answered for 10 s. In the last case the directory stays locked until the process ends, because
   *   the disk may still complete its writes.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearInterval(this.#sweeping);
    this.learning.close();
    this.checkpoints.stop();
    const areClosed = [await this.#journal.close(), await this.#snapshots.close(), await this.checkpoints.close()];
    await this.#older.close();
    await this.regret.close();
    await this.#entries.close();
    if (areClosed.every(Boolean)) await this.#lock.release();
    const { failure } = this.#journal;
    if (failure !== undefined) throw failure;
  }

  #sweepNowAndThen(): void {
    this.#sweeping = setInterval(() => {
      if (this.reading.failure !== undefined) return;
      // The next caller gets an operating error; any other error has stopped the engine.
      this.ledger.sweep().catch((error: unknown) => {
        if (!(error instanceof CalybrisError)) this.#failStop.stop(error);
      });
    }, SWEEP_MS);
    this.#sweeping.unref();
  }
}
