/**
 * Writes the snapshots that are taken at rotations, and keeps the last two and some before them (`kept-snapshots.ts`).
 *
 *     taken, with its digest in a state entry ─▶ that entry is durable, and the tree before it known ─▶ snapshot.next: write ─▶ sync ─▶ rename ─▶
 *     sync the names ─▶ remove those that are not kept
 *
 * Promises:
 * - A snapshot gets its name only once it is complete and durable, and once the entry that binds it is durable.
 * - The ordering thread waits for no call. It makes about a mebibyte of lines at a time.
 * - A failed write does not affect the journal: the reason is reported, and the next rotation tries again.
 * - Space for one segment is left to the journal: with less, snapshots before the last two are removed, and if that is not
 *   enough, the write is not begun, or is abandoned and its file removed.
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

/** A snapshot with the Merkle tree at its sequence, which is known once the entries up to it are chained. */
export interface TreeSnapshot extends TakenSnapshot {
  readonly tree: MerkleFrontier;
}

/** The result of writing a snapshot. */
export interface SnapshotResult {
  readonly sequence: number;
  readonly problem: string | undefined;
}

export interface SnapshotKeeperOptions {
  readonly files: SnapshotFiles;
  /** The journal's chain hash. */
  readonly chain: ChainHash;
  /** Bytes of the journal between two rotations; a larger snapshot is not written at every rotation. */
  readonly segmentBytesMax: number;
  readonly onResult?: ((result: SnapshotResult) => void) | undefined;
}

export class SnapshotKeeper {
  readonly #options: SnapshotKeeperOptions;
  /** The newest snapshot that waits to be written, for its state entry to be durable or for another write to end. */
  #taken: (TakenSnapshot & Partial<TreeSnapshot>) | undefined;
  #writing: Promise<void> | undefined;
  #durable = 0;
  #isClosed = false;
  /** Rotations since the last written snapshot, and how many must pass before the next. */
  #rotations = 0;
  #rotationsBetween = 0;
  /** Size of the last written snapshot, as an estimate of the next. */
  #bytes = 0;

  constructor(options: SnapshotKeeperOptions) {
    this.#options = options;
  }

  /** Records that a snapshot was taken; the next ordered entry binds it. */
  took(snapshot: TakenSnapshot): void {
    this.#rotations += 1;
    if (this.#rotations >= this.#rotationsBetween) this.#taken = snapshot;
  }

  /**
   * Records that everything up to a sequence is durable. A segment ends with a batch, so the entry before a state entry is
   * reported on its own, and with it the tree that the snapshot holds.
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
   * Writes the newest taken snapshot, if it is small. A large one is left unfinished; the next start does without it.
   *
   * @returns false when the disk has not answered for 10 s, and may still complete its writes.
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

  /** Leaves the space that the journal may need for a segment. */
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

  /** Returns whether any snapshot was removed. */
  async #removeOld(keptMax: number): Promise<boolean> {
    const { files } = this.#options;
    const names = await files.list();
    const sequences = names.map(snapshotSequence).filter((sequence) => sequence !== undefined);
    const superfluous = superfluousSnapshots(sequences, keptMax);
    for (const sequence of superfluous) await files.remove(snapshotName(sequence));
    return superfluous.length > 0;
  }
}

/** Thrown when too little space is free. */
class NoSpace extends Error {}

/** The lines of a snapshot, each made when it is read. */
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
