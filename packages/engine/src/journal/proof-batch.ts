/**
 * The digests of many decisions at once, four in the lanes of a vector. `record-proof.ts` lays out the hashed bytes, for one
 * decision as for many; `decisionDigests` of the kernel is the definition.
 * @module
 */
import { Sha256Lanes } from "@calybris/kernel";
import { DIGEST_BYTES, type Pages } from "./decision-record.ts";
import type { ProofTable } from "./proofs.ts";
import { MESSAGES, putDecisionMessage, putIdentityMessage, putRequestMessage } from "./record-proof.ts";

/** Number of decisions proven together. */
export const PROOF_BATCH_MAX = 128;
const STRIDE_BYTES = 128;

export class ProofBatch {
  readonly #proofs: ProofTable;
  readonly #request: Sha256Lanes = lanesOf(MESSAGES.request.tag);
  readonly #decision: Sha256Lanes = lanesOf(MESSAGES.decision.tag);
  readonly #identity: Sha256Lanes = lanesOf(MESSAGES.identity.tag);
  /** Offsets of the records, and of the places for their digests. */
  readonly #records: Int32Array = new Int32Array(PROOF_BATCH_MAX);
  readonly #places: Int32Array = new Int32Array(PROOF_BATCH_MAX);
  #count = 0;

  constructor(proofs: ProofTable) {
    this.#proofs = proofs;
  }

  get isFull(): boolean {
    return this.#count === PROOF_BATCH_MAX;
  }

  /** Adds the record of an entry; the batch must not be full. */
  add({ u8 }: Pages, record: number, sequence: number): void {
    const index = this.#count++;
    this.#records[index] = record;
    this.#places[index] = this.#proofs.digestsAt(sequence);
    putRequestMessage(u8, record, this.#request.messages, index * STRIDE_BYTES);
    putDecisionMessage(u8, record, this.#decision.messages, index * STRIDE_BYTES);
  }

  /** Writes the digests of all added records into the table of proofs. */
  prove({ u8 }: Pages): void {
    const count = this.#count;
    if (count === 0) return;
    this.#count = 0;
    const { bytes } = this.#proofs;
    this.#hash(this.#request, MESSAGES.request.bytes, count, 0);
    this.#hash(this.#decision, MESSAGES.decision.bytes, count, DIGEST_BYTES);
    const { messages } = this.#identity;
    for (let index = 0; index < count; index++) {
      const record = this.#records[index] as number;
      putIdentityMessage(u8, record, bytes, this.#places[index] as number, messages, index * STRIDE_BYTES);
    }
    this.#hash(this.#identity, MESSAGES.identity.bytes, count, 2 * DIGEST_BYTES);
  }

  #hash(lanes: Sha256Lanes, bytes: number, count: number, offset: number): void {
    lanes.digest({ count, bytes, stride: STRIDE_BYTES });
    const out = this.#proofs.bytes;
    const { digests } = lanes;
    for (let index = 0; index < count; index++) {
      const to = (this.#places[index] as number) + offset;
      const from = index * DIGEST_BYTES;
      for (let byte = 0; byte < DIGEST_BYTES; byte++) out[to + byte] = digests[from + byte] as number;
    }
  }
}

function lanesOf(tag: string): Sha256Lanes {
  const lanes = new Sha256Lanes({ capacity: PROOF_BATCH_MAX, strideMax: STRIDE_BYTES });
  const text = new TextEncoder().encode(tag);
  for (let index = 0; index < PROOF_BATCH_MAX; index++) lanes.messages.set(text, index * STRIDE_BYTES);
  return lanes;
}
