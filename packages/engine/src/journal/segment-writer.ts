/**
 * Owns the journal's files while it is open: lines are on the disk when `append` returns.
 *
 *     lines ─▶ one write ─▶ one fdatasync ─▶ acknowledged ─▶ head
 *
 * Promises:
 * - `append` returns only when all lines are on the disk.
 * - After any failed or short write, or failed sync, every later write throws the same failure. The system may have
 *   dropped the pages, so the only safe next step is to reopen the files and verify them.
 * - Nothing is written or acknowledged once the journal is not ours any more (`fence.ts`).
 * - The head is never ahead of the data.
 * @module
 */
import type { CalybrisError, ChainHash } from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";
import type { ChainStart } from "./chain-start.ts";
import { type Disk, type DiskFile, writeWhole } from "./disk.ts";
import { Fence } from "./fence.ts";
import type { FileIdentity } from "./file-identity.ts";
import { HEAD_FILE, type Head, writeHead } from "./head.ts";
import { HEAD_MAC_FILE, headMac } from "./head-mac.ts";
import type { LineFiles, Lines, Place } from "./line-files.ts";
import { TreeFiles, type TreeSink } from "./tree-files.ts";
import { extendSpace, prepareSpace, segmentName } from "./segment.ts";

/** The position from which a writer continues. */
export interface WriterStart extends ChainStart {
  readonly directory: string;
  readonly segment: number;
  /** End of the last entry in the segment. */
  readonly end: number;
  /** The file that is locked while the journal is open; omitted if nothing is locked. */
  readonly lock?: FileIdentity;
}

export type { Lines, Place } from "./line-files.ts";

/** Bytes prepared at a time while idle, and most bytes prepared ahead. */
const IDLE_STEP_BYTES = 512 * 1024;
const AHEAD_BYTES_MAX = 32 * 1024 * 1024;
/** Longest interval between head syncs while entries arrive. */
const HEAD_SYNC_MS = 1_000;

export class SegmentWriter implements LineFiles {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #nowMs: () => number;
  /** The keyed chain, for the MAC of the head. */
  readonly #keyedChain: ChainHash | undefined;
  readonly #fence: Fence;
  readonly #head: DiskFile;
  readonly #tree: TreeFiles;
  readonly tree: TreeSink;
  #file: DiskFile;
  #segment: number;
  /** The head written last. */
  #written: Head | undefined;
  #end: number;
  #size: number;
  /** The first batch syncs the head: from then on, a journal without a head was tampered with. */
  #headSyncedMs: number = Number.NEGATIVE_INFINITY;
  #fsyncs = 0;
  /** Bytes appended since the files were opened. */
  #appended = 0;
  #failure: CalybrisError | undefined;

  constructor(
    disk: Disk,
    start: WriterStart,
    keyedChain: ChainHash | undefined,
    nowMs: () => number = () => performance.now(),
  ) {
    this.#disk = disk;
    this.#directory = start.directory;
    this.#nowMs = nowMs;
    this.#segment = start.segment;
    this.#end = start.end;
    this.#keyedChain = keyedChain;
    this.#fence = new Fence(start.directory, start.lock);
    this.#tree = new TreeFiles(disk, start.directory);
    this.tree = { add: this.#tree.add, flush: () => this.#orFail(0, () => this.#tree.flush()) };
    this.#head = this.#openFile(HEAD_FILE);
    this.#file = this.#openFile(segmentName(start.segment));
    if (this.#file.size() < start.end) throw new Error(`${segmentName(start.segment)} was cut since it was read`);
    this.#size = prepareSpace(this.#file, this.#file.size(), this.#end, 1);
    disk.syncDirectory(start.directory);
  }

  /**
   * Makes lines durable.
   *
   * @throws CalybrisError `CAL_JOURNAL_FAILED` when the disk refused a call, now or before.
   */
  append(lines: Lines): Place {
    return this.#orFail(lines.last - lines.first + 1, () => {
      this.#assertOurs();
      if (lines.rotate) this.#rotate();
      const offset = this.#end;
      const { byteLength } = lines.bytes;
      this.#fence.assertBlank(this.#file, offset, byteLength);
      this.#size = prepareSpace(this.#file, this.#size, offset, byteLength);
      writeWhole(this.#file, lines.bytes, offset);
      this.#file.syncData();
      this.#fence.assertLocked();
      this.#end += byteLength;
      this.#appended += byteLength;
      const fsyncs = this.#fsyncs + 1;
      this.#fsyncs = 0;
      return { segment: this.#segment, offset, bytes: byteLength, fsyncs };
    });
  }

  /** Writes the head of appended lines; no caller waits for it. */
  writeHead(lines: Lines): void {
    this.#orFail(0, () => {
      this.#written = { sequence: lines.last, hash: lines.hash, keyed: this.#keyedChain !== undefined };
      writeHead(this.#head, this.#written);
      const now = this.#nowMs();
      if (!lines.sealed && now - this.#headSyncedMs < HEAD_SYNC_MS) return;
      this.#syncHead();
      this.#fsyncs += 1;
      this.#headSyncedMs = now;
    });
  }

  /**
   * Prepares space for the next burst: as much as was written since the files were opened, a chunk at a time. For idle
   * times.
   *
   * @returns whether there is more to prepare.
   */
  prepareAhead(): boolean {
    const ahead = Math.min(this.#appended, AHEAD_BYTES_MAX);
    if (this.#size - this.#end >= ahead) return false;
    this.#orFail(0, () => {
      this.#assertOurs();
      this.#size = extendSpace(this.#file, this.#size, this.#file.preparedBytes ?? IDLE_STEP_BYTES);
    });
    return true;
  }

  /** Truncates the prepared space and closes. Only after the last lines. */
  close(): void {
    if (this.#failure !== undefined) return;
    this.#orFail(0, () => {
      this.#assertOurs();
      this.#file.truncate(this.#end);
      this.#file.sync();
      this.#file.close();
      this.#syncHead();
      this.#head.close();
      this.#tree.sync();
      this.#tree.close();
    });
  }

  #syncHead(): void {
    this.#head.sync();
    if (this.#written === undefined || this.#keyedChain === undefined) return;
    this.#disk.replace(this.#directory, HEAD_MAC_FILE, headMac(this.#written, this.#keyedChain));
  }

  #assertOurs(): void {
    this.#fence.assertOurs({ [segmentName(this.#segment)]: this.#file, [HEAD_FILE]: this.#head });
  }

  #orFail<Result>(unknown: number, write: () => Result): Result {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return write();
    } catch (cause) {
      const problem = cause instanceof Error ? cause.message : String(cause);
      this.#failure = new EngineError("CAL_JOURNAL_FAILED", { unknown, problem }, { cause });
      throw this.#failure;
    }
  }

  #openFile(name: string): DiskFile {
    const file = this.#disk.open(this.#directory, name, true);
    if (file === undefined) throw new Error(`${name} cannot be created`);
    return file;
  }

  #rotate(): void {
    this.#tree.sync();
    this.#file.truncate(this.#end);
    this.#file.sync();
    this.#file.close();
    this.#segment += 1;
    this.#file = this.#openFile(segmentName(this.#segment));
    this.#end = 0;
    this.#size = prepareSpace(this.#file, this.#file.size(), 0, 1);
    this.#disk.syncDirectory(this.#directory);
    this.#fsyncs += 2;
  }
}
