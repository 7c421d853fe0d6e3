/**
 * The writer: takes ordered entries, fills in `durable`, chains them, and makes each batch durable with one write and one
 * sync. Synchronous, on the {@link Disk} port; a thread of its own drives it (`writer-thread.ts`), or a test directly.
 *
 *     batch ─▶ lines, chained ─▶ one write ─▶ one fdatasync ─▶ head ─▶ acknowledged
 *
 * Promises:
 * - `write` returns only when the whole batch is on the disk.
 * - After any failed or short write, or failed sync, the writer is dead: it throws the same failure ever after. The
 *   system may have dropped the pages, so the only truthful next step is to reopen the files and verify them.
 * - The head never runs ahead of the data.
 * @module
 */
import { CalybrisError, type ChainHash, entryData } from "@calybris/kernel";
import { hashInPlace } from "./chain-hash.ts";
import { type Disk, type DiskFile, writeWhole } from "./disk.ts";
import { HEAD_FILE, writeHead } from "./head.ts";
import { prepareSpace, segmentName } from "./segment.ts";

/** Entries in order: `tails[i]` is what follows `durable` in the data of entry `first + i`. */
export interface Batch {
  readonly first: number;
  readonly tails: readonly string[];
  /** A new segment begins with the first entry of this batch. */
  readonly rotate: boolean;
  /** The batch ends with a seal: the head is synced too. */
  readonly sealed: boolean;
}

/** Where a batch went. */
export interface Written {
  readonly durable: number;
  readonly hash: string;
  /** The hash of each entry, in order. */
  readonly hashes: readonly string[];
  readonly segment: number;
  /** Byte offset of the batch's first entry. */
  readonly offset: number;
  readonly bytes: number;
  readonly fsyncs: number;
}

export interface WriterStart {
  readonly directory: string;
  readonly segment: number;
  /** End of the last entry in the segment. */
  readonly end: number;
  readonly sequence: number;
  readonly hash: string;
}

/** Head syncs are at most this far apart while entries arrive. */
const HEAD_SYNC_MS = 1_000;

export class Writer {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #chain: ChainHash | undefined;
  readonly #nowMs: () => number;
  readonly #headFile: DiskFile;
  #file: DiskFile;
  #segment: number;
  #end: number;
  #size: number;
  #durable: number;
  #hash: string;
  #headSyncedMs: number;
  #buffer: Buffer = Buffer.allocUnsafe(1 << 20);
  #failure: CalybrisError | undefined;

  /** @param chain - the keyed chain; without one, the plain SHA-256 chain. */
  constructor(disk: Disk, start: WriterStart, chain?: ChainHash, nowMs: () => number = () => performance.now()) {
    this.#disk = disk;
    this.#directory = start.directory;
    this.#chain = chain;
    this.#nowMs = nowMs;
    this.#segment = start.segment;
    this.#end = start.end;
    this.#durable = start.sequence;
    this.#hash = start.hash;
    this.#headFile = this.#openFile(HEAD_FILE);
    this.#file = this.#openFile(segmentName(start.segment));
    this.#size = prepareSpace(this.#file, this.#file.size(), this.#end, 1);
    disk.syncDirectory(start.directory);
    this.#headSyncedMs = nowMs();
  }

  /**
   * Makes a batch durable.
   *
   * @throws CalybrisError `CAL_JOURNAL_FAILED` when the disk refused anything, now or before.
   */
  write(batch: Batch): Written {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      let fsyncs = 1;
      if (batch.rotate) {
        this.#rotate();
        fsyncs += 2;
      }
      const hashes: string[] = [];
      const length = this.#assemble(batch, hashes);
      const offset = this.#end;
      this.#size = prepareSpace(this.#file, this.#size, this.#end, length);
      writeWhole(this.#file, this.#buffer.subarray(0, length), offset);
      this.#file.syncData();
      this.#end += length;
      this.#durable = batch.first + batch.tails.length - 1;
      fsyncs += this.#writeHead(batch.sealed);
      return {
        durable: this.#durable,
        hash: this.#hash,
        hashes,
        segment: this.#segment,
        offset,
        bytes: length,
        fsyncs,
      };
    } catch (cause) {
      const problem = cause instanceof Error ? cause.message : String(cause);
      this.#failure = new CalybrisError("CAL_JOURNAL_FAILED", { unknown: batch.tails.length, problem }, { cause });
      throw this.#failure;
    }
  }

  /** Cuts the prepared space off and closes. Only after the last batch. */
  close(): void {
    if (this.#failure !== undefined) return;
    this.#file.truncate(this.#end);
    this.#file.sync();
    this.#file.close();
    this.#headFile.sync();
    this.#headFile.close();
  }

  #openFile(name: string): DiskFile {
    const file = this.#disk.open(this.#directory, name, true);
    if (file === undefined) throw new Error(`${name} cannot be created`);
    return file;
  }

  #rotate(): void {
    this.#file.truncate(this.#end);
    this.#file.sync();
    this.#file.close();
    this.#segment += 1;
    this.#file = this.#openFile(segmentName(this.#segment));
    this.#end = 0;
    this.#size = prepareSpace(this.#file, this.#file.size(), 0, 1);
    this.#disk.syncDirectory(this.#directory);
  }

  /** Lays the lines of a batch into the buffer, each hashed over the one before. Returns the length. */
  #assemble(batch: Batch, hashes: string[]): number {
    let at = 0;
    for (const [index, tail] of batch.tails.entries()) {
      const sequence = batch.first + index;
      const data = entryData(sequence, this.#durable, tail);
      this.#reserve(at, data.length * 3 + 256);
      const buffer = this.#buffer;
      at += buffer.write(`{"sequence":${sequence},"previous_hash":"${this.#hash}","entry_hash":"`, at, "latin1");
      const hashAt = at;
      const dataAt = hashAt + 64 + 9;
      const dataEnd = dataAt + buffer.write(data, dataAt, "utf8");
      const previousHash = this.#hash;
      this.#hash =
        this.#chain === undefined
          ? hashInPlace(buffer, dataAt, dataEnd, previousHash)
          : this.#chain(previousHash, buffer.subarray(dataAt, dataEnd));
      hashes.push(this.#hash);
      buffer.write(`${this.#hash}","data":`, hashAt, "latin1");
      at = dataEnd + buffer.write("}\n", dataEnd, "latin1");
    }
    return at;
  }

  #reserve(at: number, bytes: number): void {
    if (at + bytes <= this.#buffer.byteLength) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.byteLength * 2, at + bytes));
    this.#buffer.copy(larger, 0, 0, at);
    this.#buffer = larger;
  }

  #writeHead(sealed: boolean): number {
    writeHead(this.#headFile, { sequence: this.#durable, hash: this.#hash, keyed: this.#chain !== undefined });
    const now = this.#nowMs();
    if (!sealed && now - this.#headSyncedMs < HEAD_SYNC_MS) return 0;
    this.#headFile.sync();
    this.#headSyncedMs = now;
    return 1;
  }
}
