/**
 * What happens before there is an engine: ports are guarded, the journal is verified and folded, and the policy given is
 * held against it. Nothing here starts a thread, and every file is closed again.
 * @module
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import {
  type Actor,
  CalybrisError,
  type EntryBody,
  invariant,
  type Kernel,
  type PolicySnapshot,
  snapshotDigest,
  toHex,
} from "@calybris/kernel";
import type { UnknownTenants } from "./flows/decide-step.ts";
import { seedOf } from "./flows/draw-seed.ts";
import type { Caller } from "./flows/keys.ts";
import { EntryFinder } from "./state/entry-finder.ts";
import { nodeChain, nodeSha256 } from "./journal/chain-hash.ts";
import { type Disk, nodeDisk, withDisk } from "./journal/disk.ts";
import type { FailStop } from "./journal/fail-stop.ts";
import type { WriterDriver } from "./journal/writer-driver.ts";
import { brokenLink } from "./journal/broken-link.ts";
import { closingFiles } from "./journal/open-files.ts";
import { type GoodEntry, type Recovered, recover } from "./journal/recovery.ts";
import { segmentName } from "./journal/segment.ts";
import type { WriterStart } from "./journal/writer.ts";
import { readBody } from "./state/read-entry.ts";
import { RequestIds } from "./state/request-ids.ts";
import { EngineState } from "./state/state.ts";
import type { SnapshotResult } from "./snapshot/snapshot-keeper.ts";
import { type RefusedSnapshot, startPoint } from "./snapshot/start-point.ts";
import { type ClockSource, type ClockStep, SystemClock } from "./system-clock.ts";

export interface EngineOptions {
  /** Where the journal is; created when it does not exist. One process at a time. */
  readonly directory: string;
  /** Begins a new journal; for one that exists it must be the active policy. */
  readonly policy?: PolicySnapshot | undefined;
  /** What becomes of a request that names a tenant without a limit. Default `"unmetered"`. */
  readonly unknownTenants?: UnknownTenants | undefined;
  /** Goes back to the clock's time where the last entry is ahead of it, by a `clock` entry: for a clock that had run ahead. */
  readonly repairClock?: Pick<Caller, "onBehalfOf"> | undefined;
  /** Secret key of a keyed chain; the same for the whole life of a journal. */
  readonly key?: Uint8Array | undefined;
  /**
   * Opens a journal of which acknowledged entries are gone, with those before them. What is cut is set aside, and
   * `Engine.recovery.loss` says what was accepted. Default false: such a journal is refused.
   */
  readonly acceptLoss?: boolean | undefined;
  /** Most entries that may wait for the disk; beyond it `decide` is refused. Default 4,096. */
  readonly waitingMax?: number | undefined;
  /** Most reservations that a tenant may have open or held; beyond it `decide` is refused. Default 100,000. */
  readonly openReservationsMax?: number | undefined;
  /** A segment is rotated after this many bytes. Default 64 MiB. */
  readonly segmentBytesMax?: number | undefined;
  /** The actor of commands that name no caller; default the user that runs this process. */
  readonly user?: Actor | undefined;
  /** Ports, for tests and simulations: microseconds since the epoch, the disk, and what drives the writer. */
  readonly nowUs?: (() => number) | undefined;
  /** What the time is read from, where `nowUs` is not given; the system by default. */
  readonly clockSource?: ClockSource | undefined;
  /** Called with every step of the system clock of at least a second. */
  readonly onClockStep?: ((step: ClockStep) => void) | undefined;
  /** Called when a state snapshot was written, or could not be: the journal goes on all the same. */
  readonly onSnapshot?: ((result: SnapshotResult) => void) | undefined;
  readonly disk?: Disk | undefined;
  readonly driver?: ((start: WriterStart, key: Uint8Array | undefined) => WriterDriver) | undefined;
  readonly randomBytes?: ((count: number) => Uint8Array) | undefined;
  readonly kernelFor?: ((policy: PolicySnapshot["policy"]) => Kernel) | undefined;
}

/** What a directory holds, before anything is ordered. */
export interface Folded {
  readonly state: EngineState;
  readonly requestIds: RequestIds;
  readonly finder: EntryFinder;
  readonly recovered: Recovered;
  readonly start: Started;
  readonly seed: Uint8Array | undefined;
}

/** Where the fold began. */
export interface Started {
  /** The last entry that was not folded, because a snapshot holds what it and those before it add up to; 0 without one. */
  readonly fromSequence: number;
  /** Newer snapshots, and why they were not used. */
  readonly snapshotsRefused: readonly RefusedSnapshot[];
  /** Segments before it that are not at hand: archives that cannot be reached, or files that are not there. */
  readonly segmentsAbsent: readonly string[];
}

/** The ports of the engine, each with its default. A port that fails stops the engine. */
export interface Ports {
  readonly disk: Disk;
  readonly nowUs: () => number;
  /** The system clock, unless `nowUs` was given. */
  readonly clock: SystemClock | undefined;
  readonly randomBytes: (count: number) => Uint8Array;
}

/** Verifies and folds what a directory holds, from its newest snapshot on. */
export function fold({ directory, key, acceptLoss }: EngineOptions, { disk, nowUs }: Ports): Folded {
  const chain = nodeChain(key);
  const { state, from, refused } = closingFiles(disk, (watched) =>
    startPoint(watched, directory, chain, () => new EngineState()),
  );
  const finder = new EntryFinder(disk, directory, { chain, from });
  const requestIds = new RequestIds({ state, finder, nowUs });
  const onEntry = (entry: GoodEntry): void => {
    applyRead(state, entry, readBody(entry, state));
    finder.note(entry.head.sequence, entry.segment, entry.offset);
  };
  const recovered = closingFiles(disk, (watched) =>
    recover(watched, directory, chain, key !== undefined, onEntry, acceptLoss, from),
  );
  const seed = state.seedDigest === undefined ? undefined : seedOf(disk, directory, state.seedDigest);
  const start = {
    fromSequence: from?.sequence ?? 0,
    snapshotsRefused: refused,
    segmentsAbsent: from === undefined ? [] : absentBefore(disk, directory, from.segment),
  };
  return { state, requestIds, finder, recovered, start, seed };
}

function absentBefore(disk: Disk, directory: string, segment: number): readonly string[] {
  const names = new Set(withDisk(directory, () => disk.list(directory)));
  return Array.from({ length: segment - 1 }, (_, index) => segmentName(index + 1)).filter(
    (name) => !names.has(name) || brokenLink(join(directory, name)) !== undefined,
  );
}

/**
 * Applies an entry that was read: its hash is right, but a writer of the files can write that too. What cannot follow
 * from the entries before it is damage of the journal, not a bug of this program.
 */
function applyRead(state: EngineState, { head, segment, offset }: GoodEntry, body: EntryBody): void {
  try {
    state.apply(head.sequence, head.at, body);
  } catch (cause) {
    throw new CalybrisError(
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

/** A new journal begins with a policy; for one that exists, the policy given must be the active one. */
export function requirePolicy({ policy, directory }: EngineOptions, state: EngineState): void {
  if (policy === undefined) {
    if (state.sequence === 0) throw new CalybrisError("CAL_ENGINE_POLICY_REQUIRED", { directory });
    return;
  }
  if (state.sequence === 0) return;
  const given = toHex(snapshotDigest(policy, nodeSha256));
  const journal = toHex(snapshotDigest(state.current.snapshot, nodeSha256));
  if (given !== journal) throw new CalybrisError("CAL_ENGINE_POLICY_MISMATCH", { given, journal });
}

/**
 * How long ago the last entry was ordered, in microseconds. Time would not advance until the clock reached it, so a journal
 * whose last entry is far ahead is refused.
 *
 * @throws CalybrisError `CAL_JOURNAL_CLOCK` when it is more than 5 minutes ahead of the clock.
 */
export function idleTime({ directory, repairClock }: EngineOptions, { at }: EngineState, nowUs: number): number {
  if (at - nowUs > AHEAD_US_MAX && repairClock === undefined)
    throw new CalybrisError("CAL_JOURNAL_CLOCK", { directory, at: timeText(at), now: timeText(nowUs) });
  return Math.max(0, nowUs - at);
}

/** Why nothing may be ordered at the time that the system clock gives; `undefined` when it may. */
export function clockRefusal({ clock }: Ports): CalybrisError | undefined {
  const step = clock?.unconfirmed;
  if (step === undefined) return undefined;
  return new CalybrisError("CAL_ENGINE_CLOCK", { from: timeText(step.fromUs), to: timeText(step.toUs) });
}

function timeText(us: number): string {
  return new Date(us / 1_000).toISOString();
}

const AHEAD_US_MAX = 5 * 60 * 1_000_000;

/** The ports given, or their defaults. Nothing is refused by a clock or by chance: one that throws, or lies, stops the engine. */
export function guardedPorts(options: EngineOptions, failStop: FailStop): Ports {
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
    disk: options.disk ?? nodeDisk,
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

export function makeDirectory(disk: Disk, directory: string): void {
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
