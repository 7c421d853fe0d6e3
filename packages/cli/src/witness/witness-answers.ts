/**
 * Answers requests of logs as a witness (C2SP tlog-witness). Requests of one log are handled one at a time: judge, persist,
 * sign.
 * @module
 */
import { nodeSha256, nodeVerifyEd25519 } from "@calybris/engine/internal";
import {
  CalybrisError,
  cosignNote,
  equalBytes,
  judgeWitnessRequest,
  openNote,
  parseWitnessRequest,
  type ReadWitnessRequest,
  type Signer,
  type SplitView,
  signatureLine,
  TREE_SIZE_MEDIA_TYPE,
  type VerifierKey,
} from "@calybris/kernel";
import type { WitnessStore } from "./witness-store.ts";

export interface WitnessOptions {
  readonly key: VerifierKey;
  readonly signer: Signer;
  /** Keys of the served logs; a log may have several. */
  readonly logKeys: readonly VerifierKey[];
  readonly store: WitnessStore;
  readonly nowSeconds: () => bigint;
  /** Called with two signed checkpoints of one log that have the same size and different roots. */
  readonly onConflict: (conflict: SplitView) => void;
}

export interface Answer {
  readonly status: number;
  readonly mediaType: string;
  readonly body: string;
}

export class Witness {
  readonly #options: WitnessOptions;
  /** The last request of each log. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(options: WitnessOptions) {
    this.#options = options;
  }

  async addCheckpoint(body: Uint8Array): Promise<Answer> {
    let request: ReadWitnessRequest;
    try {
      request = parseWitnessRequest(body);
    } catch (error) {
      if (error instanceof CalybrisError && error.code === "CAL_PROOF_MALFORMED") return text(400, error.message);
      throw error;
    }
    const { origin } = request.claimed;
    if (!this.#options.logKeys.some(({ name }) => name === origin)) return text(404, "the origin is unknown");
    const before = this.#turns.get(origin) ?? Promise.resolve();
    const turn = before.then(() => this.#judge(request));
    // The next request waits for this one, whether it succeeds or fails.
    this.#turns.set(
      origin,
      turn.catch(() => undefined),
    );
    return turn;
  }

  async #judge(request: ReadWitnessRequest): Promise<Answer> {
    const { store, key, signer, nowSeconds } = this.#options;
    const { origin } = request.claimed;
    const isSigned = await this.#isSigned(request);
    const judged = judgeWitnessRequest(request, store.stateOf(origin), isSigned, nodeSha256);
    if (judged.status === 409) {
      this.#conflict(request);
      return { status: 409, mediaType: TREE_SIZE_MEDIA_TYPE, body: `${judged.treeSize}\n` };
    }
    if (judged.status !== 200) return text(judged.status, judged.problem);
    store.keep(origin, request.checkpoint);
    const cosignature = await cosignNote(request.note.text, key.name, nowSeconds(), signer);
    return text(200, signatureLine(cosignature));
  }

  async #isSigned({ checkpoint, claimed }: ReadWitnessRequest): Promise<boolean> {
    const keys = this.#options.logKeys.filter(({ name }) => name === claimed.origin);
    try {
      await openNote(checkpoint, keys, nodeVerifyEd25519);
      return true;
    } catch (error) {
      if (error instanceof CalybrisError) return false;
      throw error;
    }
  }

  /**
   * Reports two signed roots of one size, which contradict each other. Other refusals may come from a log that is behind.
   */
  #conflict({ checkpoint, claimed }: ReadWitnessRequest): void {
    const { store, onConflict } = this.#options;
    const { treeSize, root } = store.stateOf(claimed.origin);
    const kept = store.noteOf(claimed.origin);
    if (kept !== undefined && treeSize === claimed.treeSize && !equalBytes(root, claimed.root))
      onConflict({ first: kept, second: checkpoint });
  }
}

function text(status: number, body: string): Answer {
  return { status, mediaType: "text/plain; charset=utf-8", body: body.endsWith("\n") ? body : `${body}\n` };
}
