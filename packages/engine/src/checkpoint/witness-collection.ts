/**
 * Collects witness signatures for each checkpoint that an engine signs.
 *
 *     checkpoint signed ─▶ witnesses asked ─▶ signatures verified ─▶ kept beside the journal ─▶ again, until all have signed
 *
 * Promises:
 * - No command and no checkpoint waits for a witness.
 * - Only the newest checkpoint is sent. A superseded one keeps the signatures that it has.
 * @module
 */
import { CalybrisError, parseNote } from "@calybris/kernel";
import type { LogSigner } from "./log-signer.ts";
import { type WitnessReply, collectCosignatures, type WitnessAddress } from "./cosignatures.ts";
import type { TreeProofs } from "./tree-proofs.ts";
import type { BookedCheckpoint } from "../state/checkpoint-book.ts";

export interface WitnessSettings {
  readonly list: readonly WitnessAddress[];
  /** Number of witnesses that must sign a checkpoint. */
  readonly quorum: number;
  /** Retry interval for witnesses that did not sign, seconds. Default 30. */
  readonly retrySeconds?: number | undefined;
}

/** The result of one round of asking the witnesses. */
export interface WitnessResult {
  readonly treeSize: number;
  /** Number of witnesses that signed the checkpoint. */
  readonly witnessCount: number;
  readonly quorum: number;
  /** The reasons that the others have not signed, or that none could be asked. */
  readonly problems: readonly string[];
}

export interface WitnessPorts {
  readonly latest: () => BookedCheckpoint | undefined;
  readonly note: () => Promise<string | undefined>;
  readonly proofs: TreeProofs;
  /** Stores the note of the newest checkpoint with added signatures. */
  readonly replace: (note: string) => Promise<void>;
  readonly onResult: ((result: WitnessResult) => void) | undefined;
}

const RETRY_SECONDS = 30;

export class WitnessCollection {
  readonly #ports: WitnessPorts;
  readonly #settings: WitnessSettings;
  readonly #signer: LogSigner;
  readonly #ended: AbortController = new AbortController();
  #asking: Promise<void> | undefined;
  /** True if a checkpoint was signed while witnesses were asked about an earlier one. */
  #isDue = false;
  #timer: NodeJS.Timeout | undefined;
  #newest: WitnessResult | undefined;

  constructor(ports: WitnessPorts, settings: WitnessSettings, signer: LogSigner) {
    this.#ports = ports;
    this.#settings = settings;
    this.#signer = signer;
  }

  /** The last result; `undefined` before the first. */
  get result(): WitnessResult | undefined {
    return this.#newest;
  }

  /** Asks the witnesses about the newest checkpoint, in the background. */
  begin(): void {
    if (this.#ended.signal.aborted) return;
    this.#isDue = true;
    clearTimeout(this.#timer);
    this.#asking ??= this.#askAll().finally(() => {
      this.#asking = undefined;
    });
  }

  /** Aborts pending requests. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#ended.abort();
    await this.#asking;
  }

  async #askAll(): Promise<void> {
    while (this.#isDue && !this.#ended.signal.aborted) {
      this.#isDue = false;
      const result = await this.#askOnce();
      if (result === undefined || this.#ended.signal.aborted) continue;
      this.#newest = result;
      this.#ports.onResult?.(result);
      if (result.problems.length > 0 && !this.#isDue) this.#later();
    }
  }

  /** `undefined` if a newer checkpoint was signed meanwhile. */
  async #askOnce(): Promise<WitnessResult | undefined> {
    const { latest, note: read, proofs, replace } = this.#ports;
    const of = latest();
    if (of === undefined) return undefined;
    const { list, quorum } = this.#settings;
    const treeSize = Number(of.checkpoint.treeSize);
    try {
      const kept = await read();
      const isNewest = kept !== undefined && parseNote(kept).text === parseNote(of.note).text;
      const { note, replies, witnessCount } = await collectCosignatures(isNewest ? kept : of.note, {
        witnesses: list,
        logs: [{ key: this.#signer.key }],
        consistency: (oldSize) => proofs.consistency(oldSize, of.checkpoint),
        signal: this.#ended.signal,
      });
      if (latest() !== of) return undefined;
      if (replies.some(({ signature }) => signature !== undefined)) await replace(note);
      return { treeSize, witnessCount, quorum, problems: replies.flatMap(problemOf) };
    } catch (error) {
      // The next attempt starts over; decisions do not depend on it.
      const problem = error instanceof CalybrisError ? error.message : String(error);
      return { treeSize, witnessCount: 0, quorum, problems: [problem] };
    }
  }

  #later(): void {
    this.#timer = setTimeout(() => this.begin(), (this.#settings.retrySeconds ?? RETRY_SECONDS) * 1_000);
    this.#timer.unref();
  }
}

function problemOf({ name, result, problem }: WitnessReply): readonly string[] {
  if (result === "signed" || result === "signed_before" || result === "no_url") return [];
  return [`${name}: ${problem === undefined ? result : `${result}, ${problem}`}`];
}
