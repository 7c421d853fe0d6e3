/**
 * Storage: the port to the medium of an engine's journal. A directory on a local disk is the first implementation; the calls
 * that reach the medium before and after serving are asynchronous, so that a remote medium can implement it too.
 *
 *     prepare ─▶ lock ─▶ recover ─▶ append … ─▶ release
 *
 * Every implementation guarantees:
 * - An entry that was reported durable is recovered, with all before it, however the process ended.
 * - The recovered entries are a prefix of those submitted: verified, chained, and durable before `recover` returns.
 * - One owner: while the lock is held, no other process and no other engine gets it.
 * - The head is never ahead of the entries.
 * @module
 */
import type { CalybrisError, EntryHead } from "@calybris/kernel";
import type { ChainPosition } from "../journal/chain-check.ts";
import type { ChainStart } from "../journal/chain-start.ts";
import type { Head } from "../journal/head.ts";
import type { NoteFiles } from "../checkpoint/note-files.ts";
import type { GoodEntry, Recovered } from "../journal/recovery.ts";
import type { WriterDriver } from "../journal/writer-driver.ts";
import type { SnapshotFiles } from "../snapshot/snapshot-files.ts";
import type { RefusedSnapshot, Restorable } from "../snapshot/start-point.ts";

/** The right to write. It ends with the process at the latest. */
export interface StorageLock {
  release(): Promise<void>;
}

/** Settings of a recovery. */
export interface Recovery<State extends Restorable> {
  /** Secret key of a keyed chain. */
  readonly key: Uint8Array | undefined;
  /** Continues although acknowledged entries are lost. */
  readonly acceptLoss: boolean;
  readonly newState: () => State;
  /**
   * Called in order with every entry after the snapshot that the state was restored from. An error it throws ends the
   * recovery.
   */
  readonly onEntry: (state: State, entry: GoodEntry) => void;
}

/** A journal that is ready for appending. */
export interface RecoveredJournal<State> extends Pick<Recovered, "entries" | "setAside" | "loss"> {
  readonly state: State;
  readonly stored: StoredEntries;
  /** The last entry, the tree up to it, and the approximate size of its segment. */
  readonly end: ChainStart & { readonly segmentBytes: number };
  readonly start: Started;
  /** The last entry that was not folded, with its hash; sequence 0 without a snapshot. */
  readonly before: ChainPosition;
}

/** The start of the fold. */
export interface Started {
  /** The last entry that was not folded, because a snapshot covers it and all before it; 0 without a snapshot. */
  readonly fromSequence: number;
  /** Newer snapshots that were not used, with the reasons. */
  readonly snapshotsRefused: readonly RefusedSnapshot[];
  /** Unavailable segments before the start: unreachable archives, or missing files. */
  readonly segmentsAbsent: readonly string[];
}

/** An entry as stored. */
export interface StoredEntry {
  readonly head: EntryHead;
  readonly data: string;
  readonly entryHash: string;
}

/** Access to single entries of a journal. Reads are asynchronous: the ordering thread never waits for one. */
export interface StoredEntries {
  /**
   * @throws CalybrisError `CAL_JOURNAL_ENTRY_UNKNOWN` when no durable entry has the sequence; `CAL_JOURNAL_UNREADABLE` when
   *   the storage cannot read it; `CAL_JOURNAL_ARCHIVE_UNREACHABLE` when its segment is unavailable.
   */
  find(sequence: number): Promise<StoredEntry>;
  /** The name of an entry's place, for error messages. */
  fileOf(sequence: number): Promise<string>;
  /** Records the positions of entries that became durable, in ascending sequence. */
  note(sequence: number, segment: number, offset: number): void;
  /** Rejects pending reads with `CAL_ENGINE_CLOSED`. */
  close(): Promise<void>;
}

/** A line before the start, without its newline. Its bytes are valid until the next line is read. */
export interface OlderLine {
  readonly file: string;
  readonly byteOffset: number;
  readonly bytes: Buffer;
  /** Whether a newline ended it. */
  readonly ended: boolean;
}

/** A file of unavailable lines before the start. */
export interface OlderGap {
  readonly absentFile: string;
}

/** Progress of the verification of older entries. */
export interface OlderVerification {
  /** `none` if everything was folded at the start; `incomplete` if segments could not be read. */
  readonly state: "none" | "running" | "intact" | "incomplete" | "broken";
  /** The last verified entry, and the last one to verify. */
  readonly verifiedSequence: number;
  readonly untilSequence: number;
  /** The reason that the state is broken or incomplete. */
  readonly problem: string | undefined;
}

/** Settings of the verification of older entries. */
export interface VerifyOlder {
  readonly key: Uint8Array | undefined;
  /** The last entry before the start, with its hash, which the next entry continues. */
  readonly until: ChainPosition;
  readonly bytesPerSecond: number;
  /** Called once; `broken` is the error of a broken entry. */
  readonly onEnd: (status: OlderVerification, broken: CalybrisError | undefined) => void;
}

/** Verifies the entries before the start. */
export interface OlderVerifier {
  readonly status: OlderVerification;
  /** Starts the verification. Call once; does nothing if everything was folded. */
  start(): void;
  /** Stops the verification; nothing runs afterwards. */
  close(): Promise<void>;
}

/** The secret seed of the draws, stored beside the journal and never in it. */
export interface SeedStore {
  /** `undefined` if it does not exist, or is incomplete. */
  read(): Uint8Array | undefined;
  /** Durable when this returns. */
  write(seed: Uint8Array): void;
}

export interface Storage {
  /** For errors: a directory, or an address without its secrets. */
  readonly name: string;
  /** Creates missing parts. */
  prepare(): Promise<void>;
  /** @throws CalybrisError `CAL_JOURNAL_LOCKED` when another engine holds it. */
  lock(): Promise<StorageLock>;
  /** Verifies the journal, passes on its entries and prepares it for appending. Needs the lock. */
  recover<State extends Restorable>(recovery: Recovery<State>): Promise<RecoveredJournal<State>>;
  /** Starts the writer. Only after `recover`, once. */
  append(key: Uint8Array | undefined): WriterDriver;
  /** The last durable entry according to the storage's own record, beside the entries; `undefined` without a record. */
  head(): Promise<Head | undefined>;
  /**
   * The lines of entries from one sequence to another, both included, as stored: whole lines with their newlines, several in
   * a chunk. Only after `recover`.
   */
  read(from: number, to: number): AsyncGenerator<Buffer>;
  /**
   * The lines before the snapshot that the recovery began at, in order; a gap in place of unavailable lines. Empty if
   * everything was folded. Only after `recover`.
   *
   * @throws CalybrisError `CAL_JOURNAL_UNREADABLE` when the storage cannot read them.
   */
  older(): AsyncGenerator<OlderLine | OlderGap>;
  /** Creates the verifier of those lines, which runs while the engine serves; not started yet. Only after `recover`. */
  verifyOlder(how: VerifyOlder): OlderVerifier;
  /** Storage of state snapshots. */
  readonly snapshots: SnapshotFiles;
  readonly seed: SeedStore;
  /**
   * Hashes of the Merkle tree: `count` roots of the perfect subtrees of 256^level entries, starting at `from`. `undefined`
   * if any is missing. Only of durable entries.
   */
  treeHashes(range: { readonly level: number; readonly from: number; readonly count: number }): Uint8Array | undefined;
  /** Storage of checkpoints, beside the entries. */
  readonly notes: NoteFiles;
}
