/**
 * Storage in a directory: segments of JSON lines; the head, snapshots and the seed as files; an operating system lock; and
 * a writer thread.
 * @module
 */
import { join } from "node:path";
import { GENESIS_HASH, invariant, NOTE_BYTES_MAX } from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";
import { CHECKPOINT_DIRECTORY, type NoteFiles, StoredNotes } from "../checkpoint/note-files.ts";
import { nodeChain } from "../journal/chain-hash.ts";
import { type Disk, nodeDisk, readWhole, withDisk } from "../journal/disk.ts";
import type { FileIdentity } from "../journal/file-identity.ts";
import { type Head, readHead } from "../journal/head.ts";
import { acquireLock } from "../journal/lock.ts";
import { closingFiles } from "../journal/open-files.ts";
import { type RecoveryStart, recover } from "../journal/recovery.ts";
import type { WriterStart } from "../journal/segment-writer.ts";
import { ThreadDriver } from "../journal/thread-driver.ts";
import { hasTreeFiles, readTreeFile } from "../journal/tree-files.ts";
import type { WriterDriver } from "../journal/writer-driver.ts";
import { DirectorySnapshots } from "../snapshot/directory-snapshots.ts";
import { DiskSnapshotFiles, NodeSnapshotFiles, type SnapshotFiles } from "../snapshot/snapshot-files.ts";
import { snapshotName } from "../snapshot/snapshot-name.ts";
import { type Restorable, type StartPoint, startPoint } from "../snapshot/start-point.ts";
import { compileNoWrappers } from "../thread-wrappers.ts";
import { EntryReader } from "./entry-reader.ts";
import { OlderEntries } from "./older-entries.ts";
import { absentBefore, olderLines } from "./older-lines.ts";
import { SeedFile } from "./seed-file.ts";
import type {
  OlderGap,
  OlderLine,
  OlderVerifier,
  RecoveredJournal,
  Recovery,
  SeedStore,
  Storage,
  StorageLock,
  VerifyOlder,
} from "./storage.ts";
import { type AsyncReader, DirectoryEntries, inlineReader } from "./stored-entries.ts";
import { ThreadOlder } from "./thread-older.ts";
import { ThreadReader } from "./thread-reader.ts";

export interface DirectoryStorageOptions {
  readonly directory: string;
  /** Ports, for tests and simulations. A given disk is not locked. */
  readonly disk?: Disk | undefined;
  readonly driver?: ((start: WriterStart, key: Uint8Array | undefined) => WriterDriver) | undefined;
}

/** The result of a recovery. */
interface DirectoryJournal {
  readonly start: WriterStart;
  readonly entries: DirectoryEntries;
  readonly from: RecoveryStart | undefined;
}

export class DirectoryStorage implements Storage {
  readonly name: string;
  readonly snapshots: SnapshotFiles;
  readonly seed: SeedStore;
  readonly notes: NoteFiles;
  readonly #disk: Disk;
  readonly #isLocked: boolean;
  readonly #driver: (start: WriterStart, key: Uint8Array | undefined) => WriterDriver;
  #lockFile: FileIdentity | undefined;
  #recovered: DirectoryJournal | undefined;

  constructor({ directory, disk, driver = startThread }: DirectoryStorageOptions) {
    this.name = directory;
    this.#disk = disk ?? nodeDisk;
    this.#isLocked = disk === undefined;
    this.#driver = driver;
    this.snapshots = disk === undefined ? new NodeSnapshotFiles(directory) : new DiskSnapshotFiles(disk, directory);
    this.seed = new SeedFile(this.#disk, directory);
    this.notes = new StoredNotes({
      journal: this.snapshots,
      history: async () => {
        const history = join(directory, CHECKPOINT_DIRECTORY);
        this.#disk.makeDirectory(history);
        return disk === undefined ? new NodeSnapshotFiles(history) : new DiskSnapshotFiles(disk, history);
      },
      read: async (name) => this.#textOf(name),
    });
  }

  async prepare(): Promise<void> {
    try {
      this.#disk.makeDirectory(this.name);
    } catch (cause) {
      throw new EngineError(
        "CAL_JOURNAL_UNREADABLE",
        { path: this.name, problem: (cause as Error).message },
        { cause },
      );
    }
  }

  async lock(): Promise<StorageLock> {
    if (!this.#isLocked) return { release: async () => undefined };
    const lock = await acquireLock(this.name);
    this.#lockFile = lock.file;
    return lock;
  }

  async recover<State extends Restorable>(recovery: Recovery<State>): Promise<RecoveredJournal<State>> {
    const { key, acceptLoss, newState, onEntry } = recovery;
    const [disk, directory, chain] = [this.#disk, this.name, nodeChain(key)];
    const point = closingFiles(disk, (watched) =>
      startPoint(new DirectorySnapshots(watched, directory), chain, newState),
    );
    const { state, from, refused } = this.#withTree(point, newState);
    const stored = new DirectoryEntries(this.#readerOf(key, from));
    const { start, ...found } = closingFiles(disk, (watched) =>
      recover(
        watched,
        directory,
        chain,
        key !== undefined,
        (entry) => {
          onEntry(state, entry);
          stored.note(entry.head.sequence, entry.segment, entry.offset);
        },
        acceptLoss,
        from,
      ),
    );
    this.#recovered = { start, entries: stored, from };
    return {
      ...found,
      state,
      stored,
      end: { sequence: start.sequence, hash: start.hash, tree: start.tree, segmentBytes: start.end },
      start: {
        fromSequence: from?.sequence ?? 0,
        snapshotsRefused: refused,
        segmentsAbsent: from === undefined ? [] : absentBefore(disk, directory, from.segment),
      },
      before: { sequence: from?.sequence ?? 0, hash: from?.hash ?? GENESIS_HASH },
    };
  }

  append(key: Uint8Array | undefined): WriterDriver {
    const { start } = this.#afterRecovery();
    try {
      return this.#driver(this.#lockFile === undefined ? start : { ...start, lock: this.#lockFile }, key);
    } catch (cause) {
      const problem = `its writer cannot be started: ${cause instanceof Error ? cause.message : String(cause)}`;
      throw new EngineError("CAL_JOURNAL_UNREADABLE", { path: this.name, problem }, { cause });
    }
  }

  async head(): Promise<Head | undefined> {
    return withDisk(this.name, () => readHead(this.#disk, this.name));
  }

  read(from: number, to: number): AsyncGenerator<Buffer> {
    return this.#afterRecovery().entries.pieces(from, to);
  }

  older(): AsyncGenerator<OlderLine | OlderGap> {
    return olderLines(this.#disk, this.name, this.#afterRecovery().from?.segment ?? 1);
  }

  verifyOlder(how: VerifyOlder): OlderVerifier {
    const { key, until, bytesPerSecond, onEnd } = how;
    const beforeSegment = this.#afterRecovery().from?.segment;
    if (this.#isLocked && beforeSegment !== undefined)
      return new ThreadOlder({ verifiesOlderOf: this.name, key, until, beforeSegment, bytesPerSecond }, onEnd);
    return new OlderEntries({ ...how, lines: this.older(), chain: nodeChain(key) });
  }

  /** Folds everything again if tree hashes are missing beside the snapshot and the entries are available. */
  #withTree<State>(point: StartPoint<State>, newState: () => State): StartPoint<State> {
    const [disk, directory, { from }] = [this.#disk, this.name, point];
    if (from === undefined) return point;
    const isWhole = withDisk(directory, () => hasTreeFiles(disk, directory, from.sequence));
    if (isWhole || absentBefore(disk, directory, from.segment).length > 0) return point;
    const problem = "hashes of the Merkle tree beside it are missing";
    return {
      state: newState(),
      from: undefined,
      refused: [...point.refused, { file: snapshotName(from.sequence), problem }],
    };
  }

  /** The text of a small file; `undefined` if it does not exist. */
  #textOf(name: string): string | undefined {
    return withDisk(this.name, () => {
      const file = this.#disk.open(this.name, name, false);
      if (file === undefined) return undefined;
      try {
        const bytes = Buffer.alloc(Math.min(file.size(), NOTE_BYTES_MAX));
        return bytes.toString("utf8", 0, readWhole(file, bytes));
      } finally {
        file.close();
      }
    });
  }

  /** A given disk is read in this thread. */
  #readerOf(key: Uint8Array | undefined, from: RecoveryStart | undefined): AsyncReader {
    const before = from && { segment: from.segment, sequence: from.sequence };
    if (this.#isLocked) return new ThreadReader({ readsEntriesOf: this.name, key, before });
    return inlineReader(new EntryReader(this.#disk, this.name, nodeChain(key), before));
  }

  treeHashes(range: { readonly level: number; readonly from: number; readonly count: number }): Uint8Array | undefined {
    return withDisk(this.name, () => readTreeFile(this.#disk, this.name, range));
  }

  #afterRecovery(): DirectoryJournal {
    invariant(this.#recovered !== undefined, "a storage is recovered before it is used");
    return this.#recovered;
  }
}

function startThread(start: WriterStart, key: Uint8Array | undefined): WriterDriver {
  compileNoWrappers();
  return new ThreadDriver(start, key);
}
