/**
 * Storage in memory that shares no file format with the directory: lines in a list, a head, snapshots by name, and an owner.
 * What several instances share is the medium, so a "process" ends when its instance is dropped.
 * @module
 */
import { type CalybrisError, type EntryLine, GENESIS_HASH, parseEntryHead, parseEntryLine } from "@calybris/kernel";
import { EngineError } from "../../src/engine-errors.ts";
import type { NoteFiles } from "../../src/checkpoint/note-files.ts";
import { ChainCheck } from "../../src/journal/chain-check.ts";
import { nodeChain } from "../../src/journal/chain-hash.ts";
import type { ChainStart } from "../../src/journal/chain-start.ts";
import type { Head } from "../../src/journal/head.ts";
import { InlineDriver } from "../../src/journal/inline-driver.ts";
import { JournalTree } from "../../src/journal/journal-tree.ts";
import type { LineFiles, Lines, Place } from "../../src/journal/line-files.ts";
import type { RecoveryStart } from "../../src/journal/recovery.ts";
import type { TreeSink } from "../../src/journal/tree-files.ts";
import { StepWriter } from "../../src/journal/writer.ts";
import type { WriterDriver } from "../../src/journal/writer-driver.ts";
import type { SnapshotFile, SnapshotFiles } from "../../src/snapshot/snapshot-files.ts";
import { snapshotName, snapshotSequence } from "../../src/snapshot/snapshot-name.ts";
import { type Restorable, type StoredSnapshots, startPoint } from "../../src/snapshot/start-point.ts";
import { OlderEntries } from "../../src/storage/older-entries.ts";
import type {
  OlderGap,
  OlderLine,
  OlderVerifier,
  RecoveredJournal,
  Recovery,
  SeedStore,
  Storage,
  StorageLock,
  StoredEntries,
  StoredEntry,
  VerifyOlder,
} from "../../src/storage/storage.ts";

/** What outlives a process. */
export class MemoryMedium {
  /** Every line with its newline, and the segment it is in. */
  readonly lines: { bytes: Buffer; readonly segment: number }[] = [];
  readonly snapshots: Map<string, Buffer> = new Map();
  readonly notes: { newest: string | undefined; readonly kept: Map<bigint, string> } = {
    newest: undefined,
    kept: new Map(),
  };
  /** Of each tile level the hashes. */
  readonly tree: Uint8Array[][] = [];
  head: Head | undefined;
  seed: Uint8Array | undefined;
  owner: MemoryStorage | undefined;
}

export class MemoryStorage implements Storage {
  readonly name: string = "memory";
  readonly #medium: MemoryMedium;
  #end: ChainStart | undefined;
  #from = 0;

  constructor(medium: MemoryMedium) {
    this.#medium = medium;
  }

  async prepare(): Promise<void> {}

  async lock(): Promise<StorageLock> {
    if (this.#medium.owner !== undefined) throw new EngineError("CAL_JOURNAL_LOCKED", { directory: this.name });
    this.#medium.owner = this;
    return {
      release: async () => {
        this.#medium.owner = undefined;
      },
    };
  }

  async recover<State extends Restorable>(recovery: Recovery<State>): Promise<RecoveredJournal<State>> {
    const { key, newState, onEntry } = recovery;
    const chain = nodeChain(key);
    const { state, from, refused } = startPoint(new MemorySnapshots(this.#medium), chain, newState);
    const tree = new JournalTree(from?.tree, treeSinkOf(this.#medium).add);
    const check = new ChainCheck(chain, key !== undefined, from ?? { sequence: 0, hash: GENESIS_HASH });
    let segmentBytes = 0;
    for (const { bytes, segment } of this.#medium.lines.slice(from?.sequence ?? 0)) {
      const taken = check.take(Buffer.from(bytes.subarray(0, -1)), true);
      if ("expected" in taken) throw corrupt(check.last.sequence + 1, taken.expected, taken.found);
      onEntry(state, { segment, offset: 0, head: taken.head, data: taken.line.data, tree });
      tree.apply(taken.line.sequence, taken.line.entryHash);
      if (segment === this.#segment) segmentBytes += bytes.byteLength;
    }
    const { head } = this.#medium;
    if ((head?.sequence ?? 0) > check.last.sequence)
      throw corrupt(check.last.sequence + 1, `entries up to ${head?.sequence}`, "the end");
    if (head !== undefined && head.keyed !== (key !== undefined))
      throw new EngineError("CAL_JOURNAL_KEY", { file: this.name, problem: "the head says otherwise" });
    this.#end = { ...check.last, tree: tree.frontier() };
    this.#from = from?.sequence ?? 0;
    return {
      entries: check.last.sequence,
      state,
      stored: new MemoryEntries(this.#medium),
      end: { ...check.last, tree: tree.frontier(), segmentBytes },
      start: { fromSequence: from?.sequence ?? 0, snapshotsRefused: refused, segmentsAbsent: [] },
      before: { sequence: from?.sequence ?? 0, hash: from?.hash ?? GENESIS_HASH },
    };
  }

  append(key: Uint8Array | undefined): WriterDriver {
    const chain = key === undefined ? undefined : nodeChain(key);
    const files = new MemoryLines(this.#medium, this, key !== undefined);
    return new InlineDriver(new StepWriter(files, this.#end as ChainStart, chain));
  }

  async head(): Promise<Head | undefined> {
    return this.#medium.head;
  }

  async *read(from: number, to: number): AsyncGenerator<Buffer> {
    for (const { bytes } of this.#medium.lines.slice(from - 1, Math.max(to, from - 1))) yield Buffer.from(bytes);
  }

  async *older(): AsyncGenerator<OlderLine | OlderGap> {
    for (const { bytes } of this.#medium.lines.slice(0, this.#from))
      yield {
        file: this.name,
        byteOffset: 0,
        bytes: Buffer.from(bytes.subarray(0, -1)),
        ended: true,
      };
  }

  verifyOlder(how: VerifyOlder): OlderVerifier {
    return new OlderEntries({ ...how, lines: this.older(), chain: nodeChain(how.key) });
  }

  get snapshots(): SnapshotFiles {
    return snapshotFilesOf(this.#medium.snapshots);
  }

  treeHashes({ level, from, count }: { level: number; from: number; count: number }): Uint8Array | undefined {
    const hashes = (this.#medium.tree[level] ?? []).slice(from, from + count);
    return hashes.length < count ? undefined : Buffer.concat(hashes);
  }

  get notes(): NoteFiles {
    const { notes } = this.#medium;
    return {
      newest: async () => notes.newest,
      keep: async (treeSize, note) => {
        notes.kept.set(treeSize, note);
        notes.newest = note;
      },
    };
  }

  get seed(): SeedStore {
    return {
      read: () => this.#medium.seed,
      write: (seed) => {
        this.#medium.seed = seed.slice();
      },
    };
  }

  get #segment(): number {
    return this.#medium.lines.at(-1)?.segment ?? 1;
  }
}

/** Takes lines as long as its storage is the owner. */
class MemoryLines implements LineFiles {
  readonly #medium: MemoryMedium;
  readonly #owner: MemoryStorage;
  readonly #keyed: boolean;

  constructor(medium: MemoryMedium, owner: MemoryStorage, keyed: boolean) {
    this.#medium = medium;
    this.#owner = owner;
    this.#keyed = keyed;
  }

  get tree(): TreeSink {
    return treeSinkOf(this.#medium);
  }

  append({ bytes, rotate, first, last }: Lines): Place {
    if (this.#medium.owner !== this.#owner) throw new Error("another owner has the journal");
    const { lines } = this.#medium;
    const segment = (lines.at(-1)?.segment ?? 1) + (rotate ? 1 : 0);
    for (const line of Buffer.from(bytes).toString("utf8").split("\n").slice(0, -1))
      lines.push({ bytes: Buffer.from(`${line}\n`), segment });
    if (lines.length !== last) throw new Error(`entries ${first} to ${last} do not follow ${lines.length}`);
    return { segment, offset: 0, bytes: bytes.byteLength, fsyncs: 1 };
  }

  writeHead({ last, hash }: Lines): void {
    this.#medium.head = { sequence: last, hash, keyed: this.#keyed };
  }

  prepareAhead(): boolean {
    return false;
  }

  close(): void {}
}

function treeSinkOf({ tree }: MemoryMedium): TreeSink {
  return {
    add: (level, index, hash) => {
      if (level % 8 !== 0) return;
      tree[level / 8] ??= [];
      (tree[level / 8] as Uint8Array[])[index] = hash;
    },
    flush: () => undefined,
  };
}

class MemoryEntries implements StoredEntries {
  readonly #medium: MemoryMedium;

  constructor(medium: MemoryMedium) {
    this.#medium = medium;
  }

  async find(sequence: number): Promise<StoredEntry> {
    const line = lineAt(this.#medium, sequence);
    const head = line === undefined ? undefined : parseEntryHead(line.data);
    if (line === undefined || head === undefined) throw new EngineError("CAL_JOURNAL_ENTRY_UNKNOWN", { sequence });
    return { head, data: line.data, entryHash: line.entryHash };
  }

  async fileOf(): Promise<string> {
    return "memory";
  }

  note(): void {}

  async close(): Promise<void> {}
}

class MemorySnapshots implements StoredSnapshots {
  readonly #medium: MemoryMedium;

  constructor(medium: MemoryMedium) {
    this.#medium = medium;
  }

  sequences(): readonly number[] {
    const sequences = [...this.#medium.snapshots.keys()].map(snapshotSequence);
    return sequences.filter((sequence) => sequence !== undefined).sort((a, b) => b - a);
  }

  lines(sequence: number): Iterable<Buffer> {
    const text = this.#medium.snapshots.get(snapshotName(sequence))?.toString("utf8") ?? "";
    return text
      .split("\n")
      .slice(0, -1)
      .map((line) => Buffer.from(line));
  }

  next(sequence: number): { readonly line: EntryLine; readonly segment: RecoveryStart["segment"] } | undefined {
    const line = lineAt(this.#medium, sequence + 1);
    return line === undefined ? undefined : { line, segment: this.#medium.lines[sequence]?.segment ?? 1 };
  }
}

function lineAt({ lines }: MemoryMedium, sequence: number): EntryLine | undefined {
  return parseEntryLine(lines[sequence - 1]?.bytes.toString("utf8").trimEnd() ?? "");
}

function corrupt(sequence: number, expected: string, found: string): CalybrisError {
  return new EngineError("CAL_JOURNAL_CORRUPT", { file: "memory", sequence, byteOffset: 0, expected, found });
}

function snapshotFilesOf(files: Map<string, Buffer>): SnapshotFiles {
  return {
    list: async () => [...files.keys()],
    create: async (name): Promise<SnapshotFile> => {
      files.set(name, Buffer.alloc(0));
      return {
        write: async (bytes) => void files.set(name, Buffer.concat([files.get(name) ?? Buffer.alloc(0), bytes])),
        sync: async () => undefined,
        close: async () => undefined,
      };
    },
    rename: async (from, to) => {
      files.set(to, files.get(from) ?? Buffer.alloc(0));
      files.delete(from);
    },
    remove: async (name) => void files.delete(name),
    syncNames: async () => undefined,
    freeBytes: async () => undefined,
  };
}
