/**
 * Signs the root of the journal's Merkle tree at an interval of entries or seconds.
 *
 *     tree of durable entries ─▶ signer ─▶ signature verified ─▶ `checkpoint` entry, durable ─▶ files beside the journal
 *
 * Promises:
 * - A checkpoint covers only durable entries, and its tree always extends the last one signed.
 * - No command waits for the signer or for a file. A signer that fails or hangs is reported, and asked again later.
 * - A file holds only a checkpoint whose entry is durable. If the process ends between the two writes, the next start writes
 *   the file.
 * @module
 */
import {
  equalBytes,
  type EntryBody,
  type MerkleFrontier,
  parseCheckpoint,
  parseNote,
  treeRootOf,
  fromHex,
} from "@calybris/kernel";
import { nodeSha256 } from "../journal/chain-hash.ts";
import { inTime } from "../journal/in-time.ts";
import type { Journal } from "../journal/journal.ts";
import type { BookedCheckpoint, CheckpointBook } from "../state/checkpoint-book.ts";
import { type LogSigner, signedCheckpoint } from "./log-signer.ts";
import type { NoteFiles } from "./note-files.ts";
import type { TreeProofs } from "./tree-proofs.ts";
import type { WitnessSettings } from "./witness-collection.ts";

/** Signer, interval and witnesses of checkpoints. */
export interface CheckpointSettings {
  readonly signer: LogSigner;
  /** Interval in entries. Default 10,000. */
  readonly everyEntries?: number | undefined;
  /** Interval in seconds, if there is anything new. Default 60. */
  readonly everySeconds?: number | undefined;
  /** Timeout of the signer. Default 30 s. */
  readonly signMsMax?: number | undefined;
  /** The witnesses that cosign each checkpoint. Default: none. */
  readonly witnesses?: WitnessSettings | undefined;
}

/** The result of an attempt. */
export interface CheckpointResult {
  readonly treeSize: number;
  /**
   * The reason that no checkpoint of this size was made; `undefined` if it was signed, and its entry and file are durable.
   */
  readonly problem: string | undefined;
}

export interface CheckpointPorts {
  readonly book: CheckpointBook;
  readonly files: NoteFiles;
  readonly proofs: Pick<TreeProofs, "isRoot">;
  readonly journal: Pick<Journal, "step" | "establishRoom" | "endSegmentIfFull" | "order">;
  /** Called after every attempt. */
  readonly onResult: ((result: CheckpointResult) => void) | undefined;
}

export const CHECKPOINT_ENTRIES = 10_000;
export const CHECKPOINT_SECONDS = 60;
const SIGN_MS_MAX = 30_000;
/** Minimum time between a failure and the next attempt. */
const RETRY_MS = 10_000;
/** A checkpoint belongs in the segment of its tree: if the segment ends before the signer answers, it is asked again. */
const SIGNED_AGAIN_MAX = 3;
/** Entries that need no new checkpoint. */
const QUIET: readonly string[] = ["seal", "state", "checkpoint"] satisfies readonly EntryBody["kind"][];

export class CheckpointKeeper {
  readonly #ports: CheckpointPorts;
  readonly #settings: CheckpointSettings;
  readonly #everyEntries: number;
  #tree: () => MerkleFrontier;
  #durable: number;
  /** Sequence of the last entry that needs a checkpoint. */
  #news: number;
  #making: Promise<BookedCheckpoint> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isResting = false;
  #isStopped = false;
  /** True once the file of the previous process was read and a new checkpoint cannot fork the log. */
  #isReady = false;
  /** True while the newest entry has no file yet. */
  #isFileDue = false;
  #fork: string | undefined;
  #waiting: { readonly durable: number; readonly resolve: () => void }[] = [];
  readonly #closed: PromiseWithResolvers<never> = Promise.withResolvers();

  /** @param tree - of the entries that are durable at the start. */
  constructor(ports: CheckpointPorts, settings: CheckpointSettings, tree: MerkleFrontier) {
    this.#ports = ports;
    this.#settings = settings;
    this.#everyEntries = settings.everyEntries ?? CHECKPOINT_ENTRIES;
    this.#tree = () => tree;
    this.#durable = tree.treeSize;
    // The first entry after the newest checkpoint may be its seal, which is nothing new.
    this.#news = tree.treeSize > (ports.book.latest?.sequence ?? 0) + 1 ? tree.treeSize : 0;
    this.#closed.promise.catch(() => undefined);
  }

  /** Before the first attempt: writes the file of the newest entry if the last process did not, and detects a fork. */
  async start(): Promise<void> {
    this.#wait((this.#settings.everySeconds ?? CHECKPOINT_SECONDS) * 1_000);
    await this.#keepLatest();
  }

  ordered(sequence: number, kind: EntryBody["kind"]): void {
    if (!QUIET.includes(kind)) this.#news = sequence;
  }

  /** @param tree - of all entries up to `durable`; valid until the next call. */
  reached(durable: number, tree: () => MerkleFrontier): void {
    this.#durable = durable;
    this.#tree = tree;
    const waiting = this.#waiting;
    if (waiting.length > 0) {
      this.#waiting = waiting.filter((each) => each.durable > durable);
      for (const each of waiting) if (each.durable <= durable) each.resolve();
    }
    if (durable - this.#signedSize() >= this.#everyEntries && !this.#isResting) this.#begin();
  }

  /**
   * Signs now, regardless of the interval.
   *
   * @returns the checkpoint, once its entry and its files are durable.
   */
  sign(): Promise<BookedCheckpoint> {
    this.#making ??= this.#make().finally(() => {
      this.#making = undefined;
    });
    return this.#making;
  }

  /** Starts nothing more, and abandons a pending call to the signer. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#closed.reject(new Error("the engine is closing"));
  }

  /** Call after the journal has closed. Resolves to whether the work in progress has ended. */
  async close(): Promise<boolean> {
    const ended = this.#making?.then(
      () => undefined,
      () => undefined,
    );
    return ended === undefined || (await inTime(ended));
  }

  #signedSize(): number {
    return Number(this.#ports.book.latest?.checkpoint.treeSize ?? 0n);
  }

  #begin(): void {
    if (!this.#isReady || this.#making !== undefined || this.#news <= this.#signedSize()) return;
    this.sign().catch(() => undefined);
  }

  async #make(): Promise<BookedCheckpoint> {
    let size = this.#durable;
    try {
      if (!this.#isReady) throw new Error(this.#fork ?? "the checkpoint file beside the journal was not read");
      for (let attempt = 0; attempt < SIGNED_AGAIN_MAX; attempt++) {
        await this.#until(this.#ports.book.segmentFrom);
        const tree = this.#tree();
        size = tree.treeSize;
        const root = fromHex(treeRootOf(tree, nodeSha256)) as Uint8Array;
        const note = await this.#bounded(signedCheckpoint(this.#settings.signer, { treeSize: BigInt(size), root }));
        const ordered = this.#order(size, note);
        if (ordered === undefined) continue;
        await ordered.durable;
        await this.#keep({ treeSize: BigInt(size), note });
        this.#report(size, undefined);
        return this.#ports.book.latest as BookedCheckpoint;
      }
      throw new Error("a segment of the journal ended before the signer answered, three times in a row");
    } catch (error) {
      this.#report(size, problemOf(error));
      throw error;
    }
  }

  /** Orders the checkpoint's entry; `undefined` if the segment of its tree has ended meanwhile. */
  #order(treeSize: number, note: string): ReturnType<Journal["order"]> | undefined {
    const { journal, book } = this.#ports;
    return journal.step(() => {
      journal.establishRoom(1);
      if (journal.endSegmentIfFull() || treeSize < book.segmentFrom) return undefined;
      return journal.order({ kind: "checkpoint", note });
    });
  }

  /** Bounds a promise of the signer by its timeout. */
  async #bounded<Value>(work: Promise<Value>): Promise<Value> {
    const { signMsMax = SIGN_MS_MAX } = this.#settings;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`the signer has not answered for ${signMsMax} ms`)), signMsMax);
      timer.unref();
    });
    try {
      return await Promise.race([work, late, this.#closed.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #until(durable: number): Promise<void> {
    if (this.#durable >= durable) return Promise.resolve();
    const reached = new Promise<void>((resolve) => this.#waiting.push({ durable, resolve }));
    return Promise.race([reached, this.#closed.promise]);
  }

  async #restoreFiles(): Promise<void> {
    const { files, book, proofs } = this.#ports;
    const text = await files.newest();
    const found = text === undefined ? undefined : parseCheckpoint(parseNote(text).text);
    if (found !== undefined && found.treeSize > BigInt(this.#durable)) {
      this.#fork = `a checkpoint of ${found.treeSize} entries was signed, and the journal has ${this.#durable}: another would fork the log`;
      throw new Error(this.#fork);
    }
    const { latest } = book;
    // The entry is chained, so its content needs no proof.
    const isBooked = latest !== undefined && found?.treeSize === latest.checkpoint.treeSize;
    const root = isBooked ? latest.checkpoint.root : undefined;
    if (found !== undefined && !(root ? equalBytes(root, found.root) : proofs.isRoot(found.treeSize, found.root))) {
      this.#fork = `a checkpoint of ${found.treeSize} entries was signed that is not of this journal: another would fork the log`;
      throw new Error(this.#fork);
    }
    this.#isReady = true;
    if (latest === undefined || (found !== undefined && found.treeSize >= latest.checkpoint.treeSize)) return;
    await this.#keep({ treeSize: latest.checkpoint.treeSize, note: latest.note });
  }

  async #keep({ treeSize, note }: { readonly treeSize: bigint; readonly note: string }): Promise<void> {
    this.#isFileDue = true;
    await this.#ports.files.keep(treeSize, note);
    this.#isFileDue = false;
  }

  /** Writes the newest note as a file. A failed write is repeated later, even if nothing new is signed. */
  async #keepLatest(): Promise<void> {
    try {
      await this.#restoreFiles();
    } catch (error) {
      this.#report(this.#signedSize(), problemOf(error));
    }
  }

  #report(treeSize: number, problem: string | undefined): void {
    if (this.#isStopped) return;
    if (problem !== undefined) {
      this.#isResting = true;
      this.#wait(RETRY_MS);
    }
    this.#ports.onResult?.({ treeSize, problem });
  }

  /** Schedules the next attempt after `ms`, then at the configured interval. */
  #wait(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#isResting = false;
      if (this.#isFileDue || (!this.#isReady && this.#fork === undefined)) void this.#keepLatest();
      this.#begin();
      this.#wait((this.#settings.everySeconds ?? CHECKPOINT_SECONDS) * 1_000);
    }, ms);
    this.#timer.unref();
  }
}

function problemOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
