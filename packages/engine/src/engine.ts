/**
 * The engine: a deterministic state machine behind a durable journal. It composes what the other files do and adds one
 * rule of its own: sequence, time, state change and order of entries happen in one synchronous step.
 * @module
 */

import { randomBytes } from "node:crypto";
import {
  CalybrisError,
  type EntryBody,
  type GenesisEntry,
  JOURNAL_FORMAT,
  type Kernel,
  type PolicySnapshot,
  parseEntryBody,
  parseExact,
  policyDigest,
  snapshotDigest,
  snapshotToJson,
  toHex,
  wasmKernel,
  writeExact,
} from "@calybris/kernel";
import { contentDigestOf } from "./content-digest.ts";
import { DecideStep } from "./decide-step.ts";
import { answer, type Decided } from "./decided.ts";
import { makeSeed, seedDigest, seedOf } from "./draw-seed.ts";
import { EngineLearning } from "./engine-learning.ts";
import { EngineLedger } from "./engine-ledger.ts";
import { EngineReading, recalled } from "./engine-reading.ts";
import { EntryFinder } from "./entry-finder.ts";
import { type ClientRequest, type ResolvedRequest, resolveRequest } from "./intake/client-request.ts";
import { nameField, refuseMistakes } from "./intake/ledger-fields.ts";
import { nodeChain, nodeSha256 } from "./journal/chain-hash.ts";
import { type Disk, nodeDisk } from "./journal/disk.ts";
import { Journal, WAITING_MAX, type WriterDriver } from "./journal/journal.ts";
import { acquireLock, type Lock } from "./journal/lock.ts";
import { type Recovered, recover, type SetAside } from "./journal/recovery.ts";
import { ThreadDriver } from "./journal/thread-driver.ts";
import type { WriterStart } from "./journal/writer.ts";
import { policyOf, readBody } from "./read-entry.ts";
import { REQUEST_ID_RETENTION_US, REQUEST_IDS_MAX, RequestIndex } from "./request-index.ts";
import { Draws } from "./router/draws.ts";
import { EngineState } from "./state.ts";
import { compileNoWrappers } from "./thread-wrappers.ts";

export type { Decided } from "./decided.ts";

export interface EngineOptions {
  /** Where the journal is; created when it does not exist. One process at a time. */
  readonly directory: string;
  /** Begins a new journal; for one that exists it must be the policy in force. */
  readonly policy?: PolicySnapshot | undefined;
  /** Secret key of a keyed chain; the same for the whole life of a journal. */
  readonly key?: Uint8Array | undefined;
  /** Most entries that may wait for the disk; beyond it `decide` is refused. Default 4,096. */
  readonly waitingMax?: number | undefined;
  /** A segment is rotated after this many bytes. Default 64 MiB. */
  readonly segmentBytesMax?: number | undefined;
  /** Ports, for tests and simulations: microseconds since the epoch, the disk, and what drives the writer. */
  readonly nowUs?: (() => number) | undefined;
  readonly disk?: Disk | undefined;
  readonly driver?: ((start: WriterStart, key: Uint8Array | undefined) => WriterDriver) | undefined;
  readonly randomBytes?: ((count: number) => Uint8Array) | undefined;
  readonly kernelFor?: ((policy: PolicySnapshot["policy"]) => Kernel) | undefined;
}

/** How often overdue reservations are looked for. */
const SWEEP_MS = 1_000;

interface InFlight {
  readonly contentDigest: string;
  readonly decided: Promise<Decided>;
}

export class Engine {
  readonly recovery: { readonly entries: number; readonly setAside?: SetAside };
  /** Budgets: what tenants may spend, and what became of what was reserved. */
  readonly ledger: EngineLedger;
  /** Learning: what became of decisions, and what is believed because of it. */
  readonly learning: EngineLearning;
  /** What can be asked without changing anything. */
  readonly reading: EngineReading;
  readonly #lock: Lock | undefined;
  readonly #state: EngineState;
  readonly #journal: Journal;
  readonly #index: RequestIndex;
  readonly #finder: EntryFinder;
  readonly #nowUs: () => number;
  readonly #step: DecideStep;
  readonly #makeSeed: () => Uint8Array;
  readonly #inFlight = new Map<string, InFlight>();
  readonly #sweeping: NodeJS.Timeout;
  #draws: Draws | undefined;

  private constructor(parts: {
    lock: Lock | undefined;
    state: EngineState;
    index: RequestIndex;
    finder: EntryFinder;
    recovered: Recovered;
    options: EngineOptions;
    seed: Uint8Array | undefined;
  }) {
    const { state, index, recovered, options } = parts;
    this.#lock = parts.lock;
    this.#state = state;
    this.#index = index;
    this.#finder = parts.finder;
    this.#nowUs = options.nowUs ?? systemNowUs;
    this.recovery =
      recovered.setAside === undefined
        ? { entries: recovered.entries }
        : { entries: recovered.entries, setAside: recovered.setAside };
    const driver = options.driver ?? startThread;
    this.#journal = new Journal({
      driver: driver(recovered.start, options.key),
      sequence: state.sequence,
      at: state.at,
      sealed: state.sealed || state.sequence === 0,
      segmentBytes: recovered.start.end,
      nowUs: this.#nowUs,
      waitingMax: options.waitingMax,
      segmentBytesMax: options.segmentBytesMax,
      stateDigest: () => state.digest(),
      onOrdered: (sequence, at, body) => state.apply(sequence, at, body),
      onWritten: (written, first) => {
        this.#finder.note(first, written.segment, written.offset);
        this.reading.reached(written.durable, written.hash);
      },
    });
    const ports = {
      state,
      finder: this.#finder,
      keyed: options.key !== undefined,
      failure: () => this.#journal.failure,
      waitingCount: () => this.#journal.waitingCount,
    };
    this.reading = new EngineReading(ports, recovered.start);
    const hasRoom = (): boolean => this.#journal.waitingCount < (options.waitingMax ?? WAITING_MAX);
    this.ledger = new EngineLedger({
      ledger: state.ledger,
      append: (body) => this.#journal.append(body),
      position: () => state,
      nowUs: () => Math.max(this.#nowUs(), state.at),
      failure: () => this.#journal.failure,
      hasRoom,
    });
    const append = (body: EntryBody): { readonly sequence: number; readonly durable: Promise<string> } =>
      this.#journal.append(body);
    this.learning = new EngineLearning({
      router: state.router,
      outcomes: state.outcomes,
      prior: () => state.prior,
      featureNames: () => state.current.snapshot.learning?.features ?? [],
      append,
      find: (decisionId) => this.reading.found(decisionId),
      nowUs: this.#nowUs,
      hasRoom,
    });
    this.#makeSeed = () => makeSeed(options.disk ?? nodeDisk, options.directory, options.randomBytes ?? randomBytes);
    if (parts.seed !== undefined) this.#draws = new Draws(parts.seed, nodeSha256);
    this.#step = new DecideStep({
      state,
      journal: this.#journal,
      ledger: this.ledger,
      learning: this.learning,
      kernelFor: options.kernelFor ?? wasmKernel,
      draws: () => this.#draws,
    });
    this.#sweeping = setInterval(() => this.ledger.sweep().catch(() => undefined), SWEEP_MS);
    this.#sweeping.unref();
  }

  /**
   * Opens the journal in a directory: locks it, verifies and folds it, and begins it when it is new.
   *
   * @throws CalybrisError `CAL_JOURNAL_LOCKED` when another process has it, `CAL_JOURNAL_CORRUPT` when it is not what was
   *   written, `CAL_JOURNAL_VERSION` for another format, `CAL_JOURNAL_KEY` without the right key,
   *   `CAL_ENGINE_POLICY_REQUIRED` for a new journal without a policy, `CAL_ENGINE_POLICY_MISMATCH` when the policy given
   *   is not the one in force, `CAL_JOURNAL_UNREADABLE` when the directory cannot be used.
   */
  static async open(options: EngineOptions): Promise<Engine> {
    const disk = options.disk ?? nodeDisk;
    makeDirectory(disk, options.directory);
    const lock = options.disk === undefined ? await acquireLock(options.directory) : undefined;
    try {
      const engine = Engine.#recover(disk, options, lock);
      await engine.#beginOrCheck(options);
      await engine.ledger.sweep();
      return engine;
    } catch (error) {
      await lock?.release();
      throw error;
    }
  }

  static #recover(disk: Disk, options: EngineOptions, lock: Lock | undefined): Engine {
    const state = new EngineState();
    const index = new RequestIndex();
    const finder = new EntryFinder(disk, options.directory);
    const recovered = recover(disk, options.directory, nodeChain(options.key), options.key !== undefined, (entry) => {
      const body = readBody(entry, state);
      state.apply(entry.head.sequence, entry.head.at, body);
      finder.note(entry.head.sequence, entry.segment, entry.offset);
      if (body.kind === "decision" && body.requestId !== undefined) index.add(body.requestId, entry.head.sequence);
    });
    const seed = state.seedDigest === undefined ? undefined : seedOf(disk, options.directory, state.seedDigest);
    return new Engine({ lock, state, index, finder, recovered, options, seed });
  }

  async #beginOrCheck(options: EngineOptions): Promise<void> {
    const { policy, directory } = options;
    if (this.#state.sequence === 0) {
      if (policy === undefined)
        throw await this.#abandon(new CalybrisError("CAL_ENGINE_POLICY_REQUIRED", { directory }));
      await this.#journal.append({ kind: "genesis", format: JOURNAL_FORMAT, policyId: 1, ...this.#embedded(policy) })
        .durable;
      return;
    }
    if (policy === undefined) return;
    const given = toHex(snapshotDigest(policy, nodeSha256));
    const journal = toHex(snapshotDigest(this.snapshot, nodeSha256));
    if (given !== journal)
      throw await this.#abandon(new CalybrisError("CAL_ENGINE_POLICY_MISMATCH", { given, journal }));
  }

  async #abandon(error: CalybrisError): Promise<CalybrisError> {
    clearInterval(this.#sweeping);
    this.learning.close();
    await this.#journal.close();
    return error;
  }

  /** The policy in force. */
  get snapshot(): PolicySnapshot {
    return this.#state.current.snapshot;
  }

  /** Digest of the state after the last entry ordered (`calystt1`). */
  stateDigest(): string {
    return this.#state.digest();
  }

  /** Entries, batches, syncs and bytes since this engine was opened. */
  metrics(): { readonly entries: number; readonly batches: number; readonly fsyncs: number; readonly bytes: number } {
    return { ...this.#journal.metrics };
  }

  /**
   * Decides one request and makes the decision durable before saying so.
   *
   * A rejection is an answer, not an error: it is a decision with a reason, journaled like any other. If this throws, the
   * caller holds no answer and may send the same request with the same `requestId` again: an id is decided at most once
   * within the retention (7 days or 10^7 ids), and the decision that was made comes back.
   *
   * @throws CalybrisError `CAL_REQUEST_INVALID` with every mistake in the request; nothing was decided.
   * @throws CalybrisError `CAL_REQUEST_ID_REUSED` when the id was decided with other content.
   * @throws CalybrisError `CAL_JOURNAL_OVERLOADED` when the disk is behind; retry with backoff.
   * @throws CalybrisError `CAL_JOURNAL_FAILED` once the disk has refused a batch; only a new process helps.
   */
  async decide(client: ClientRequest): Promise<Decided> {
    const resolved = resolveRequest(this.snapshot, client, this.#state.decisionSequence + 1n);
    const { requestId } = resolved;
    if (requestId === undefined) return this.#decideNow(resolved, undefined);
    const contentDigest = contentDigestOf(client);
    const before = this.#inFlight.get(requestId);
    if (before !== undefined && before.contentDigest === contentDigest)
      return { ...(await before.decided), repeated: true };
    if (before !== undefined)
      throw new CalybrisError("CAL_REQUEST_ID_REUSED", { requestId, sequence: (await before.decided).sequence });
    const remembered = this.#recall(requestId, contentDigest);
    if (remembered !== undefined) return remembered;
    const decided = this.#decideNow(resolved, contentDigest);
    this.#inFlight.set(requestId, { contentDigest, decided });
    // An attempt that fails stays: only a new process finds out whether its entry is durable, and until then no retry may.
    const answered = await decided;
    this.#inFlight.delete(requestId);
    return answered;
  }

  /**
   * Activates another policy, from the next decision on.
   *
   * @param by - the person who did it.
   * @throws CalybrisError `CAL_LEDGER_INVALID` when `by` names nobody; nothing was changed.
   */
  async setPolicy(
    policy: PolicySnapshot,
    by: string,
  ): Promise<{ readonly sequence: number; readonly policyId: number }> {
    refuseMistakes({ by: nameField("by", by) });
    this.#journal.assertRoom();
    const policyId = this.#state.policyCount + 1;
    const { sequence, durable } = this.#journal.append({
      kind: "policy",
      change: "promoted",
      policyId,
      by,
      ...this.#embedded(policy),
    });
    await durable;
    return { sequence, policyId };
  }

  /**
   * Waits for everything that was ordered, seals the journal and lets the directory go.
   *
   * @throws CalybrisError `CAL_JOURNAL_FAILED` when the journal could not be sealed: the disk refused something, now or
   *   before, or has not answered for 10 s. In the last case the directory stays locked until the process ends, because
   *   the disk may still take what it was given.
   */
  async close(): Promise<void> {
    clearInterval(this.#sweeping);
    this.learning.close();
    if (await this.#journal.close()) await this.#lock?.release();
    const { failure } = this.#journal;
    if (failure !== undefined) throw failure;
  }

  #decideNow(resolved: ResolvedRequest, contentDigest: string | undefined): Promise<Decided> {
    const { sequence, durable, proven } = this.#step.run(resolved, contentDigest);
    if (proven.entry.requestId !== undefined) this.#index.add(proven.entry.requestId, sequence);
    return durable.then((entryHash) => answer(proven, { sequence, entryHash, repeated: false }));
  }

  /** A policy as an entry holds it. The first that learns promises the seed of the draws. */
  #embedded(policy: PolicySnapshot): Pick<GenesisEntry, "snapshot" | "policyDigest" | "seedDigest"> {
    const isFirstToLearn = policy.learning !== undefined && this.#draws === undefined;
    const seed = isFirstToLearn ? this.#makeSeed() : undefined;
    if (seed !== undefined) this.#draws = new Draws(seed, nodeSha256);
    return {
      snapshot: parseExact(writeExact(snapshotToJson(policy))),
      policyDigest: toHex(policyDigest(policy.policy, nodeSha256)),
      ...(seed === undefined ? {} : { seedDigest: seedDigest(seed) }),
    };
  }

  #recall(requestId: string, contentDigest: string): Decided | undefined {
    if (!this.#index.mayHold(requestId)) return undefined;
    for (const sequence of this.#index.candidates(requestId)) {
      const { head, data, entryHash } = this.#finder.find(sequence);
      const entry = parseEntryBody(head, data, (id) => policyOf(this.#state, id));
      if (entry?.kind !== "decision" || entry.requestId !== requestId) continue;
      const age = this.#state.decisionSequence - entry.request.sequence;
      if (age >= BigInt(REQUEST_IDS_MAX) || this.#nowUs() - head.at > REQUEST_ID_RETENTION_US) continue;
      if (entry.contentDigest !== contentDigest)
        throw new CalybrisError("CAL_REQUEST_ID_REUSED", { requestId, sequence });
      return recalled(entry, this.#state, sequence, entryHash);
    }
    return undefined;
  }
}

function makeDirectory(disk: Disk, directory: string): void {
  try {
    disk.makeDirectory(directory);
  } catch (cause) {
    throw new CalybrisError(
      "CAL_JOURNAL_UNREADABLE",
      { path: directory, problem: (cause as Error).message },
      { cause },
    );
  }
}

function startThread(start: WriterStart, key: Uint8Array | undefined): WriterDriver {
  compileNoWrappers();
  return new ThreadDriver(start, key);
}

function systemNowUs(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1_000);
}
