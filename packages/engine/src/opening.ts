/**
 * The steps before an engine exists: ports are guarded, the journal is verified and folded, and the given policy is
 * compared with it. Nothing here starts a thread, and every file is closed again.
 * @module
 */
import { randomBytes } from "node:crypto";
import {
  type Actor,
  type CalybrisError,
  type EntryBody,
  invariant,
  type Kernel,
  type PolicySnapshot,
  snapshotDigest,
  toHex,
  type TrustedSigner,
} from "@calybris/kernel";
import { EngineError } from "./engine-errors.ts";
import type { CheckpointResult, CheckpointSettings } from "./checkpoint/checkpoint-keeper.ts";
import type { WitnessResult } from "./checkpoint/witness-collection.ts";
import type { UnknownTenants } from "./flows/decide-step.ts";
import { seedOf } from "./flows/draw-seed.ts";
import type { Caller } from "./flows/keys.ts";
import { nodeSha256 } from "./journal/chain-hash.ts";
import type { Disk } from "./journal/disk.ts";
import type { FailStop } from "./journal/fail-stop.ts";
import type { GoodEntry } from "./journal/recovery.ts";
import { segmentName } from "./journal/segment.ts";
import type { WriterStart } from "./journal/segment-writer.ts";
import type { WriterDriver } from "./journal/writer-driver.ts";
import type { SnapshotResult } from "./snapshot/snapshot-keeper.ts";
import { readBody } from "./state/read-entry.ts";
import { EngineState } from "./state/state.ts";
import type { OlderVerification, RecoveredJournal, Storage } from "./storage/storage.ts";
import { type ClockSource, type ClockStep, SystemClock } from "./system-clock.ts";

/** Settings of an engine, independent of its storage. */
export interface EngineSettings {
  /** Begins a new journal; for an existing journal it must be the active policy. */
  readonly policy?: PolicySnapshot | undefined;
  /** The treatment of a request that names a tenant without a limit. Default `"unmetered"`. */
  readonly unknownTenants?: UnknownTenants | undefined;
  /**
   * Sets the time back to the clock's if the last entry is ahead of it, by a `clock` entry: for a clock that had run ahead.
   */
  readonly repairClock?: Pick<Caller, "onBehalfOf"> | undefined;
  /** Secret key of a keyed chain; it stays the same for the life of a journal. */
  readonly key?: Uint8Array | undefined;
  /**
   * Opens a journal that has lost acknowledged entries, with only the entries before the loss. The rest is set aside, and
   * `Engine.recovery.loss` reports the accepted loss. Default false: the journal is refused.
   */
  readonly acceptLoss?: boolean | undefined;
  /** Most entries that may wait for the disk; beyond it `decide` is refused. Default 4,096. */
  readonly waitingMax?: number | undefined;
  /** Most open or held reservations of a tenant; beyond it `decide` is refused. Default 100,000. */
  readonly openReservationsMax?: number | undefined;
  /**
   * How long a call that was open when a process ended may be held; then it is settled in full. Default 7 days, at most 31.
   */
  readonly heldCallSeconds?: number | undefined;
  /** A segment is rotated after this many bytes. Default 64 MiB. */
  readonly segmentBytesMax?: number | undefined;
  /** The actor of commands that name no caller; default: the user that runs this process. */
  readonly user?: Actor | undefined;
  /** Rate at which entries before the start's snapshot are verified in the background, bytes a second. Default 4 MiB. */
  readonly olderBytesPerSecond?: number | undefined;
  /** Called when that verification ends; not if the engine was closed before, or if the whole journal was folded. */
  readonly onOlderVerified?: ((status: OlderVerification) => void) | undefined;
  /** Ports, for tests and simulations: microseconds since the epoch. */
  readonly nowUs?: (() => number) | undefined;
  /** The source of the time if `nowUs` is not given; default: the system. */
  readonly clockSource?: ClockSource | undefined;
  /** Called with every step of the system clock of at least a second. */
  readonly onClockStep?: ((step: ClockStep) => void) | undefined;
  /** Called after each state snapshot, written or failed; a failure does not affect the journal. */
  readonly onSnapshot?: ((result: SnapshotResult) => void) | undefined;
  /**
   * Public keys of the signers of policy changes, with their dates. If given, every change after the first policy needs a
   * signature by one of them; an empty list allows no change. Default: changes need no signature.
   */
  readonly changeSigners?: readonly TrustedSigner[] | undefined;
  /** Signs checkpoints of the journal. Default: none are signed. */
  readonly checkpoint?: CheckpointSettings | undefined;
  /** Called after each checkpoint, signed or failed; a failure does not affect the journal. */
  readonly onCheckpoint?: ((result: CheckpointResult) => void) | undefined;
  /** Called each time the witnesses of the newest checkpoint have been asked. */
  readonly onWitnesses?: ((result: WitnessResult) => void) | undefined;
  readonly randomBytes?: ((count: number) => Uint8Array) | undefined;
  readonly kernelFor?: ((policy: PolicySnapshot["policy"]) => Kernel) | undefined;
}

/** Settings of an engine on a directory. */
export interface EngineOptions extends EngineSettings {
  /** The journal's directory; created if it does not exist. One process at a time. */
  readonly directory: string;
  /** Ports, for tests and simulations: the disk, and the driver of the writer. */
  readonly disk?: Disk | undefined;
  readonly driver?: ((start: WriterStart, key: Uint8Array | undefined) => WriterDriver) | undefined;
}

/** The recovered content of a storage, before anything is ordered. */
export interface Folded {
  readonly journal: RecoveredJournal<EngineState>;
  readonly seed: Uint8Array | undefined;
}

/** The ports of the engine, each with its default. A port that fails stops the engine. */
export interface Ports {
  readonly nowUs: () => number;
  /** The system clock; `undefined` if `nowUs` was given. */
  readonly clock: SystemClock | undefined;
  readonly randomBytes: (count: number) => Uint8Array;
}

/** Verifies and folds the content of a storage, from its newest snapshot on. */
export async function fold(storage: Storage, { key, acceptLoss = false, kernelFor }: EngineSettings): Promise<Folded> {
  const journal = await storage.recover({
    key,
    acceptLoss,
    newState: () => new EngineState(kernelFor),
    onEntry: (state, entry) => applyRead(state, entry, readBody(entry, state)),
  });
  const { state } = journal;
  const seed = state.seedDigest === undefined ? undefined : seedOf(storage, state.seedDigest);
  return { journal, seed };
}

/**
 * Applies an entry that was read. Its hash is right, but anyone who can write the files can compute one. An entry that
 * contradicts those before it is damage of the journal, not a bug of this program.
 */
function applyRead(state: EngineState, { head, segment, offset, tree }: GoodEntry, body: EntryBody): void {
  try {
    if (body.kind === "state" && body.treeRoot !== undefined)
      invariant(body.treeRoot === tree.digest(), "a state entry holds the root of the tree of the entries before it");
    state.apply(head.sequence, head.at, body);
  } catch (cause) {
    throw new EngineError(
      "CAL_JOURNAL_CORRUPT",
      {
        file: segmentName(segment),
        sequence: head.sequence,
        byteOffset: offset,
        expected: "an entry that follows from those before it",
        found: `${head.kind}: ${cause instanceof Error ? cause.message : String(cause)}`,
      },
      { cause },
    );
  }
}

/** A new journal begins with a policy; for an existing one, the given policy must be the active one. */
export function requirePolicy(directory: string, { policy }: EngineSettings, state: EngineState): void {
  if (policy === undefined) {
    if (state.sequence === 0) throw new EngineError("CAL_ENGINE_POLICY_REQUIRED", { directory });
    return;
  }
  if (state.sequence === 0) return;
  const given = toHex(snapshotDigest(policy, nodeSha256));
  const journal = state.current.snapshotDigest;
  if (given !== journal) throw new EngineError("CAL_ENGINE_POLICY_MISMATCH", { given, journal });
}

/**
 * Time since the last entry was ordered, microseconds. Time does not advance until the clock has reached the last entry, so
 * a journal whose last entry is far ahead is refused.
 *
 * @throws CalybrisError `CAL_JOURNAL_CLOCK` when it is more than 5 minutes ahead of the clock.
 */
export function idleTime(
  directory: string,
  { repairClock }: EngineSettings,
  { at }: EngineState,
  nowUs: number,
): number {
  if (at - nowUs > AHEAD_US_MAX && repairClock === undefined)
    throw new EngineError("CAL_JOURNAL_CLOCK", { directory, at: timeText(at), now: timeText(nowUs) });
  return Math.max(0, nowUs - at);
}

/** The error that forbids ordering at the system clock's present time; `undefined` if ordering is allowed. */
export function clockRefusal({ clock }: Ports): CalybrisError | undefined {
  const step = clock?.unconfirmed;
  if (step === undefined) return undefined;
  return new EngineError("CAL_ENGINE_CLOCK", { from: timeText(step.fromUs), to: timeText(step.toUs) });
}

function timeText(us: number): string {
  return new Date(us / 1_000).toISOString();
}

const AHEAD_US_MAX = 5 * 60 * 1_000_000;

/**
 * The given ports, or their defaults. A clock or random source that throws, or returns an invalid value, stops the engine.
 */
export function guardedPorts(options: EngineSettings, failStop: FailStop): Ports {
  const { nowUs: given, clockSource: source, onClockStep: onStep } = options;
  const clock = given === undefined ? new SystemClock({ source, onStep }) : undefined;
  const nowUs = given ?? ((): number => (clock as SystemClock).nowUs());
  const random = options.randomBytes ?? randomBytes;
  const checkedNowUs = (): number => {
    const now = nowUs();
    invariant(Number.isSafeInteger(now) && now >= 0, "the clock gives whole microseconds since 1970");
    return now;
  };
  return {
    clock,
    nowUs: () => failStop.stopOnError(checkedNowUs),
    randomBytes: (count) =>
      failStop.stopOnError(() => {
        const bytes = random(count);
        invariant(bytes.byteLength === count, "the source of randomness gives as many bytes as it is asked for");
        return bytes;
      }),
  };
}
