/**
 * Writes the snapshots that are taken at rotations, and keeps the last two and some before them (`kept-snapshots.ts`).
 *
 *     taken, with its digest in a state entry ─▶ that entry is durable, and the tree before it known ─▶ snapshot.next: write ─▶ sync ─▶ rename ─▶
 *     sync the names ─▶ remove those that are not kept
 *
 * Promises:
 * - A snapshot has its name only when it is complete and durable, and only after the entry that binds it is durable.
 * - The ordering thread waits for no call. It makes the bytes of a mebibyte at a time.
 * - A snapshot that cannot be written is no failure of the journal: it is said why, and the next rotation tries again.
 * - It leaves the journal space for a segment: with less, those before the last two are removed, and if that is not enough, it
 *   is not begun, or given up and removed.
 * @module
 */
import { type ChainHash, invariant, type MerkleFrontier, treeLine } from "@calybris/kernel";
import { inTime } from "../journal/in-time.ts";
import { LATEST_KEPT, SNAPSHOTS_KEPT_MAX, superfluousSnapshots } from "./kept-snapshots.ts";
import { LateLines } from "./late-lines.ts";
import type { SnapshotFile, SnapshotFiles } from "./snapshot-files.ts";
import { snapshotName, snapshotSequence, UNFINISHED_SNAPSHOT } from "./snapshot-name.ts";
import type { TakenSnapshot } from "./taken-snapshot.ts";

const CHUNK_BYTES = 1024 * 1024;
const NEWLINE: Uint8Array = Uint8Array.of(0x0a);

/** A snapshot with the Merkle tree at its sequence, which is known once the entries up to there are chained. */
export interface TreeSnapshot extends TakenSnapshot {
  readonly tree: MerkleFrontier;
}

/** What became of a snapshot: it is durable, or why it is not. */
export interface SnapshotResult {
  readonly sequence: number;
  readonly problem: string | undefined;
}

export interface SnapshotKeeperOptions {
  readonly files: SnapshotFiles;
  /** The journal's own. */
  readonly chain: ChainHash;
  /** Bytes of the journal between two rotations: a snapshot that is larger is not written at each. */
  readonly segmentBytesMax: number;
  readonly onResult?: ((result: SnapshotResult) => void) | undefined;
}

export class SnapshotKeeper {
  readonly #options: SnapshotKeeperOptions;
  /** The newest that was taken and is not being written: its state entry is not yet durable, or another is being written. */
  #taken: (TakenSnapshot & Partial<TreeSnapshot>) | undefined;
  #writing: Promise<void> | undefined;
  #durable = 0;
  #isClosed = false;
  /** Rotations since the last that was written, and how many there are to be before the next. */
  #rotations = 0;
  #rotationsBetween = 0;
  /** Of the snapshot that was written last: the next is about as large. */
  #bytes = 0;

  constructor(options: SnapshotKeeperOptions) {
    this.#options = options;
  }

  /** A snapshot was taken, and the next entry to be ordered binds it. */
  took(snapshot: TakenSnapshot): void {
    this.#rotations += 1;
    if (this.#rotations >= this.#rotationsBetween) this.#taken = snapshot;
  }

  /**
   * Everything up to a sequence is durable. A segment ends with a batch, so the entry before a state entry is reported by
   * itself, and with it the tree that the snapshot holds.
   *
   * @param tree - the Merkle tree of all entries up to the sequence.
   */
  reached(durable: number, tree: () => MerkleFrontier): void {
    this.#durable = durable;
    if (this.#taken?.sequence === durable) this.#taken = { ...this.#taken, tree: tree() };
    if (!this.#isClosed) this.#begin();
  }

  #begin(): void {
    const snapshot = this.#taken;
    if (snapshot === undefined || this.#durable <= snapshot.sequence || this.#writing !== undefined) return;
    this.#taken = undefined;
    this.#writing = this.#write(snapshot).then(
      () => this.#wrote(snapshot, undefined),
      (error: unknown) => this.#wrote(snapshot, error instanceof Error ? error.message : String(error)),
    );
  }

  /**
   * Ends with the newest that was taken, if it is small. A large one is left unfinished: the next start does without it.
   *
   * @returns false when the disk has not answered for 10 s, and may still take what it was given.
   */
  async close(): Promise<boolean> {
    this.#isClosed = true;
    if (!(await this.#isWritten())) return false;
    this.#begin();
    return this.#isWritten();
  }

  async #isWritten(): Promise<boolean> {
    return this.#writing === undefined || (await inTime(this.#writing));
  }

  #wrote({ sequence }: TakenSnapshot, problem: string | undefined): void {
    this.#writing = undefined;
    if (problem === undefined) this.#rotations = 0;
    if (!this.#isClosed || problem === undefined) this.#options.onResult?.({ sequence, problem });
    if (!this.#isClosed) this.#begin();
  }

  async #write({ tree, ...taken }: TakenSnapshot & Partial<TreeSnapshot>): Promise<void> {
    invariant(tree !== undefined, "the last entry of a segment is reported by itself");
    const snapshot = { ...taken, tree };
    const { files, segmentBytesMax } = this.#options;
    await this.#requireSpace(Math.max(this.#bytes, CHUNK_BYTES));
    const file = await files.create(UNFINISHED_SNAPSHOT);
    let bytes: number;
    try {
      bytes = await this.#writeLines(file, snapshot);
      await file.sync();
    } catch (error) {
      if (error instanceof NoSpace) await files.remove(UNFINISHED_SNAPSHOT);
      throw error;
    } finally {
      await file.close();
    }
    this.#bytes = bytes;
    await files.rename(UNFINISHED_SNAPSHOT, snapshotName(snapshot.sequence));
    await files.syncNames();
    this.#rotationsBetween = Math.floor(bytes / segmentBytesMax);
    await this.#removeOld(SNAPSHOTS_KEPT_MAX);
  }

  async #writeLines(file: SnapshotFile, snapshot: TreeSnapshot): Promise<number> {
    let chunk: Uint8Array[] = [];
    let held = 0;
    let bytes = 0;
    for (const text of textsOf(snapshot, this.#options.chain)) {
      chunk.push(text, NEWLINE);
      held += text.byteLength + 1;
      if (held < CHUNK_BYTES) continue;
      bytes += held;
      await file.write(Buffer.concat(chunk, held));
      if (this.#isClosed) throw new Error("the journal was closed meanwhile");
      await this.#requireSpace(CHUNK_BYTES);
      chunk = [];
      held = 0;
    }
    await file.write(Buffer.concat(chunk, held));
    return bytes + held;
  }

  /** The journal comes first: what it may need for a segment is left free. */
  async #requireSpace(bytes: number): Promise<void> {
    const { files, segmentBytesMax } = this.#options;
    const needed = bytes + segmentBytesMax;
    let free = await files.freeBytes();
    if (free === undefined || free >= needed) return;
    if (await this.#removeOld(LATEST_KEPT)) free = (await files.freeBytes()) ?? 0;
    if (free >= needed) return;
    throw new NoSpace(
      `${free} bytes of the disk are free; ${bytes} are to be written, and the journal keeps ${segmentBytesMax}`,
    );
  }

  /** Returns whether any was removed. */
  async #removeOld(keptMax: number): Promise<boolean> {
    const { files } = this.#options;
    const names = await files.list();
    const sequences = names.map(snapshotSequence).filter((sequence) => sequence !== undefined);
    const superfluous = superfluousSnapshots(sequences, keptMax);
    for (const sequence of superfluous) await files.remove(snapshotName(sequence));
    return superfluous.length > 0;
  }
}

/** Too little space is free. */
class NoSpace extends Error {}

/** Its lines, each made when it is asked for. */
export function* textsOf({ lines, late, digest, tree }: TreeSnapshot, chain: ChainHash): Generator<Uint8Array> {
  for (const line of lines) yield line.bytes();
  const end = new LateLines(chain);
  for (const make of [...late, () => Buffer.from(treeLine(tree))]) {
    const text = make();
    end.add(text);
    yield text;
  }
  yield Buffer.from(end.end(digest));
}
