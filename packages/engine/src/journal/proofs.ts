/**
 * The proofs that the writer adds to entries: the hash of each, and the digests of a decision. Each has a place by its
 * sequence; the place is reused once the entry was reported.
 * @module
 */
import { DIGEST_BYTES, PROOF_BYTES } from "./decision-record.ts";

/** Proofs of entries that were written together; valid until their waiters were called. */
export interface Proofs {
  /** The hash of an entry, in hexadecimal. */
  hashOf(sequence: number): string;
  /** Copies the proof of a decision: the hash of its entry, and the digests of request, decision and identity. */
  copy(sequence: number, target: Uint8Array, at: number): void;
}

export class ProofTable implements Proofs {
  /** The places, one after another. */
  readonly bytes: Buffer;
  readonly #count: number;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.#count = bytes.byteLength / PROOF_BYTES;
  }

  /** A table in memory of its own. */
  static ofSize(count: number): ProofTable {
    return new ProofTable(Buffer.allocUnsafe(count * PROOF_BYTES));
  }

  get size(): number {
    return this.#count;
  }

  /** The offset of an entry's hash. */
  hashAt(sequence: number): number {
    return (sequence % this.#count) * PROOF_BYTES;
  }

  /** The offset of a decision's digests: of its request, of the decision, of its identity. */
  digestsAt(sequence: number): number {
    return this.hashAt(sequence) + DIGEST_BYTES;
  }

  layHash({ sequence, hash }: { readonly sequence: number; readonly hash: string }): void {
    this.bytes.write(hash, this.hashAt(sequence), DIGEST_BYTES, "hex");
  }

  hashOf(sequence: number): string {
    const at = this.hashAt(sequence);
    return this.bytes.toString("hex", at, at + DIGEST_BYTES);
  }

  copy(sequence: number, target: Uint8Array, at: number): void {
    const from = this.hashAt(sequence);
    for (let index = 0; index < PROOF_BYTES; index++) target[at + index] = this.bytes[from + index] as number;
  }
}
