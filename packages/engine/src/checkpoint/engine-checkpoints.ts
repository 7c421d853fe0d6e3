/**
 * Checkpoints of an engine: the newest one, its proofs, and signing on demand.
 * @module
 */
import { CalybrisError, parseNote } from "@calybris/kernel";
import type { BookedCheckpoint, CheckpointBook } from "../state/checkpoint-book.ts";
import type { CheckpointKeeper, CheckpointResult } from "./checkpoint-keeper.ts";
import type { NoteFiles } from "./note-files.ts";
import type { TreeProofs } from "./tree-proofs.ts";
import type { WitnessCollection, WitnessResult } from "./witness-collection.ts";

export interface CheckpointStatus {
  /** Whether a signer is configured. */
  readonly isSigning: boolean;
  /** Since the start. */
  readonly signedCount: number;
  readonly failedCount: number;
  /** The reason that the last attempt failed; `undefined` if it succeeded. */
  readonly problem: string | undefined;
  /** The witnesses of the newest checkpoint; `undefined` before they were asked, or if none are configured. */
  readonly witnesses: WitnessResult | undefined;
}

export interface EngineCheckpointsPorts {
  readonly book: CheckpointBook;
  readonly files: NoteFiles;
  readonly proofs: TreeProofs;
  /** Creates the keeper, if a signer is configured. */
  readonly keeper: (onResult: (result: CheckpointResult) => void) => CheckpointKeeper | undefined;
  readonly onResult: ((result: CheckpointResult) => void) | undefined;
  /** Creates the witness collection, if witnesses are configured. */
  readonly witnesses: (of: EngineCheckpoints) => WitnessCollection | undefined;
}

export class EngineCheckpoints {
  readonly #ports: EngineCheckpointsPorts;
  readonly #keeper: CheckpointKeeper | undefined;
  readonly #witnesses: WitnessCollection | undefined;
  #signedCount = 0;
  #failedCount = 0;
  #problem: string | undefined;

  constructor(ports: EngineCheckpointsPorts) {
    this.#ports = ports;
    this.#keeper = ports.keeper((result) => this.#took(result));
    this.#witnesses = ports.witnesses(this);
  }

  /**
   * Writes the file of the newest checkpoint if the last process did not, and asks the witnesses that have not signed it.
   */
  async start(): Promise<void> {
    await this.#keeper?.start();
    this.#witnesses?.begin();
  }

  /** Starts nothing more. */
  stop(): void {
    this.#keeper?.stop();
  }

  /** Resolves to whether all writes have ended. */
  async close(): Promise<boolean> {
    await this.#witnesses?.close();
    return (await this.#keeper?.close()) ?? true;
  }

  /** Receives the journal's progress; `undefined` without a signer. */
  get keeper(): CheckpointKeeper | undefined {
    return this.#keeper;
  }

  /** Proofs and tiles, from the tree hashes stored beside the journal. */
  get proofs(): TreeProofs {
    return this.#ports.proofs;
  }

  /** The newest note beside the journal, with all signatures added to it; `undefined` if none exists. */
  note(): Promise<string | undefined> {
    return this.#ports.files.newest();
  }

  /** The newest checkpoint with an entry; the entry may not be durable yet. */
  get latest(): BookedCheckpoint | undefined {
    return this.#ports.book.latest;
  }

  get status(): CheckpointStatus {
    const isSigning = this.#keeper !== undefined;
    const witnesses = this.#witnesses?.result;
    const counts = { signedCount: this.#signedCount, failedCount: this.#failedCount };
    return { isSigning, ...counts, problem: this.#problem, witnesses };
  }

  /**
   * Signs the tree of all durable entries now.
   *
   * @returns the checkpoint, once its entry and its files are durable.
   * @throws CalybrisError `CAL_CHECKPOINT_UNSIGNED` if no signer is configured, or the signer failed.
   */
  async sign(): Promise<BookedCheckpoint> {
    if (this.#keeper === undefined) throw unsigned("no signer is configured");
    try {
      return await this.#keeper.sign();
    } catch (cause) {
      if (cause instanceof CalybrisError) throw cause;
      throw unsigned(cause instanceof Error ? cause.message : String(cause), cause);
    }
  }

  /**
   * Stores the newest checkpoint with added witness signatures beside the journal. The entry is unchanged.
   *
   * @throws CalybrisError `CAL_PROOF_REJECTED` for a note of another checkpoint; `CAL_PROOF_MALFORMED`.
   */
  async replace(note: string): Promise<void> {
    const { latest } = this;
    if (latest === undefined || parseNote(note).text !== parseNote(latest.note).text)
      throw new CalybrisError("CAL_PROOF_REJECTED", {
        format: "checkpoint",
        problem: "is not the newest of this journal",
      });
    await this.#ports.files.keep(latest.checkpoint.treeSize, note);
  }

  #took(result: CheckpointResult): void {
    this.#problem = result.problem;
    if (result.problem === undefined) this.#signedCount += 1;
    else this.#failedCount += 1;
    this.#ports.onResult?.(result);
    if (result.problem === undefined) this.#witnesses?.begin();
  }
}

function unsigned(problem: string, cause?: unknown): CalybrisError {
  return new CalybrisError("CAL_CHECKPOINT_UNSIGNED", { problem }, { cause });
}
