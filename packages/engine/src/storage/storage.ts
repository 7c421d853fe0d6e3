/**
 * Storage: what an engine keeps its journal in, as a port. A directory on a local disk is the first implementation; the calls
 * that reach the medium before and after serving may take their time, so that another machine can be one too.
 *
 *     prepare ─▶ lock ─▶ recover ─▶ append … ─▶ release
 *
 * Every implementation guarantees:
 * - An entry that was reported durable is recovered, with all before it, whatever happened to the process.
 * - What is recovered is a prefix of what was submitted: verified, chained, and durable before `recover` returns.
 * - One owner: while the lock is held, no other process and no other engine gets it.
 * - The head never runs ahead of the entries.
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

/** How a journal is recovered. */
export interface Recovery<State extends Restorable> {
  /** Secret key of a keyed chain. */
  readonly key: Uint8Array | undefined;
  /** Goes on where entries that were promised are gone. */
  readonly acceptLoss: boolean;
  readonly newState: () => State;
  /** Called with every entry after the snapshot that the state was restored from, in order. What it throws ends the recovery. */
  readonly onEntry: (state: State, entry: GoodEntry) => void;
}

/** A journal that may be appended to. */
export interface RecoveredJournal<State> extends Pick<Recovered, "entries" | "setAside" | "loss"> {
  readonly state: State;
  readonly stored: StoredEntries;
  /** The last entry, the tree of it and those before, and about how many bytes its segment has. */
  readonly end: ChainStart & { readonly segmentBytes: number };
  readonly start: Started;
  /** The last entry that was not folded, with its hash; of sequence 0 without a snapshot. */
  readonly before: ChainPosition;
}

/** Where the fold began. */
export interface Started {
  /** The last entry that was not folded, because a snapshot holds what it and those before it add up to; 0 without one. */
  readonly fromSequence: number;
  /** Newer snapshots, and why they were not used. */
  readonly snapshotsRefused: readonly RefusedSnapshot[];
  /** Segments before it that are unavailable: unreachable archives, or missing files. */
  readonly segmentsAbsent: readonly string[];
}

/** An entry as it is stored. */
export interface StoredEntry {
  readonly head: EntryHead;
  readonly data: string;
  readonly entryHash: string;
}

/** Single entries of a journal. Reading one may take its time: the thread that orders never waits for it. */
export interface StoredEntries {
  /**
   * @throws CalybrisError `CAL_JOURNAL_ENTRY_UNKNOWN` when no durable entry has the sequence; `CAL_JOURNAL_UNREADABLE` when
   *   the storage does not give it; `CAL_JOURNAL_ARCHIVE_UNREACHABLE` when its segment is unavailable.
   */
  find(sequence: number): Promise<StoredEntry>;
  /** Where an entry is stored, for a person. */
  fileOf(sequence: number): Promise<string>;
  /** Notes where entries that became durable are; in ascending sequence. */
  note(sequence: number, segment: number, offset: number): void;
  /** Reads that still wait are refused with `CAL_ENGINE_CLOSED`. */
  close(): Promise<void>;
}

/** A line before the start, without its newline. Its bytes are good until the next is asked for. */
export interface OlderLine {
  readonly file: string;
  readonly byteOffset: number;
  readonly bytes: Buffer;
  /** Whether a newline ended it. */
  readonly ended: boolean;
}

/** Lines before the start that are unavailable. */
export interface OlderGap {
  readonly absentFile: string;
}

/** How far the verification of older entries is. */
export interface OlderVerification {
  /** `none` where everything was folded at the start; `incomplete` where segments could not be read. */
  readonly state: "none" | "running" | "intact" | "incomplete" | "broken";
  /** The last entry that was verified, and the last that is to be. */
  readonly verifiedSequence: number;
  readonly untilSequence: number;
  /** Why it is broken or incomplete. */
  readonly problem: string | undefined;
}

/** How the entries before the start are verified. */
export interface VerifyOlder {
  readonly key: Uint8Array | undefined;
  /** The last entry before the start, with the hash that the entry after it continues. */
  readonly until: ChainPosition;
  readonly bytesPerSecond: number;
  /** Called once, with the error of entries that are broken. */
  readonly onEnd: (status: OlderVerification, broken: CalybrisError | undefined) => void;
}

/** Verifies the entries before the start. */
export interface OlderVerifier {
  readonly status: OlderVerification;
  /** Begins, once; nothing where everything was folded. */
  start(): void;
  /** Nothing runs afterwards. */
  close(): Promise<void>;
}

/** The secret seed of the draws, kept beside the journal and never in it. */
export interface SeedStore {
  /** `undefined` when there is none, or not all of it. */
  read(): Uint8Array | undefined;
  /** Durable when this returns. */
  write(seed: Uint8Array): void;
}

export interface Storage {
  /** For errors: a directory, an address without its secrets. */
  readonly name: string;
  /** Creates what is missing. */
  prepare(): Promise<void>;
  /** @throws CalybrisError `CAL_JOURNAL_LOCKED` when another engine has it. */
  lock(): Promise<StorageLock>;
  /** Verifies the journal, hands over its entries and leaves it ready to be appended to. Needs the lock. */
  recover<State extends Restorable>(recovery: Recovery<State>): Promise<RecoveredJournal<State>>;
  /** Starts what appends. Only after `recover`, once. */
  append(key: Uint8Array | undefined): WriterDriver;
  /** The last entry that the storage itself, beside the entries, says is durable; `undefined` when it says nothing. */
  head(): Promise<Head | undefined>;
  /**
   * The lines of entries from one sequence to another, both included, as they are stored: whole lines with their newlines,
   * several in a piece. Only after `recover`.
   */
  read(from: number, to: number): AsyncGenerator<Buffer>;
  /**
   * The lines before the snapshot that the recovery began at, in order; a gap in place of those that are unavailable.
   * Nothing where everything was folded. Only after `recover`.
   *
   * @throws CalybrisError `CAL_JOURNAL_UNREADABLE` when the storage does not give them.
   */
  older(): AsyncGenerator<OlderLine | OlderGap>;
  /** What verifies those lines while the engine serves; not begun yet. Only after `recover`. */
  verifyOlder(how: VerifyOlder): OlderVerifier;
  /** Where snapshots of the state are written. */
  readonly snapshots: SnapshotFiles;
  readonly seed: SeedStore;
  /**
   * Hashes of the Merkle tree: the roots of the perfect subtrees of 256^level entries, so many from one on. `undefined` where
   * not all of them are there. Only of durable entries.
   */
  treeHashes(range: { readonly level: number; readonly from: number; readonly count: number }): Uint8Array | undefined;
  /** Where checkpoints are kept beside the entries. */
  readonly notes: NoteFiles;
}
